// A connection over a socket, TCP or Unix, plain or TLS, from either end: what dial() returns and a Listener hands out.
//
// TLS runs over socket readiness and not over asio::ssl::stream, whose two 17 KiB buffers a connection stay for as long
// as it idles (docs/adr/0003-own-tls-stream.md). One timer a connection. At most one reader and one writer at a time,
// all on the thread of the executor.
#pragma once

#include "net/listen.hpp"
#include "net/tls-session.hpp"
#include "net/transcript.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace postroom::net {

/// The socket with its timer. The timer and a listener that stops hold it weakly, the stream holds it.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    using Socket = asio::generic::stream_protocol::socket;

    Connection(Socket socket, std::string peer);

    /// Closes the socket; whoever waits, and whoever comes after, throws Broken with this reason. The first reason
    /// stays.
    void end(Trouble kind, std::string why) noexcept;
    /// Throws Broken where end() was called.
    void check() const;

    void expire_after(Duration limit);
    /// From here until resume() the deadline stands still, and `limit` wakes instead.
    void pause(Duration limit);
    void resume();
    void nudge();

    Socket socket;
    std::string const peer;
    std::optional<Woken> woken;  // why wait() was woken, when it was not by the socket
    bool nudged = false;         // while nobody waited

private:
    using Steady = std::chrono::steady_clock;
    void arm(Steady::time_point at);
    void on_timer();
    void wake(Woken how);

    asio::steady_timer timer_;
    Steady::time_point armed_ = Steady::time_point::max();
    Steady::time_point deadline_ = Steady::time_point::max();
    Steady::time_point paused_at_;
    Steady::time_point wake_at_;
    Duration limit_{0};
    bool paused_ = false;
    std::optional<Broken> broken_;
};

class Stream final : public Accepted {
public:
    /// `name` is what the server's certificate must name; a server's side leaves it empty. `tls` may be none for a
    /// connection that stays plain, `transcript` too.
    Stream(Connection::Socket socket, Side side, std::string peer, std::string name, std::shared_ptr<TlsContext> tls,
           std::shared_ptr<Transcript> transcript);
    ~Stream() override;

    awaitable<bool> read_more(std::string& into) override;
    awaitable<void> write(Wire const& wire) override;
    awaitable<void> start_tls() override;
    awaitable<void> accept_tls() override;
    void expire_after(Duration limit) override;
    awaitable<Woken> wait(Duration limit) override;
    void nudge() override;
    /// What was read too far is read again. Only while the connection is plain.
    void put_back(std::string bytes) { ahead_ = std::move(bytes); }
    void close() noexcept override;
    [[nodiscard]] std::string const& peer() const override { return connection_->peer; }
    [[nodiscard]] std::optional<std::uint32_t> peer_uid() const override;

    [[nodiscard]] bool is_tls() const { return tls_session_ != nullptr; }
    /// Of its TLS, nullptr while it is plain.
    [[nodiscard]] TlsSession const* tls() const { return tls_session_.get(); }
    [[nodiscard]] std::weak_ptr<Connection> connection() const { return connection_; }

private:
    awaitable<void> handshake(Side side);
    awaitable<void> until(Step step);
    [[nodiscard]] Step try_read(std::string& into);
    [[nodiscard]] Step try_write(std::string_view bytes, std::size_t& put);

    std::shared_ptr<Connection> connection_;
    std::shared_ptr<TlsContext> tls_;
    std::unique_ptr<TlsSession> tls_session_;
    std::shared_ptr<Transcript> transcript_;
    std::string name_;
    std::string ahead_;
    Side side_;
    unsigned reads_at_once_ = 0;
};

}  // namespace postroom::net
