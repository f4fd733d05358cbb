// Whom a mail is from and for, and the command lines that say so (RFC 5321 section 4.1, with SIZE, 8BITMIME, SMTPUTF8
// and DSN). What could break out of a command line is refused here.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::smtp {

/// RFC 3461.
struct Notify {
    bool success = false;
    bool failure = false;
    bool delay = false;
};

struct Recipient {
    std::string address;             ///< local@domain, without brackets
    std::optional<Notify> notify{};  ///< all false: NEVER. Left out where the server has no DSN
    std::string original{};          ///< ORCPT, as an rfc822 address; empty: none
};

struct Envelope {
    enum class Return { unsaid, headers, full };

    std::string from;  ///< empty: the null sender
    std::vector<Recipient> to;
    std::uint64_t size = 0;  ///< of the message, in bytes; 0: not told
    bool eight_bit = false;  ///< the message has bytes above 127
    bool utf8 = false;       ///< its headers or addresses do (SMTPUTF8)
    Return give_back = Return::unsaid;
    std::string id{};  ///< ENVID; empty: none
};

/// What EHLO told, as far as it matters.
struct Extensions {
    bool esmtp = false;  ///< EHLO was accepted
    bool pipelining = false;
    bool eight_bit_mime = false;
    bool smtputf8 = false;
    bool dsn = false;
    bool starttls = false;
    bool enhanced_codes = false;
    bool chunking = false;
    std::optional<std::uint64_t> size{};  ///< 0 or no number: told without a limit
    std::vector<std::string> auth{};      ///< mechanisms, upper case

    [[nodiscard]] bool has_auth(std::string_view mechanism) const;
    friend bool operator==(Extensions const&, Extensions const&) = default;
};
/// `lines` as in the reply to EHLO: the first is the server's name.
[[nodiscard]] Extensions parse_extensions(std::vector<std::string> const& lines);

/// Nothing where `address` may stand between < and >. Errors: Trouble::invalid, saying what is wrong: no domain,
/// control characters, blanks, brackets, longer than 254 bytes, beyond ASCII without SMTPUTF8.
[[nodiscard]] Result<void> check_address(std::string_view address, bool utf8);

/// With CRLF. Errors: Trouble::invalid (addresses; 8-bit or UTF-8 that the server does not take), Trouble::limit
/// (SIZE).
[[nodiscard]] Result<std::string> mail_from(Envelope const& envelope, Extensions const& server);
[[nodiscard]] Result<std::string> rcpt_to(Recipient const& recipient, Envelope const& envelope,
                                          Extensions const& server);

}  // namespace postroom::smtp
