#include "net/http-text.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

namespace postroom::net {

namespace {

int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space)
{
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            decoded += ' ';
        } else if (text[i] != '%') {
            decoded += text[i];
        } else {
            int const high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            int const low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            // Not quoted: it may be a code or a password.
            if (high < 0 || low < 0)
                return failure(Trouble::invalid, "there is a % that no two hexadecimal digits follow");
            decoded += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return decoded;
}

bool climbs(std::string_view path)
{
    for (auto const segment : split(path, '/'))
        if (segment == "..") return true;
    return false;
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const
{
    auto const found = headers.lower_bound(std::string(name));
    return found != headers.end() && found->first == name ? std::string_view(found->second) : std::string_view();
}

std::string address_of(HttpRequest const& request)
{
    auto const address = std::string_view(request.peer).substr(0, request.peer.rfind(':'));
    bool const from_here = address.starts_with("127.") || address == "::1" || address == "[::1]";
    auto const range = request.headers.equal_range("x-forwarded-for");
    if (!from_here || range.first == range.second) return std::string(address);
    auto const last = trim(split(std::prev(range.second)->second, ',').back());
    return last.empty() || last.size() > 45 ? std::string(address) : std::string(last);  // INET6_ADDRSTRLEN
}

std::optional<std::string_view> HttpRequest::parameter(std::string_view name) const
{
    auto const found = query.lower_bound(std::string(name));
    if (found == query.end() || found->first != name) return std::nullopt;
    return found->second;
}

std::optional<std::string_view> HttpRequest::cookie(std::string_view name) const
{
    auto const [first, last] = headers.equal_range("cookie");
    for (auto at = first; at != last; ++at)
        for (auto const pair : split(at->second, ';')) {
            auto const equals = pair.find('=');
            if (equals != std::string_view::npos && trim(pair.substr(0, equals)) == name)
                return trim(pair.substr(equals + 1));
        }
    return std::nullopt;
}

Result<std::multimap<std::string, std::string>> parse_form(std::string_view body)
{
    std::multimap<std::string, std::string> fields;
    if (body.empty()) return fields;
    for (auto const pair : split(body, '&')) {
        if (pair.empty()) continue;
        auto const equals = pair.find('=');
        auto name = percent_decode(pair.substr(0, equals), true);
        if (!name) return std::unexpected(name.error());
        auto value = percent_decode(equals == pair.npos ? std::string_view() : pair.substr(equals + 1), true);
        if (!value) return std::unexpected(value.error());
        fields.emplace(std::move(*name), std::move(*value));
    }
    return fields;
}

std::string percent_encode(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (char const c : text) {
        bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        auto const byte = static_cast<unsigned char>(c);
        if (plain)
            encoded += c;
        else
            (encoded += '%') += {digits[byte >> 4], digits[byte & 15]};
    }
    return encoded;
}

Result<void> read_target(std::string_view target, HttpRequest& into)
{
    // RFC 9112 section 3.2.2: a server takes the absolute form too.
    for (std::string_view const scheme : {"http://", "https://"})
        if (starts_ignoring_case(target, scheme)) {
            target.remove_prefix(scheme.size());
            target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
            if (target.empty()) target = "/";
            break;
        }
    auto const mark = target.find('?');
    auto path = percent_decode(target.substr(0, mark), false);
    if (!path) return std::unexpected(path.error());
    if (!path->starts_with('/')) return failure(Trouble::invalid, "the target must begin with /");
    for (char const c : *path)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            return failure(Trouble::invalid, "the path has a control character");
    if (climbs(*path)) return failure(Trouble::invalid, "the path has a .. in it");
    into.path = std::move(*path);
    if (mark == target.npos) return {};
    auto query = parse_form(target.substr(mark + 1));
    if (!query) return std::unexpected(query.error());
    into.query = std::move(*query);
    return {};
}

Result<std::string> response_head(HttpResponse const& response, std::optional<std::size_t> length, bool keep_alive)
{
    auto const reason = http::obsolete_reason(response.status);
    std::string head = fmt::format("HTTP/1.1 {} {}\r\n", static_cast<unsigned>(response.status),
                                   std::string_view(reason.data(), reason.size()));
    for (auto const& [name, value] : response.headers) {
        if (name.empty() || (name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
            return failure(Trouble::internal, "a response header holds a line break: " + printable(name, 64));
        head += name + ": " + value + "\r\n";
    }
    if (length) head += fmt::format("Content-Length: {}\r\n", *length);
    head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    return head;
}

}  // namespace postroom::net
