// Names to addresses, by c-ares on the event loop: one dead name stalls nobody else (Asio's resolver has one thread
// for all). Answers are kept for their TTL, at most five minutes; failures for five seconds.
#pragma once

#include "base/clock.hpp"
#include "net/stop.hpp"
#include "net/transport.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>

#include <memory>
#include <string>
#include <vector>

namespace postroom::net {

class Resolver {
public:
    /// `servers`, as "address:port", are asked instead of those in /etc/resolv.conf; for tests.
    explicit Resolver(asio::any_io_executor executor, std::vector<std::string> const& servers = {});
    ~Resolver();

    /// IPv6 and IPv4 in turn (RFC 8305 section 4); literal addresses and /etc/hosts included; never empty.
    /// Throws Broken: unreachable, naming the host and what the resolver said; timed_out after `limit`; closed at
    /// the stop, of which there may be none.
    [[nodiscard]] awaitable<std::vector<asio::ip::address>> resolve(std::string host, Duration limit,
                                                                    std::shared_ptr<Stop> stop = {});

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace postroom::net
