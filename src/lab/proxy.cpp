#include "lab/proxy.hpp"

#include "base/text.hpp"
#include "net/dial.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

namespace postroom::lab {

namespace {

using Shared = std::shared_ptr<net::Transport>;

constexpr Duration to_ask{30'000};
constexpr Duration of_rest{30 * 60'000};
constexpr std::size_t most_head = 8 * 1024;

// What one says to the other, until either ends.
net::awaitable<void> pump(Shared from, Shared to)
{
    try {
        for (;;) {
            std::string bytes;
            from->expire_after(of_rest);
            auto const more = co_await from->read_more(bytes);
            if (!more) break;
            Wire const wire(std::move(bytes));
            co_await to->write(wire);
        }
    } catch (net::Broken const&) {
        // The other side is told by the end of its connection.
        from->close();
    }
    to->close();
}

// The port of "CONNECT host:port HTTP/1.1"; 0 where it is nothing of the kind.
std::uint16_t asked_port(std::string_view head)
{
    auto const words = split(head.substr(0, head.find("\r\n")), ' ');
    if (words.size() != 3 || words[0] != "CONNECT") return 0;
    auto const colon = words[1].rfind(':');
    if (colon == words[1].npos) return 0;
    auto const port = to_number(words[1].substr(colon + 1), 0);
    return port > 0 && port <= 65'535 ? static_cast<std::uint16_t>(port) : std::uint16_t(0);
}

net::awaitable<void> answer(Shared client, std::string status)
{
    Wire const wire("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n");
    co_await client->write(wire);
}

// Nothing where nobody is there.
net::awaitable<Shared> reach(std::shared_ptr<ProxyPorts const> ports, Endpoint server)
{
    net::Dial how;
    how.server = std::move(server);
    how.security = net::Security::none;
    how.limit = to_ask;
    try {
        auto transport = co_await net::dial(*ports->resolver, std::move(how));
        co_return Shared(std::move(transport));
    } catch (net::Broken const&) {
        co_return nullptr;
    }
}

}  // namespace

net::awaitable<void> serve_proxy(SharedState state, std::shared_ptr<ProxyPorts const> ports,
                                 std::unique_ptr<net::Accepted> connection)
{
    Shared const client = std::move(connection);
    client->expire_after(to_ask);
    std::string head;
    while (head.find("\r\n\r\n") == head.npos) {
        auto const more = co_await client->read_more(head);
        if (!more || head.size() > most_head) co_return;
    }
    // The words are those of tinyproxy and squid.
    if (auto const status = state->faults.take(Fault::proxy_refused, {})) {
        auto const words = *status == "407" ? std::string("407 Proxy Authentication Required") : *status + " Forbidden";
        co_await answer(client, words);
        co_return;
    }
    auto const way = ports->ways.find(asked_port(head));
    if (way == ports->ways.end()) {
        co_await answer(client, "403 Forbidden");
        co_return;
    }
    auto const server = co_await reach(ports, way->second);
    if (!server) {
        co_await answer(client, "502 Bad Gateway");
        co_return;
    }
    Wire const established("HTTP/1.1 200 Connection established\r\n\r\n");
    co_await client->write(established);
    auto const executor = co_await boost::asio::this_coro::executor;
    boost::asio::co_spawn(executor, pump(server, client), boost::asio::detached);
    co_await pump(client, server);
}

}  // namespace postroom::lab
