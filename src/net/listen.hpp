// Accepting connections, for the console and the lab.
#pragma once

#include "base/endpoint.hpp"
#include "net/tls.hpp"
#include "net/transport.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace postroom::net {

/// A connection that was accepted: the same reads and writes, and TLS as the server side of it.
class Accepted : public Transport {
public:
    /// Does the server's part of the handshake; for STARTTLS, and by the listener itself where `tls_at_once` is set.
    virtual awaitable<void> accept_tls() = 0;
    /// The peer's user id on a Unix socket (SO_PEERCRED); nothing on TCP.
    [[nodiscard]] virtual std::optional<std::uint32_t> peer_uid() const = 0;
};

struct UnixPath {
    std::string path;  ///< made with mode 0600; a stale one is replaced, one that answers is an error
};

struct Listen {
    std::variant<Endpoint, UnixPath> at;  ///< port 0 takes a free one
    std::shared_ptr<TlsContext> tls;      ///< none: plain
    bool tls_at_once = true;              ///< false: until accept_tls() (STARTTLS)
    std::size_t most_connections = 10'000;
};

/// Runs `serve` for every connection, each in its own coroutine, until stopped or destroyed. What `serve` throws ends
/// that connection only.
class Listener {
public:
    using Serve = std::function<awaitable<void>(std::unique_ptr<Accepted>)>;

    /// Errors: Trouble::conflict where the port is taken (naming it and, where the system tells, the process that has
    /// it), otherwise what the system said.
    [[nodiscard]] static Result<std::unique_ptr<Listener>> open(asio::any_io_executor executor, Listen where,
                                                                Serve serve);
    virtual ~Listener() = default;
    /// Accepts no more and closes what is open.
    virtual void stop() = 0;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
};

}  // namespace postroom::net
