#include "smtp/codec/envelope.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>

namespace postroom::smtp {

namespace {

constexpr std::size_t longest_address = 254;  // RFC 5321 section 4.5.3.1.3, less the brackets
constexpr std::size_t longest_id = 100;       // RFC 3461 section 4.4

bool is_beyond_ascii(char c)
{
    return static_cast<unsigned char>(c) >= 0x80;
}

Error unfit(std::string_view address, std::string_view why)
{
    return {Trouble::invalid, "the address \"" + printable(address, 120) + "\" can't be used: " + std::string(why)};
}

// RFC 3461 section 4: xtext, with "+" and "=" and all that is no visible ASCII as +XX.
std::string xtext(std::string_view text)
{
    std::string out;
    for (char const c : text) {
        if (c > ' ' && c < 0x7f && c != '+' && c != '=')
            out += c;
        else
            out += '+' + to_upper(to_hex({&c, 1}));
    }
    return out;
}

Result<void> check_path(std::string_view address, Envelope const& envelope, Extensions const& server)
{
    if (envelope.utf8 && !server.smtputf8)
        return failure(Trouble::invalid, "the message needs SMTPUTF8, which the server does not offer");
    return check_address(address, envelope.utf8);
}

}  // namespace

bool Extensions::has_auth(std::string_view mechanism) const
{
    return std::ranges::any_of(auth, [&](auto const& name) { return equal_ignoring_case(name, mechanism); });
}

Extensions parse_extensions(std::vector<std::string> const& lines)
{
    Extensions told{.esmtp = true};
    for (std::size_t i = 1; i < lines.size(); ++i) {
        // "AUTH=LOGIN" is how servers said it before RFC 2554; some still say both.
        auto line = lines[i];
        if (starts_ignoring_case(line, "AUTH=")) line[4] = ' ';
        auto const words = split(trim(line), ' ');
        auto const keyword = to_upper(words.front());
        if (keyword == "PIPELINING") told.pipelining = true;
        if (keyword == "8BITMIME") told.eight_bit_mime = true;
        if (keyword == "SMTPUTF8") told.smtputf8 = true;
        if (keyword == "DSN") told.dsn = true;
        if (keyword == "STARTTLS") told.starttls = true;
        if (keyword == "ENHANCEDSTATUSCODES") told.enhanced_codes = true;
        if (keyword == "CHUNKING") told.chunking = true;
        if (keyword == "SIZE") {
            std::uint64_t size = 0;
            if (words.size() > 1) std::from_chars(words[1].data(), words[1].data() + words[1].size(), size);
            told.size = size;
        }
        if (keyword == "AUTH") {
            for (std::size_t w = 1; w < words.size(); ++w) {
                if (!words[w].empty() && !told.has_auth(words[w])) told.auth.push_back(to_upper(words[w]));
            }
        }
    }
    return told;
}

Result<void> check_address(std::string_view address, bool utf8)
{
    auto const wrong = [&](std::string_view why) { return std::unexpected(unfit(address, why)); };
    if (address.empty()) return wrong("it is empty");
    if (address.size() > longest_address) return wrong("it is longer than 254 bytes");
    bool const forbidden = std::ranges::any_of(address, [](char c) {
        return (!is_beyond_ascii(c) && c <= ' ') || c == 0x7f || c == '<' || c == '>' || c == '\\' || c == '"';
    });
    if (forbidden) return wrong("it has a blank, a control character, a quote, a backslash, < or >");
    if (std::ranges::any_of(address, is_beyond_ascii)) {
        if (!utf8) return wrong("it has letters beyond ASCII, which needs SMTPUTF8");
        if (to_valid_utf8(address) != address) return wrong("it is not UTF-8");
    }
    auto const at = address.rfind('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == address.size())
        return wrong("it is not of the form name@domain");
    return {};
}

Result<std::string> mail_from(Envelope const& envelope, Extensions const& server)
{
    if (!envelope.from.empty()) {
        if (auto good = check_path(envelope.from, envelope, server); !good) return std::unexpected(good.error());
    }
    if (envelope.eight_bit && !server.eight_bit_mime)
        return failure(Trouble::invalid, "the message has 8-bit content, and the server does not offer 8BITMIME");
    if (envelope.utf8 && !server.smtputf8)
        return failure(Trouble::invalid, "the message needs SMTPUTF8, which the server does not offer");
    if (server.size && *server.size > 0 && envelope.size > *server.size)
        return failure(Trouble::limit, "the message has " + std::to_string(envelope.size) +
                                           " bytes; the server takes at most " + std::to_string(*server.size));

    std::string line = "MAIL FROM:<" + envelope.from + '>';
    if (server.size && envelope.size > 0) line += " SIZE=" + std::to_string(envelope.size);
    if (envelope.eight_bit) line += " BODY=8BITMIME";
    if (envelope.utf8) line += " SMTPUTF8";
    if (server.dsn) {
        if (envelope.give_back == Envelope::Return::headers) line += " RET=HDRS";
        if (envelope.give_back == Envelope::Return::full) line += " RET=FULL";
        auto const id = xtext(envelope.id);
        if (!id.empty() && id.size() <= longest_id) line += " ENVID=" + id;
    }
    return line + "\r\n";
}

Result<std::string> rcpt_to(Recipient const& recipient, Envelope const& envelope, Extensions const& server)
{
    if (auto good = check_path(recipient.address, envelope, server); !good) return std::unexpected(good.error());
    std::string line = "RCPT TO:<" + recipient.address + '>';
    if (server.dsn) {
        if (recipient.notify) {
            std::string when;
            if (recipient.notify->success) when += ",SUCCESS";
            if (recipient.notify->failure) when += ",FAILURE";
            if (recipient.notify->delay) when += ",DELAY";
            line += " NOTIFY=" + (when.empty() ? "NEVER" : when.substr(1));
        }
        if (!recipient.original.empty()) line += " ORCPT=rfc822;" + xtext(recipient.original);
    }
    return line + "\r\n";
}

}  // namespace postroom::smtp
