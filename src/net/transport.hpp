// A session's only way out. net/stream.hpp is the real one; test/support/script.hpp replays a dialogue.
#pragma once

#include "base/clock.hpp"
#include "base/wire.hpp"
#include "net/broken.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace postroom::net {

namespace asio = boost::asio;
template <class T>
using awaitable = asio::awaitable<T>;

/// How Transport::wait() ended.
enum class Woken { readable, timeout, nudged };

class Transport {
public:
    virtual ~Transport() = default;

    /// Appends what has arrived, at least one byte, at most 64 KiB. False: the peer closed in an orderly way.
    /// No buffer is held while nothing arrives. Throws Broken.
    virtual awaitable<bool> read_more(std::string& into) = 0;

    /// Returns when the bytes are with the system. Throws Broken.
    virtual awaitable<void> write(Wire const& wire) = 0;

    /// Turns a plain connection into TLS, as a client, verifying the peer's name. Throws Broken (Trouble::tls).
    virtual awaitable<void> start_tls() = 0;

    /// Whatever is not done within `limit` from now ends the connection, and the operation that waits throws Broken
    /// (Trouble::timed_out). One timer a connection: a later call replaces an earlier one.
    virtual void expire_after(Duration limit) = 0;

    /// Waits until bytes can be read, `limit` has passed, or somebody called nudge(). Does not end the connection, and
    /// is not subject to expire_after(). For IDLE.
    virtual awaitable<Woken> wait(Duration limit) = 0;
    /// Wakes wait() from the connection's own thread; kept until the next wait() where none is under way.
    virtual void nudge() = 0;

    /// Ends it at once; whatever waits throws Broken (Trouble::closed). Safe to call twice.
    virtual void close() noexcept = 0;

    /// "sales@contoso.com outlook.office365.com:993" or the like, for logs and errors.
    [[nodiscard]] virtual std::string const& peer() const = 0;
};

}  // namespace postroom::net
