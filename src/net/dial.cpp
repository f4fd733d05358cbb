#include "net/dial.hpp"

#include "net/stream.hpp"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>

namespace postroom::net {

namespace {

using Steady = std::chrono::steady_clock;
using asio::ip::tcp;

constexpr auto stagger = std::chrono::milliseconds(250);  // RFC 8305 section 5

struct Attempt {
    Attempt(asio::any_io_executor const& executor, tcp::endpoint to) : socket(executor), endpoint(std::move(to)) {}
    tcp::socket socket;
    tcp::endpoint endpoint;
    std::string why = "no answer";
};

// All attempts of one dial. Each handler of a connect holds it; who comes second finds its socket closed.
struct Race {
    explicit Race(asio::any_io_executor const& executor) : changed(executor) {}
    asio::steady_timer changed;
    std::vector<std::unique_ptr<Attempt>> attempts;
    std::size_t pending = 0;
    Attempt* winner = nullptr;

    void close_others()
    {
        boost::system::error_code ignored;
        for (auto const& attempt : attempts)
            if (attempt.get() != winner) attempt->socket.close(ignored);
    }
};

// However the dial ends, by a deadline or by being cancelled, no attempt outlives it.
struct CloseOthers {
    std::shared_ptr<Race> race;
    ~CloseOthers() { race->close_others(); }
};

void start(std::shared_ptr<Race> const& race, asio::any_io_executor const& executor, tcp::endpoint const& to)
{
    auto* const attempt = race->attempts.emplace_back(std::make_unique<Attempt>(executor, to)).get();
    ++race->pending;
    attempt->socket.async_connect(to, [race, attempt](boost::system::error_code error) {
        --race->pending;
        if (error)
            attempt->why = error.message();
        else if (!race->winner)
            race->winner = attempt;
        race->changed.cancel();
    });
}

// `way` is the proxy that leads there, or none.
std::string explain(Dial const& how, Proxy const* way, Race const& race)
{
    std::string text = "cannot reach " + to_string(how.server) + ": ";
    if (way)
        text = "cannot reach the proxy " + to_string(way->at) + ", through which " + to_string(how.server) +
               " is reached: ";
    std::string separator;
    for (auto const& attempt : race.attempts) {
        text += separator + attempt->endpoint.address().to_string() + ": " + attempt->why;
        separator = "; ";
    }
    return text;
}

awaitable<tcp::socket> connect(std::vector<asio::ip::address> addresses, Dial const& how, Proxy const* way,
                               Steady::time_point deadline)
{
    auto const executor = co_await asio::this_coro::executor;
    auto const race = std::make_shared<Race>(executor);
    CloseOthers const guard{race};
    Stop::Waiting const waiting(how.stop, [race] { race->changed.cancel(); });
    std::size_t next = 0;
    auto due = Steady::now();
    while (!race->winner) {
        waiting.check();
        auto const now = Steady::now();
        if (now >= deadline)
            throw Broken(Trouble::timed_out,
                         explain(how, way, *race) +
                             fmt::format(" (gave up after {:g} s)", static_cast<double>(how.limit.count()) / 1000));
        if (next < addresses.size() && (race->pending == 0 || now >= due)) {
            start(race, executor, tcp::endpoint(addresses[next++], way ? way->at.port : how.server.port));
            due = now + stagger;
            continue;
        }
        if (race->pending == 0) throw Broken(Trouble::unreachable, explain(how, way, *race));
        race->changed.expires_at(next < addresses.size() ? std::min(due, deadline) : deadline);
        boost::system::error_code error;
        co_await race->changed.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
    co_return std::move(race->winner->socket);
}

// A mailbox idles for half an hour behind firewalls that forget sooner.
void keep_alive(tcp::socket& socket)
{
    socket.set_option(tcp::no_delay(true));
    socket.set_option(asio::socket_base::keep_alive(true));
    using Idle = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
    using Interval = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;
    using Count = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPCNT>;
    socket.set_option(Idle(120));
    socket.set_option(Interval(30));
    socket.set_option(Count(4));
}

awaitable<std::vector<asio::ip::address>> find(Resolver& resolver, std::string host, Dial const& how, Proxy const* way)
{
    try {
        co_return co_await resolver.resolve(std::move(host), how.limit, how.stop);
    } catch (Broken const& broken) {
        if (!way || broken.kind() == Trouble::closed) throw;
        throw Broken(broken.kind(), fmt::format("the proxy {}, through which {} is reached: {}", to_string(way->at),
                                                to_string(how.server), broken.what()));
    }
}

awaitable<bool> read_answer(Stream& stream, Dial const& how, std::string& answer)
{
    try {
        co_return co_await stream.read_more(answer);
    } catch (Broken const& broken) {
        if (broken.kind() != Trouble::timed_out) throw;
        throw Broken(
            Trouble::timed_out,
            fmt::format("the proxy {} did not answer in {:g} s when it was asked for {}", to_string(how.proxy->at),
                        static_cast<double>(how.limit.count()) / 1000, to_string(how.server)));
    }
}

// Asks for the way through. What a server that speaks first has said by then stays to be read.
awaitable<void> tunnel(Stream& stream, Dial const& how)
{
    auto const request = connect_request(*how.proxy, how.server);
    co_await stream.write(request);
    std::string answer;
    for (;;) {
        bool const more = co_await read_answer(stream, how, answer);
        if (!more)
            throw Broken(Trouble::closed, fmt::format("the proxy {} closed the connection when it was asked for {}",
                                                      to_string(how.proxy->at), to_string(how.server)));
        auto const read = read_connect_answer(answer, *how.proxy, how.server);
        if (!read) throw Broken(read.error());
        if (!*read) continue;
        answer.erase(0, **read);
        break;
    }
    if (!answer.empty() && how.security == Security::implicit_tls)
        throw Broken(Trouble::protocol,
                     fmt::format("something spoke before TLS began on the way through the proxy {} to {}",
                                 to_string(how.proxy->at), to_string(how.server)));
    stream.put_back(std::move(answer));
}

}  // namespace

awaitable<std::unique_ptr<Transport>> dial(Resolver& resolver, Dial how)
{
    if (how.security != Security::none && !how.tls)
        throw Broken(Trouble::internal, "no TLS context was given for " + to_string(how.server));
    auto const deadline = Steady::now() + how.limit;
    Proxy const* const way = how.proxy && how.proxy->leads_to(how.server.host) ? how.proxy.get() : nullptr;
    auto const& name = way ? way->at.host : how.server.host;
    auto const addresses = co_await find(resolver, name, how, way);
    auto socket = co_await connect(addresses, how, way, deadline);
    boost::system::error_code gone;
    auto const reached = socket.remote_endpoint(gone);
    if (gone) throw Broken(Trouble::closed, to_string(how.server) + " closed the connection at once");
    keep_alive(socket);
    if (how.transcript)
        how.transcript->note(fmt::format("connected to {}{} ({})", way ? "the proxy " : "",
                                         to_string(way ? way->at : how.server), reached.address().to_string()));
    Connection::Socket generic(std::move(socket));
    auto stream = std::make_unique<Stream>(std::move(generic), Side::client, to_string(how.server), how.server.host,
                                           how.tls, how.transcript);
    Stop::Waiting const waiting(how.stop, [on_its_way = stream.get()] { on_its_way->close(); });
    auto const left = std::chrono::duration_cast<Duration>(deadline - Steady::now());
    stream->expire_after(std::max(left, Duration(1)));
    if (way) co_await tunnel(*stream, how);
    if (how.security == Security::implicit_tls) co_await stream->start_tls();
    stream->expire_after(how.limit);
    co_return stream;
}

}  // namespace postroom::net
