#include "net/proxy.hpp"

#include "base/text.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>

namespace postroom::net {

namespace {

constexpr std::size_t most_head_bytes = 16 * 1024;
constexpr std::string_view scheme = "http://";

bool is_loopback(std::string_view host)
{
    boost::system::error_code error;
    auto const address = boost::asio::ip::make_address(std::string(host), error);
    if (!error) return address.is_loopback();
    return equal_ignoring_case(host, "localhost") || to_lower(host).ends_with(".localhost");  // RFC 6761 section 6.3
}

bool matches(std::string_view host, std::string_view pattern)
{
    if (pattern == "*") return true;
    if (pattern.starts_with("*.")) pattern.remove_prefix(1);
    if (pattern.starts_with('.'))
        return host.size() > pattern.size() && equal_ignoring_case(host.substr(host.size() - pattern.size()), pattern);
    return equal_ignoring_case(host, pattern);
}

std::optional<std::string> decoded(std::string_view text)
{
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            plain += text[at];
            continue;
        }
        unsigned octet = 0;
        auto const digits = text.substr(at + 1, 2);
        auto const read = std::from_chars(digits.data(), digits.data() + digits.size(), octet, 16);
        if (digits.size() != 2 || read.ptr != digits.data() + 2) return std::nullopt;
        plain += static_cast<char>(octet);
        at += 2;
    }
    return plain;
}

}  // namespace

bool Proxy::leads_to(std::string_view host) const
{
    if (host.ends_with('.')) host.remove_suffix(1);
    return !is_loopback(host) &&
           std::ranges::none_of(direct, [&](std::string const& pattern) { return matches(host, pattern); });
}

Result<Proxy> parse_proxy(std::string_view url)
{
    auto const wrong = [] {
        return failure(Trouble::invalid,
                       tr("must look like \"{}\"; user and password are optional, and what is special in "
                          "a URL is written as %XX",
                          "http://user:password@proxy.example.com:3128"));
    };
    if (!starts_ignoring_case(url, scheme)) return wrong();
    url.remove_prefix(scheme.size());
    if (url.ends_with('/')) url.remove_suffix(1);
    Proxy proxy;
    if (auto const at = url.rfind('@'); at != url.npos) {
        auto const sign_in = url.substr(0, at);
        auto const colon = std::min(sign_in.find(':'), sign_in.size());
        auto user = decoded(sign_in.substr(0, colon));
        auto password = decoded(sign_in.substr(std::min(colon + 1, sign_in.size())));
        // RFC 7617 section 2.
        auto const control = [](unsigned char each) { return each < ' ' || each == 0x7f; };
        if (!user || !password || user->empty() || user->find(':') != user->npos) return wrong();
        if (std::ranges::any_of(*user, control) || std::ranges::any_of(*password, control)) return wrong();
        proxy.user = std::move(*user);
        proxy.password = Secret(std::move(*password));
        url.remove_prefix(at + 1);
    }
    auto const strange = [](unsigned char each) { return each <= ' ' || each == 0x7f || each == '/' || each == '?'; };
    if (url.empty() || std::ranges::any_of(url, strange)) return wrong();
    auto endpoint = parse_endpoint(url, 3128);
    if (!endpoint || endpoint->host.empty()) return wrong();
    proxy.at = std::move(*endpoint);
    return proxy;
}

Wire connect_request(Proxy const& proxy, Endpoint const& server)
{
    Wire wire;
    auto const authority = to_string(server);
    wire.text("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n");
    if (!proxy.user.empty()) {
        std::string both = proxy.user + ":";
        both += proxy.password.expose();
        Secret const encoded(to_base64(both));
        wipe(both);
        wire.text("Proxy-Authorization: Basic ").secret(encoded.expose()).text("\r\n");
    }
    wire.text("\r\n");
    return wire;
}

Result<std::optional<std::size_t>> read_connect_answer(std::string_view bytes, Proxy const& proxy,
                                                       Endpoint const& server)
{
    constexpr std::string_view begins = "HTTP/1.";
    if (!begins.starts_with(bytes.substr(0, begins.size())))
        return failure(
            Trouble::protocol,
            tr("what answers at {} is no HTTP proxy: it says \"{}\". Look at [net] proxy in the configuration",
               to_string(proxy.at), printable(bytes.substr(0, bytes.find_first_of("\r\n")), 100)));
    auto const end = bytes.find("\r\n\r\n");
    if (end > most_head_bytes) {  // or nowhere
        if (bytes.size() > most_head_bytes)
            return failure(Trouble::limit,
                           tr("the proxy {} answers with more than {} bytes and no end when it is asked for {}",
                              to_string(proxy.at), most_head_bytes, to_string(server)));
        return std::nullopt;
    }
    auto const line = bytes.substr(0, bytes.find("\r\n"));
    unsigned status = 0;
    auto const digits = line.substr(std::min(line.size(), begins.size() + 2), 3);
    auto const read = std::from_chars(digits.data(), digits.data() + digits.size(), status);
    if (digits.size() != 3 || read.ptr != digits.data() + 3)
        return failure(Trouble::protocol,
                       tr("the proxy {} answers what is no HTTP: \"{}\"", to_string(proxy.at), printable(line, 100)));
    if (status / 100 == 2) return end + 4;
    return std::unexpected(
        proxy_refusal(proxy, server, status, trim(line.substr(std::min(line.size(), begins.size() + 5)))));
}

Error proxy_refusal(Proxy const& proxy, Endpoint const& server, unsigned status, std::string_view reason)
{
    auto const at = to_string(proxy.at);
    auto const to = to_string(server);
    auto const said = std::to_string(status) + (reason.empty() ? "" : " " + printable(reason, 100));
    bool const sign_in = status == 407 || status == 401;  // tinyproxy says 401
    if (sign_in && proxy.user.empty())
        return {Trouble::unreachable,
                tr("the proxy {} wants a sign-in before it leads to {} ({}): give user and password "
                   "with [net] proxy and proxy-password-file in the configuration",
                   at, to, said)};
    if (sign_in)
        return {Trouble::unreachable,
                tr("the proxy {} refused the sign-in as {} ({}): look at user and password of [net] "
                   "proxy in the configuration. Basic is the only way to sign in that is tried",
                   at, proxy.user, said)};
    if (status >= 500)
        return {Trouble::unreachable, tr("the proxy {} can't reach {} itself ({}): look whether the name is right, and "
                                         "whether the proxy may leave the network on this port",
                                         at, to, said)};
    if (status >= 400 && status < 500)
        return {Trouble::unreachable,
                tr("the proxy {} does not lead to {} ({}): have its administrator allow CONNECT to "
                   "this server and port",
                   at, to, said)};
    return {Trouble::unreachable, tr("the proxy {} does not lead to {}: it answers {}", at, to, said)};
}

}  // namespace postroom::net
