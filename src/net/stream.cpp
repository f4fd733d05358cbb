#include "net/stream.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <cerrno>
#include <cstring>

namespace postroom::net {

namespace {

constexpr std::size_t read_at_most = 64 * 1024;
// A peer that always has something ready may not keep the loop from everybody else.
constexpr unsigned most_reads_at_once = 16;

}  // namespace

Connection::Connection(Socket its_socket, std::string its_peer)
    : socket(std::move(its_socket)), peer(std::move(its_peer)), timer_(socket.get_executor())
{
}

void Connection::end(Trouble kind, std::string why) noexcept
{
    if (!broken_) broken_.emplace(kind, why);
    boost::system::error_code ignored;
    socket.close(ignored);
    timer_.cancel();
}

void Connection::check() const
{
    if (broken_) throw Broken(*broken_);
}

void Connection::expire_after(Duration limit)
{
    limit_ = limit;
    auto const now = Steady::now();
    deadline_ = now + limit;
    if (paused_)
        paused_at_ = now;
    else
        arm(deadline_);
}

void Connection::pause(Duration limit)
{
    paused_ = true;
    paused_at_ = Steady::now();
    wake_at_ = paused_at_ + limit;
    woken.reset();
    arm(wake_at_);
}

void Connection::resume()
{
    paused_ = false;
    if (deadline_ == Steady::time_point::max()) return;
    deadline_ += Steady::now() - paused_at_;
    arm(deadline_);
}

void Connection::nudge()
{
    if (paused_)
        wake(Woken::nudged);
    else
        nudged = true;
}

// A deadline is moved far more often than it passes: a timer that fires too early is set again, not at every move.
void Connection::arm(Steady::time_point at)
{
    if (armed_ <= at || broken_) return;
    armed_ = at;
    timer_.expires_at(at);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        if (error) return;
        if (auto const self = weak.lock()) self->on_timer();
    });
}

void Connection::on_timer()
{
    armed_ = Steady::time_point::max();
    auto const due = paused_ ? wake_at_ : deadline_;
    if (due == Steady::time_point::max()) return;
    if (due > Steady::now())
        arm(due);
    else if (paused_)
        wake(Woken::timeout);
    else
        end(Trouble::timed_out,
            fmt::format("{} did not answer within {:g} s", peer, static_cast<double>(limit_.count()) / 1000));
}

void Connection::wake(Woken how)
{
    if (!woken) woken = how;
    boost::system::error_code ignored;
    socket.cancel(ignored);
}

Stream::Stream(Connection::Socket socket, Side side, std::string peer, std::string name,
               std::shared_ptr<TlsContext> tls, std::shared_ptr<Transcript> transcript)
    : connection_(std::make_shared<Connection>(std::move(socket), std::move(peer))),
      tls_(std::move(tls)),
      transcript_(std::move(transcript)),
      name_(std::move(name)),
      side_(side)
{
    connection_->socket.non_blocking(true);
}

Stream::~Stream()
{
    close();
}

awaitable<bool> Stream::read_more(std::string& into)
{
    if (!ahead_.empty()) {
        connection_->check();
        into += std::exchange(ahead_, {});
        co_return true;
    }
    if (reads_at_once_ >= most_reads_at_once) {
        reads_at_once_ = 0;
        co_await asio::post(connection_->socket.get_executor(), asio::use_awaitable);
    }
    for (;;) {
        connection_->check();
        auto const step = try_read(into);
        if (step == Step::done) {
            ++reads_at_once_;
            co_return true;
        }
        if (step == Step::closed) {
            if (transcript_) transcript_->note("closed by the other side");
            co_return false;
        }
        reads_at_once_ = 0;
        co_await until(step);
    }
}

awaitable<void> Stream::write(Wire const& wire)
{
    connection_->check();
    if (transcript_) transcript_->sent(wire);
    auto rest = wire.bytes();
    while (!rest.empty()) {
        std::size_t put = 0;
        auto const step = try_write(rest, put);
        if (step == Step::done) {
            rest.remove_prefix(put);
            continue;
        }
        co_await until(step);
        connection_->check();
    }
}

awaitable<void> Stream::start_tls()
{
    return handshake(Side::client);
}

