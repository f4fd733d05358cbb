// A command on its way to an IMAP server (RFC 3501 section 6): quoted strings where they do, literals where they must,
// secrets marked.
#pragma once

#include "base/wire.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace postroom::imap {

/// Command("SELECT").string(name). Without the tag, which Session adds.
class Command {
public:
    /// `words` are ours, and are sent as they are.
    explicit Command(std::string_view words);

    /// A blank, then words of ours as they are.
    Command& word(std::string_view words);
    /// A blank, then `bytes` quoted; as a literal where they have 8-bit bytes, CR, LF or NUL.
    Command& string(std::string_view bytes);
    /// A blank, then `bytes` as they are, never to be shown.
    Command& secret(std::string_view bytes);
    /// As string(), never to be shown.
    Command& secret_string(std::string_view bytes);

    /// A closing bracket, without a blank.
    Command& close_bracket();

    /// What is sent, in parts: after each but the last the server's "+" is to be waited for. Literals of at most
    /// `unwaited` bytes are not waited for (RFC 7888: SIZE_MAX for LITERAL+, 4,096 for LITERAL-, 0 without). CRLF
    /// included.
    [[nodiscard]] std::vector<Wire> encode(std::string_view tag, std::size_t unwaited) const;

private:
    std::vector<Wire> parts_;                 // each but the first begins with a literal's bytes
    std::vector<std::size_t> literal_sizes_;  // of those
};

/// FLAGS as STORE and APPEND take them: `(\Seen \Deleted)`. What is no flag is left out.
[[nodiscard]] std::string flags_in_brackets(std::vector<std::string> const& flags);

}  // namespace postroom::imap
