// Memory of an idle TLS connection: our stream over socket readiness beside asio::ssl::stream, each with
// SSL_MODE_RELEASE_BUFFERS and each waiting for a byte as an idle mailbox does. A server in a child process holds the
// other ends, so that only the clients' side is measured. Prints a ratio; fails where a connection is missing.
#include "net/dial.hpp"
#include "net/listen.hpp"
#include "support/certificates.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

using namespace postroom;
using namespace std::chrono_literals;
namespace asio = boost::asio;

long resident_kib()
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::strtol(line.c_str() + 6, nullptr, 10);
    return 0;
}

// Each end says three lines, as a greeting and a sign-in would, and then nothing more.
constexpr std::string_view line = "* OK a line of about the size that servers send when one signs in\r\n";
constexpr int lines = 3;

net::awaitable<void> greet(std::unique_ptr<net::Accepted> connection)
{
    for (int i = 0; i < lines; ++i) {
        Wire const wire((std::string(line)));
        co_await connection->write(wire);
    }
    (void)co_await connection->wait(1h);
}

struct Server {
    pid_t process = 0;
    std::uint16_t port = 0;
};

Server start_server(test::Files const& files, std::size_t connections)
{
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    pid_t const child = ::fork();
    if (child == 0) {
        asio::io_context loop;
        net::Listen where{Endpoint{"127.0.0.1", 0}, net::TlsContext::server(files.certificate, files.key).value()};
        where.most_connections = connections;
        auto const listener = net::Listener::open(loop.get_executor(), where, greet).value();
        auto const port = listener->port();
        if (::write(ends[1], &port, sizeof port) != sizeof port) std::abort();
        loop.run();
        std::_Exit(0);
    }
    Server server{child, 0};
    if (::read(ends[0], &server.port, sizeof server.port) != sizeof server.port) std::abort();
    return server;
}

net::awaitable<void> ours(net::Resolver& resolver, std::shared_ptr<net::TlsContext> tls, std::uint16_t port, int& ready)
{
    net::Dial how;
    how.server = {"localhost", port};
    how.tls = tls;
    auto const transport = co_await net::dial(resolver, std::move(how));
    std::string said;
    while (said.size() < line.size() * lines) {
        if (!co_await transport->read_more(said)) co_return;
    }
    said = std::string();
    ++ready;
    (void)co_await transport->wait(1h);
}

net::awaitable<void> asios(asio::ssl::context& context, std::uint16_t port, int& ready)
{
    asio::ssl::stream<asio::ip::tcp::socket> stream(co_await asio::this_coro::executor, context);
    SSL_set_tlsext_host_name(stream.native_handle(), "localhost");
    stream.set_verify_callback(asio::ssl::host_name_verification("localhost"));
    asio::ip::tcp::endpoint const to(asio::ip::address_v4::loopback(), port);
    co_await stream.next_layer().async_connect(to, asio::use_awaitable);
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    std::string said(line.size() * lines, '\0');
    for (std::size_t have = 0; have < said.size();) {
        auto const rest = asio::buffer(said) + have;
        have += co_await stream.async_read_some(rest, asio::use_awaitable);
    }
    said = std::string();
    ++ready;
    char byte;
    asio::steady_timer deadline(stream.get_executor(), 1h);  // one a connection, as ours has
    co_await stream.async_read_some(asio::buffer(&byte, 1), asio::use_awaitable);
}

// In a process of its own, so that neither finds the other's freed memory.
template <class Start>
double kib_each(int connections, Start start)
{
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    pid_t const child = ::fork();
    if (child == 0) {
        asio::io_context loop;
        int ready = 0;
        long before = 0;
        // The first hundred pay for what is loaded once.
        constexpr int warm = 100;
        auto const wait_for = [&](int count) {
            auto const until = std::chrono::steady_clock::now() + 120s;
            while (ready < count && std::chrono::steady_clock::now() < until) loop.run_one_for(100ms);
        };
        auto const more = start(loop, ready);
        for (int i = 0; i < connections + warm; ++i) {
            more();
            if (i % 50 == 49) wait_for(i + 1);
            if (i + 1 == warm) before = resident_kib();
        }
        wait_for(connections + warm);
        loop.run_for(500ms);
        double const each =
            ready == connections + warm ? static_cast<double>(resident_kib() - before) / connections : -1;
        if (::write(ends[1], &each, sizeof each) != sizeof each) std::abort();
        std::_Exit(0);
    }
    double each = -1;
    if (::read(ends[0], &each, sizeof each) != sizeof each) each = -1;
    ::waitpid(child, nullptr, 0);
    return each;
}

}  // namespace

int main(int argc, char** argv)
{
    int const connections = argc > 1 ? std::atoi(argv[1]) : 3000;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);

    test::ScratchFolder const folder;
    test::Authority authority(folder);
    auto const server = start_server(authority.issue("localhost", "DNS:localhost"), 100'000);

    double const our = kib_each(connections, [&](asio::io_context& loop, int& ready) {
        auto const tls = net::TlsContext::client({authority.file()}).value();
        auto const resolver = std::make_shared<net::Resolver>(loop.get_executor());
        return [&loop, &ready, tls, resolver, port = server.port] {
            asio::co_spawn(loop, ours(*resolver, tls, port, ready), asio::detached);
        };
    });
    double const theirs = kib_each(connections, [&](asio::io_context& loop, int& ready) {
        auto const context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
        context->load_verify_file(authority.file());
        context->set_verify_mode(asio::ssl::verify_peer);
        SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
        return [&loop, &ready, context, port = server.port] {
            asio::co_spawn(loop, asios(*context, port, ready), asio::detached);
        };
    });
    ::kill(server.process, SIGKILL);
    ::waitpid(server.process, nullptr, 0);

    fmt::print("{} idle TLS connections, resident memory of the client's side for each\n", connections);
    fmt::print("net::Stream         {:6.1f} KiB\n", our);
    fmt::print("asio::ssl::stream   {:6.1f} KiB\n", theirs);
    if (our <= 0 || theirs <= 0) {
        fmt::print(stderr, "not every connection came to be: is the limit of open files ({}) too low?\n",
                   limit.rlim_cur);
        return EXIT_FAILURE;
    }
    fmt::print("ratio               {:6.2f}\n", our / theirs);
    return EXIT_SUCCESS;
}
