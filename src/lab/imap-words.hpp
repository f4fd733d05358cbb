// A cursor over one IMAP command, literals included (RFC 3501 section 9). Written for the lab alone: a misreading here
// must not be the client's misreading too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroom::lab {

/// Ranges of numbers, low first; "*" is the largest number.
using SequenceSet = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
inline constexpr std::uint32_t star = 0xFFFF'FFFF;

class Words {
public:
    explicit Words(std::string_view command) : rest_(command) {}

    bool space();
    bool open();
    bool close();
    [[nodiscard]] bool done() const { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const { return rest_; }

    /// Letters up to a space, parenthesis or bracket; "\", "%" and "*" included. Empty where there is none.
    std::string_view atom();
    /// Atom, quoted string or literal.
    std::optional<std::string> astring();
    std::optional<std::uint32_t> number();
    std::optional<SequenceSet> sequence_set();
    /// What stands in [ … ], brackets not included.
    std::optional<std::string_view> bracketed();

private:
    std::string_view until(bool (*ends)(char));
    std::optional<std::string> quoted();
    std::optional<std::string> literal();

    std::string_view rest_;
};

/// As a client may write it: quoted, with \ before " and \.
[[nodiscard]] std::string quote(std::string_view text);
/// NIL where there is nothing; a literal where a quoted string can't hold it.
[[nodiscard]] std::string nstring(std::optional<std::string> const& text);

}  // namespace postroom::lab
