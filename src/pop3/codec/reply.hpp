// What a POP3 server says (RFC 1939 section 3): a line that begins with +OK, -ERR or, within AUTH, "+ " (RFC 5034).
// What follows an +OK on lines of its own is codec/multi-line.hpp's affair.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postroom::pop3 {

struct Reply {
    enum class Status { ok, error, challenge };

    Status status = Status::error;
    std::string code{};  ///< RFC 2449 section 8, upper case, without brackets: "IN-USE", "SYS/TEMP", "AUTH"
    std::string text{};  ///< what follows, the code left out; a challenge's base64

    [[nodiscard]] bool ok() const { return status == Status::ok; }
    /// A refusal that by its own words is of the server's state now, not of what was asked for: SYS/TEMP (RFC 3206),
    /// IN-USE (RFC 2449), or Exchange's "Server Unavailable".
    [[nodiscard]] bool passes() const;
    /// "-ERR [IN-USE] Mailbox locked", printable: the server's own words.
    [[nodiscard]] std::string words() const;

    friend bool operator==(Reply const&, Reply const&) = default;
};

/// `line` without its line end. Errors: Trouble::protocol.
[[nodiscard]] Result<Reply> parse_reply(std::string_view line);

/// Takes the first line, without its end (CRLF, or a bare LF), from the front of `buffer`; nothing where it is not
/// whole yet. Errors: Trouble::limit above `most` octets.
[[nodiscard]] Result<std::optional<std::string>> take_line(std::string& buffer, std::size_t most = 4'096);

/// A line of UIDL's or LIST's answer: a message number, from 1, and what is said of it.
struct Listed {
    std::uint32_t number = 0;
    std::string said{};  ///< UIDL: the unique id; LIST: the size

    friend bool operator==(Listed const&, Listed const&) = default;
};
/// Nothing where it is none: no number, or an id that is empty or longer than 255 octets or has blanks or control
/// characters in it. (RFC 1939 allows 70; servers that give more are read too.)
[[nodiscard]] std::optional<Listed> parse_listed(std::string_view line);

}  // namespace postroom::pop3