awaitable<void> Stream::accept_tls()
{
    return handshake(Side::server);
}

awaitable<void> Stream::handshake(Side side)
{
    connection_->check();
    if (tls_session_) throw Broken(Trouble::internal, "TLS is on already with " + peer());
    if (!tls_ || side != side_) throw Broken(Trouble::internal, "this connection has no TLS to start: " + peer());
    auto session = std::make_unique<TlsSession>(tls_, connection_->socket.native_handle(), side, name_, peer());
    for (;;) {
        auto const step = session->handshake();
        if (step == Step::done) break;
        co_await until(step);
        connection_->check();
    }
    if (transcript_) transcript_->note(session->describe());
    tls_session_ = std::move(session);
}

void Stream::expire_after(Duration limit)
{
    connection_->expire_after(limit);
}

awaitable<Woken> Stream::wait(Duration limit)
{
    connection_->check();
    if (std::exchange(connection_->nudged, false)) co_return Woken::nudged;
    if (!ahead_.empty()) co_return Woken::readable;
    bool look = tls_session_ && tls_session_->has_pending();
    connection_->pause(limit);
    for (;;) {
        // A socket is also readable for what no session sees: a half record, a key update.
        if (look && (!tls_session_ || tls_session_->peek() == Step::done)) break;
        boost::system::error_code error;
        co_await connection_->socket.async_wait(asio::socket_base::wait_read,
                                                asio::redirect_error(asio::use_awaitable, error));
        connection_->check();
        if (connection_->woken) break;
        look = !error;
    }
    connection_->resume();
    co_return connection_->woken.value_or(Woken::readable);
}

void Stream::nudge()
{
    connection_->nudge();
}

void Stream::close() noexcept
{
    if (!connection_->socket.is_open()) return;
    if (tls_session_) tls_session_->close_notify();
    connection_->end(Trouble::closed, "the connection to " + peer() + " was closed by us");
}

std::optional<std::uint32_t> Stream::peer_uid() const
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto const descriptor = connection_->socket.native_handle();
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0 || address.ss_family != AF_UNIX)
        return std::nullopt;
    ucred credentials{};
    size = sizeof credentials;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
    return credentials.uid;
}

awaitable<void> Stream::until(Step step)
{
    auto const what = step == Step::want_write ? asio::socket_base::wait_write : asio::socket_base::wait_read;
    boost::system::error_code error;
    co_await connection_->socket.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
    // A cancelled wait of a connection that is still open was woken for wait(): the caller tries again.
    if (error && error != asio::error::operation_aborted)
        connection_->end(Trouble::closed, fmt::format("{}: {}", peer(), error.message()));
}

Step Stream::try_read(std::string& into)
{
    // One buffer for all connections of the thread: it is used only between two suspensions.
    thread_local std::array<char, read_at_most> scratch;
    if (!tls_session_) {
        auto const got = ::recv(connection_->socket.native_handle(), scratch.data(), scratch.size(), 0);
        if (got == 0) return Step::closed;
        if (got < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return Step::want_read;
            throw Broken(Trouble::closed, fmt::format("{} broke the connection: {}", peer(), std::strerror(errno)));
        }
        into.append(scratch.data(), static_cast<std::size_t>(got));
        if (transcript_) transcript_->received({scratch.data(), static_cast<std::size_t>(got)});
        return Step::done;
    }
    std::size_t have = 0;
    while (have < scratch.size()) {
        std::size_t got = 0;
        auto const step = tls_session_->read(scratch.data() + have, scratch.size() - have, got);
        if (step != Step::done) {
            if (have == 0) return step;
            break;  // an end, too, is found again by the next read
        }
        have += got;
        if (!tls_session_->has_pending()) break;
    }
    into.append(scratch.data(), have);
    if (transcript_) transcript_->received({scratch.data(), have});
    return Step::done;
}

Step Stream::try_write(std::string_view bytes, std::size_t& put)
{
    if (tls_session_) return tls_session_->write(bytes, put);
    auto const sent = ::send(connection_->socket.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
        put = static_cast<std::size_t>(sent);
        return Step::done;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return Step::want_write;
    throw Broken(Trouble::closed, fmt::format("{} broke the connection: {}", peer(), std::strerror(errno)));
}

}  // namespace postroom::net
