// An HTTP proxy that stands between Postroom and everybody else: what is encrypted goes through it by CONNECT (RFC 9110
// section 9.3.6), and it resolves the names.
#pragma once

#include "base/endpoint.hpp"
#include "base/secret.hpp"
#include "base/wire.hpp"
#include "net/broken.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::net {

struct Proxy {
    Endpoint at;
    std::string user;  ///< or "", for a proxy that asks for none
    Secret password;
    /// What is reached directly: names, ".example.com" for all names below, addresses, "*" for everything.
    std::vector<std::string> direct;

    /// False for loopback, whatever it is called, and for what is to be reached directly.
    [[nodiscard]] bool leads_to(std::string_view host) const;
};

/// "http://user:password@proxy.example.com:3128". Errors: Trouble::invalid, with what would be right and never with the
/// password.
[[nodiscard]] Result<Proxy> parse_proxy(std::string_view url);

/// The request that asks for a way to `server`, with what signs in marked as secret.
[[nodiscard]] Wire connect_request(Proxy const& proxy, Endpoint const& server);

/// What the proxy said: the number of bytes of its head, once that is whole, after a 2xx; nothing while it is not
/// whole. Errors: the refusal.
[[nodiscard]] Result<std::optional<std::size_t>> read_connect_answer(std::string_view bytes, Proxy const& proxy,
                                                                     Endpoint const& server);

/// Why there is no way to `server`, with what to do; `reason` is what the proxy said, or "".
[[nodiscard]] Error proxy_refusal(Proxy const& proxy, Endpoint const& server, unsigned status, std::string_view reason);

}  // namespace postroom::net
