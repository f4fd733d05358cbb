#include "net/listen.hpp"

#include "net/port-owner.hpp"
#include "net/stream.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <cstring>
#include <set>

namespace postroom::net {

namespace {

constexpr Duration handshake_limit{30'000};
// accept() fails without end while the process has no descriptor left.
constexpr auto pause_after_failure = std::chrono::milliseconds(100);
constexpr int backlog = 1024;

// A descriptor until somebody takes it over.
class Descriptor {
public:
    explicit Descriptor(int value) : value_(value) {}
    ~Descriptor()
    {
        if (value_ >= 0) ::close(value_);
    }
    Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    [[nodiscard]] int get() const { return value_; }
    [[nodiscard]] int release() { return std::exchange(value_, -1); }

private:
    int value_;
};

std::string system_reason()
{
    return std::strerror(errno);
}

struct FreeList {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

Result<Descriptor> bind_tcp(Endpoint const& where)
{
    // The name "localhost" is 127.0.0.1 here; a client that tries ::1 first goes on to it at once.
    auto const host = where.host == "localhost" ? std::string("127.0.0.1") : where.host;
    addrinfo hints{};
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* raw = nullptr;
    int const status =
        ::getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(where.port).c_str(), &hints, &raw);
    std::unique_ptr<addrinfo, FreeList> const list(raw);
    if (status != 0)
        return failure(Trouble::invalid,
                       fmt::format("cannot listen on {}: {}", to_string(where), ::gai_strerror(status)));
    Descriptor socket(::socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int const on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(socket.get(), list->ai_addr, list->ai_addrlen) == 0 && ::listen(socket.get(), backlog) == 0)
        return socket;
    if (errno != EADDRINUSE)
        return failure(errno == EACCES ? Trouble::forbidden : Trouble::invalid,
                       fmt::format("cannot listen on {}: {}", to_string(where), system_reason()));
    auto const owner = port_owner(where.port);
    return failure(Trouble::conflict,
                   fmt::format("cannot listen on {}: port {} is in use{}", to_string(where), where.port,
                               owner.empty() ? "; who has it can't be seen from here" : " by " + owner));
}

Result<Descriptor> bind_unix(std::string const& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return failure(Trouble::invalid, fmt::format("cannot listen on {}: the path is longer than the {} bytes that "
                                                     "the system allows for a socket",
                                                     path, sizeof address.sun_path - 1));
    std::memcpy(address.sun_path, path.data(), path.size());
    auto const* const plain = reinterpret_cast<sockaddr const*>(&address);
    struct stat found{};
    if (::lstat(path.c_str(), &found) == 0) {
        if (!S_ISSOCK(found.st_mode))
            return failure(Trouble::conflict,
                           fmt::format("cannot listen on {}: there is a file that is no socket", path));
        Descriptor const probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(probe.get(), plain, sizeof address) == 0)
            return failure(Trouble::conflict, fmt::format("cannot listen on {}: another process answers there", path));
        ::unlink(path.c_str());
    }
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // Nobody can connect before listen(), so the mode holds from the first connection on.
    if (::bind(socket.get(), plain, sizeof address) != 0 || ::chmod(path.c_str(), 0600) != 0 ||
        ::listen(socket.get(), backlog) != 0)
        return failure(errno == EACCES ? Trouble::forbidden : Trouble::invalid,
                       fmt::format("cannot listen on {}: {}", path, system_reason()));
    return socket;
}

bool is_used_up(boost::system::error_code error)
{
    return error == asio::error::no_descriptors || error == boost::system::errc::too_many_files_open_in_system;
}

std::string in_words(boost::system::error_code error)
{
    if (!is_used_up(error)) return error.message();
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return fmt::format(
        "{}: no file descriptor is left of {}. Who connects waits until there is one; raise the limit "
        "(LimitNOFILE= of the service, or ulimit -n)",
        error.message(), limit.rlim_cur);
}

std::string name_of(asio::generic::stream_protocol::endpoint const& endpoint)
{
    if (endpoint.protocol().family() == AF_UNIX) return "unix";
    char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
    ::getnameinfo(endpoint.data(), static_cast<socklen_t>(endpoint.size()), host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV);
    std::string_view const text = host;
    return text.find(':') == text.npos ? fmt::format("{}:{}", text, port) : fmt::format("[{}]:{}", text, port);
}

class SocketListener final : public Listener {
public:
    using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

