// Mails as the lab keeps them: their bytes, unchanged, in folders that count UIDs as RFC 3501 section 2.3.1.1 asks.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::lab {

using Body = std::shared_ptr<std::string const>;

/// Counts the bytes of all mails that anybody still holds, so that nobody can fill the machine's memory.
class Bodies {
public:
    explicit Bodies(std::size_t most) : most_(most) {}
    /// Errors: Trouble::limit where all mails together would take more than the bound.
    [[nodiscard]] Result<Body> keep(std::string raw);
    [[nodiscard]] std::size_t used() const { return *used_; }

private:
    std::size_t most_;
    std::shared_ptr<std::size_t> used_ = std::make_shared<std::size_t>(0);
};

/// The flags that Exchange Online keeps; there are no keywords of the user's own.
namespace flag {
inline constexpr std::uint8_t seen = 1, answered = 2, flagged = 4, deleted = 8, draft = 16, mdn_sent = 32;
}
/// "\Seen \Flagged". `bits` are those above.
[[nodiscard]] std::string flags_to_text(std::uint8_t bits);
/// Nothing for a flag that Exchange does not keep.
[[nodiscard]] std::optional<std::uint8_t> flag_from_text(std::string_view word);

struct Message {
    std::uint32_t uid = 0;
    std::uint8_t flags = 0;
    std::uint64_t changed = 0;  ///< Folder::changes when its flags changed last
    Instant internal_date{};
    Body raw;
};

struct Folder {
    std::string name;        ///< with "/" between levels, in modified UTF-7
    bool holds_mail = true;  ///< false: Calendar, Contacts and their like
    std::uint32_t uid_validity = 1;
    std::uint32_t uid_next = 1;
    std::uint64_t changes = 0;      ///< grows with every change of flags
    std::uint64_t removals = 0;     ///< grows with every removal
    std::vector<Message> messages;  ///< by UID, ascending

    Message& append(Body raw, Instant internal_date, std::uint8_t flags);
    /// Nullptr where it is gone.
    [[nodiscard]] Message* find(std::uint32_t uid);
    void remove(std::uint32_t uid);
    void set_flags(Message& message, std::uint8_t flags);
};

/// The header with its empty line, and what follows it.
[[nodiscard]] std::string_view header_of(std::string_view raw);
[[nodiscard]] std::string_view text_of(std::string_view raw);
/// The first field of that name, unfolded and trimmed.
[[nodiscard]] std::optional<std::string> field(std::string_view raw, std::string_view name);
/// The lines of the fields that `names` lists (or, with `except`, of all others), and an empty line.
[[nodiscard]] std::string fields(std::string_view header, std::vector<std::string> const& names, bool except);
/// The addr-spec of each mailbox in an address header, quoted strings and comments skipped.
[[nodiscard]] std::vector<std::string> addresses(std::string_view value);
/// Every line end becomes CRLF, as mail on the wire has it.
[[nodiscard]] std::string with_crlf(std::string_view text);

}  // namespace postroom::lab
