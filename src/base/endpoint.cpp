#include "base/endpoint.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>

namespace postroom {

namespace {

// Underscores are in no host name by RFC 952, and in many a DNS.
bool in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
}

// An IPv6 address, with its zone after % (RFC 4007).
bool in_address(char c)
{
    return in_name(c) || c == ':' || c == '%';
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port)
{
    auto const wrong = [whole = text](std::string_view why) {
        return failure(Trouble::invalid, "\"" + printable(whole, 128) + "\" is not a server: " + std::string(why) +
                                             "; write host:port, for example localhost:1993");
    };
    std::string_view host = text;
    std::string_view port;
    bool has_port = false;
    bool const bracketed = text.starts_with('[');
    if (bracketed) {
        auto const close = text.find(']');
        if (close == std::string_view::npos) return wrong("the ] is missing");
        host = text.substr(1, close - 1);
        std::string_view const rest = text.substr(close + 1);
        if (!rest.empty() && rest.front() != ':') return wrong("only :port may follow the ]");
        has_port = !rest.empty();
        if (has_port) port = rest.substr(1);
    } else if (auto const colon = text.find(':'); colon != std::string_view::npos) {
        if (text.find(':', colon + 1) != std::string_view::npos)
            return wrong("an IPv6 address needs brackets, as in [::1]:993");
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        has_port = true;
    }
    if (host.empty()) return wrong("the host is missing");
    if (bracketed && host.find(':') == std::string_view::npos) return wrong("only an IPv6 address stands in brackets");
    if (!std::ranges::all_of(host, bracketed ? in_address : in_name))
        return wrong("the host has a character no host has (an international name is written as xn--…)");
    unsigned number = default_port;
    if (has_port) {
        auto const [stop, error] = std::from_chars(port.data(), port.data() + port.size(), number);
        if (port.empty() || error != std::errc{} || stop != port.data() + port.size() || number == 0 || number > 65535)
            return wrong("the port must be a number from 1 to 65535");
    }
    return Endpoint{std::string(host), static_cast<std::uint16_t>(number)};
}

std::string to_string(Endpoint const& endpoint)
{
    bool const v6 = endpoint.host.find(':') != std::string::npos;
    return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

}  // namespace postroom