    // What outlives the listener until the last of its connections has ended.
    struct State {
        State(Acceptor its_acceptor, Listen its_where, Serve its_serve)
            : acceptor(std::move(its_acceptor)), where(std::move(its_where)), serve(std::move(its_serve))
        {
        }
        Acceptor acceptor;
        Listen where;
        Serve serve;
        std::set<std::weak_ptr<Connection>, std::owner_less<>> open;
    };

    explicit SocketListener(std::shared_ptr<State> state) : state_(std::move(state)) {}
    ~SocketListener() override { stop(); }

    void stop() override
    {
        boost::system::error_code ignored;
        if (!state_->acceptor.is_open()) return;
        state_->acceptor.close(ignored);
        if (auto const* unix_path = std::get_if<UnixPath>(&state_->where.at)) ::unlink(unix_path->path.c_str());
        for (auto const& weak : state_->open)
            if (auto const connection = weak.lock()) connection->end(Trouble::closed, "this server is stopping");
    }

    [[nodiscard]] std::uint16_t port() const override
    {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        if (::getsockname(state_->acceptor.native_handle(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
            return 0;
        if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in const&>(address).sin_port);
        if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6 const&>(address).sin6_port);
        return 0;
    }

    static awaitable<void> accept(std::shared_ptr<State> state)
    {
        auto const executor = co_await asio::this_coro::executor;
        bool used_up = false;
        while (state->acceptor.is_open()) {
            Connection::Socket socket(executor);
            asio::generic::stream_protocol::endpoint from;
            boost::system::error_code error;
            co_await state->acceptor.async_accept(socket, from, asio::redirect_error(asio::use_awaitable, error));
            if (!state->acceptor.is_open()) co_return;
            if (error) {
                if (!used_up) spdlog::warn("net: accepting a connection failed: {}", in_words(error));
                used_up = is_used_up(error);
                asio::steady_timer timer(executor, pause_after_failure);
                co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
                continue;
            }
            if (std::exchange(used_up, false)) spdlog::info("net: there are file descriptors again");
            if (state->open.size() >= state->where.most_connections) {
                spdlog::warn("net: {} connections are open; one from {} was turned away", state->open.size(),
                             name_of(from));
                continue;
            }
            if (from.protocol().family() != AF_UNIX) {
                boost::system::error_code ignored;
                socket.set_option(asio::ip::tcp::no_delay(true), ignored);
                socket.set_option(asio::socket_base::keep_alive(true), ignored);
            }
            auto stream =
                std::make_unique<Stream>(std::move(socket), Side::server, name_of(from), "", state->where.tls, nullptr);
            state->open.insert(stream->connection());
            asio::co_spawn(executor, run(state, std::move(stream)), asio::detached);
        }
    }

private:
    static awaitable<void> run(std::shared_ptr<State> state, std::unique_ptr<Stream> stream)
    {
        auto const connection = stream->connection();
        auto const peer = stream->peer();
        try {
            stream->expire_after(handshake_limit);
            if (state->where.tls && state->where.tls_at_once) co_await stream->accept_tls();
            co_await state->serve(std::move(stream));
        } catch (Broken const& broken) {
            spdlog::debug("net: the connection from {} ended: {}", peer, broken.what());
        } catch (std::exception const& error) {
            spdlog::error("net: serving {} failed: {}", peer, error.what());
        }
        state->open.erase(connection);
    }

    std::shared_ptr<State> state_;
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(asio::any_io_executor executor, Listen where, Serve serve)
{
    auto bound = std::holds_alternative<Endpoint>(where.at) ? bind_tcp(std::get<Endpoint>(where.at))
                                                            : bind_unix(std::get<UnixPath>(where.at).path);
    if (!bound) return std::unexpected(bound.error());
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(bound->get(), reinterpret_cast<sockaddr*>(&address), &size);
    SocketListener::Acceptor acceptor(executor);
    boost::system::error_code error;
    acceptor.assign(asio::generic::stream_protocol(address.ss_family, 0), bound->get(), error);
    if (error) return failure(Trouble::internal, "cannot listen: " + error.message());
    (void)bound->release();
    auto state = std::make_shared<SocketListener::State>(std::move(acceptor), std::move(where), std::move(serve));
    asio::co_spawn(executor, SocketListener::accept(state), asio::detached);
    return std::make_unique<SocketListener>(std::move(state));
}

}  // namespace postroom::net
