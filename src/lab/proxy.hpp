// The lab as an HTTP proxy (CONNECT, RFC 9110 section 9.3.6): whatever host is asked for, the lab is there, so that a
// client which keeps Microsoft's own host names can be led here, and a proxy can stand in the way.
#pragma once

#include "lab/state.hpp"
#include "net/listen.hpp"

#include <map>

namespace postroom::net {
class Resolver;
}

namespace postroom::lab {

struct ProxyPorts {
    std::shared_ptr<net::Resolver> resolver;
    /// Which port here stands for which: Microsoft's (443, 587, 993, 995), and the lab's own for themselves.
    std::map<std::uint16_t, Endpoint> ways;
};

[[nodiscard]] net::awaitable<void> serve_proxy(SharedState state, std::shared_ptr<ProxyPorts const> ports,
                                               std::unique_ptr<net::Accepted> connection);

}  // namespace postroom::lab
