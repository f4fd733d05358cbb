// Opening a connection: names, happy eyeballs (RFC 8305), a proxy's CONNECT, TLS where it begins with TLS.
#pragma once

#include "base/clock.hpp"
#include "base/endpoint.hpp"
#include "net/proxy.hpp"
#include "net/resolver.hpp"
#include "net/stop.hpp"
#include "net/tls.hpp"
#include "net/transcript.hpp"
#include "net/transport.hpp"

#include <memory>

namespace postroom::net {

enum class Security {
    implicit_tls,  ///< TLS from the first byte: 993, 995, 465
    starttls,      ///< plain until Transport::start_tls(): 587
    none,          ///< for the tests' own servers on loopback; never for mail
};

struct Dial {
    Endpoint server;
    Security security = Security::implicit_tls;
    std::shared_ptr<TlsContext> tls;
    Duration limit{30'000};                  ///< for everything until the transport is returned, and its first deadline
    std::shared_ptr<Transcript> transcript;  ///< or none
    std::shared_ptr<Proxy const> proxy;  ///< or none; where it leads to the server, that one's name is the proxy's to
                                         ///< resolve
    std::shared_ptr<Stop> stop;          ///< or none
};

/// TCP_NODELAY and keep-alive are on. Throws Broken: unreachable (every address that was tried, with its reason),
/// timed_out, limit and protocol (what a proxy answers), tls (which name or which certificate of the chain did not
/// verify, and why), closed (also where the stop came).
[[nodiscard]] awaitable<std::unique_ptr<Transport>> dial(Resolver& resolver, Dial how);

}  // namespace postroom::net
