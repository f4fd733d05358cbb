// Connections between two ends of this process, plain and TLS; and peers of raw sockets that misbehave.
#include "net/stream.hpp"

#include "base/text.hpp"
#include "net/dial.hpp"
#include "net/listen.hpp"
#include "support/broken.hpp"
#include "support/certificates.hpp"
#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <random>
#include <thread>

namespace postroom::net {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using testing::AllOf;
using testing::HasSubstr;

awaitable<std::string> read_exactly(Transport& from, std::size_t size)
{
    std::string bytes;
    while (bytes.size() < size)
        if (!co_await from.read_more(bytes)) break;
    co_return bytes;
}

class StreamTest : public testing::Test {
protected:
    StreamTest() : authority(folder), resolver(loop.get_executor())
    {
        client_tls = TlsContext::client({authority.file()}).value();
        auto const files = authority.issue("localhost", "DNS:localhost,IP:127.0.0.1");
        server_tls = TlsContext::server(files.certificate, files.key).value();
    }

    void listen(Listener::Serve serve, bool tls_at_once = true)
    {
        Listen const where{Endpoint{"127.0.0.1", 0}, server_tls, tls_at_once};
        listener = Listener::open(loop.get_executor(), where, std::move(serve)).value();
    }

    void listen_raw() { raw.emplace(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)); }

    Dial how(Security security, std::string host = "localhost")
    {
        Dial dial;
        dial.server = {std::move(host), listener ? listener->port() : raw->local_endpoint().port()};
        dial.security = security;
        dial.tls = client_tls;
        dial.limit = 5s;
        return dial;
    }

    std::unique_ptr<Transport> connect(Security security, std::string host = "localhost")
    {
        auto dialled = how(security, std::move(host));
        return test::run(loop, dial(resolver, std::move(dialled)));
    }

    template <class T>
    T run(awaitable<T> work)
    {
        return test::run(loop, std::move(work));
    }

    // What `work` throws.
    Broken broken(awaitable<void> work)
    {
        return test::broken_by([&] { run(std::move(work)); });
    }

    Broken refused(Security security, std::string host = "localhost")
    {
        return test::broken_by([&] { (void)connect(security, std::move(host)); });
    }

    test::ScratchFolder folder;
    test::Authority authority;
    asio::io_context loop;
    Resolver resolver;
    std::shared_ptr<TlsContext> client_tls;
    std::shared_ptr<TlsContext> server_tls;
    std::unique_ptr<Listener> listener;
    std::optional<tcp::acceptor> raw;
};

awaitable<void> echo(std::unique_ptr<Accepted> connection)
{
    for (std::string bytes; co_await connection->read_more(bytes); bytes.clear()) {
        connection->expire_after(30s);
        Wire const back(bytes);
        co_await connection->write(back);
    }
}

TEST_F(StreamTest, GoodCertificateByNameAndByAddress)
{
    listen(echo);
    for (std::string const host : {"localhost", "127.0.0.1"}) {
        auto const transport = connect(Security::implicit_tls, host);
        Wire const hello(std::string("hello"));
        run(transport->write(hello));
        EXPECT_EQ(run(read_exactly(*transport, 5)), "hello") << host;
    }
}

TEST_F(StreamTest, WrongNameTellsBothNames)
{
    auto const files = authority.issue("elsewhere", "DNS:mail.contoso.com,DNS:*.fabrikam.com,IP:10.1.2.3");
    server_tls = TlsContext::server(files.certificate, files.key).value();
    listen(echo);
    auto const error = refused(Security::implicit_tls);
    EXPECT_EQ(error.kind(), Trouble::tls);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("not for localhost"), HasSubstr("mail.contoso.com"),
                                    HasSubstr("*.fabrikam.com"), HasSubstr("10.1.2.3")));
    auto const by_address = refused(Security::implicit_tls, "127.0.0.1");
    EXPECT_EQ(by_address.kind(), Trouble::tls);
    EXPECT_THAT(by_address.what(), HasSubstr("not for 127.0.0.1"));
}

// The subject's common name is no host name (RFC 9525 section 2).
TEST_F(StreamTest, CommonNameAloneIsNotEnough)
{
    auto const files = authority.issue("localhost", "");
    server_tls = TlsContext::server(files.certificate, files.key).value();
    listen(echo);
    auto const error = refused(Security::implicit_tls);
    EXPECT_EQ(error.kind(), Trouble::tls);
    EXPECT_THAT(error.what(), HasSubstr("no host at all"));
}

TEST_F(StreamTest, ExpiredCertificateTellsTheChainAndItsDates)
{
    auto const files = authority.issue("localhost", "DNS:localhost", -20, -10);
    server_tls = TlsContext::server(files.certificate, files.key).value();
    listen(echo);
    auto const error = refused(Security::implicit_tls);
    EXPECT_EQ(error.kind(), Trouble::tls);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("expired"), HasSubstr("CN = localhost"), HasSubstr("until 20"),
                                    HasSubstr("issued by CN = Test Authority")));
}

TEST_F(StreamTest, UnknownAuthorityIsNamed)
{
    test::Authority stranger(folder, "A Stranger");
    auto const files = stranger.issue("localhost", "DNS:localhost");
    server_tls = TlsContext::server(files.certificate, files.key).value();
    listen(echo);
    auto const error = refused(Security::implicit_tls);
    EXPECT_EQ(error.kind(), Trouble::tls);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("unable to get local issuer"), HasSubstr("issued by CN = A Stranger")));
}

TEST_F(StreamTest, OldTlsIsRefused)
{
    SSL_CTX_set_min_proto_version(server_tls->get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(server_tls->get(), TLS1_1_VERSION);
    SSL_CTX_set_cipher_list(server_tls->get(), "ALL:@SECLEVEL=0");
    listen(echo);
    auto const error = refused(Security::implicit_tls);
    EXPECT_EQ(error.kind(), Trouble::tls);
    EXPECT_THAT(error.what(), HasSubstr("does not speak TLS 1.2 or later"));
}

TEST_F(StreamTest, PlainServerOnATlsPortIsExplained)
{
    server_tls = nullptr;
    listen([](std::unique_ptr<Accepted> connection) -> awaitable<void> {
        Wire const greeting(std::string("220 smtp.contoso.com ready\r\n"));
        co_await connection->write(greeting);
        std::string ignored;
        while (co_await connection->read_more(ignored)) {
        }
    });
    auto const error = refused(Security::implicit_tls);
    EXPECT_EQ(error.kind(), Trouble::tls);
    EXPECT_THAT(error.what(), HasSubstr("does not answer in TLS"));
}

TEST_F(StreamTest, StartTlsTurnsAPlainConnectionIntoTls)
{
    listen(
        [](std::unique_ptr<Accepted> connection) -> awaitable<void> {
            auto const asked = co_await read_exactly(*connection, 10);
            EXPECT_EQ(asked, "STARTTLS\r\n");
            Wire const go(std::string("220 go\r\n"));
            co_await connection->write(go);
            co_await connection->accept_tls();
            co_await echo(std::move(connection));
        },
        false);
    auto const transport = connect(Security::starttls);
    Wire const ask(std::string("STARTTLS\r\n"));
    run(transport->write(ask));
    EXPECT_EQ(run(read_exactly(*transport, 8)), "220 go\r\n");
    run(transport->start_tls());
    Wire const hello(std::string("secret"));
    run(transport->write(hello));
    EXPECT_EQ(run(read_exactly(*transport, 6)), "secret");
    EXPECT_TRUE(dynamic_cast<Stream&>(*transport).is_tls());
}

// Both directions at once, in pieces of random size; the seed is printed by a failure.
TEST_F(StreamTest, LargeTransfersArriveUnchanged)
{
    listen(echo);
    auto const seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    for (auto const security : {Security::implicit_tls, Security::none}) {
        if (security == Security::none) {
            server_tls = nullptr;
            listen(echo);
        }
        auto const transport = connect(security);
        transport->expire_after(30s);
        std::string const all = random_bytes(8 * 1024 * 1024);
        std::string received;
        bool wrote = false;
        auto const writer = [&]() -> awaitable<void> {
            for (std::size_t at = 0; at < all.size();) {
                auto const size = std::min<std::size_t>(1 + random() % 200'000, all.size() - at);
                Wire const piece(all.substr(at, size));
                co_await transport->write(piece);
                at += size;
            }
            wrote = true;
        };
        asio::co_spawn(loop, writer(), asio::detached);
        received = run(read_exactly(*transport, all.size()));
        EXPECT_TRUE(wrote);
        EXPECT_EQ(received.size(), all.size());
        EXPECT_TRUE(received == all);
    }
}

TEST_F(StreamTest, APeerThatStallsMeetsTheDeadline)
{
    listen([](std::unique_ptr<Accepted> connection) -> awaitable<void> {
        connection->expire_after(30s);
        std::string ignored;
        while (co_await connection->read_more(ignored)) {
        }
    });
    auto const transport = connect(Security::implicit_tls);
    transport->expire_after(100ms);
    auto const begin = std::chrono::steady_clock::now();
    std::string into;
    auto const error = broken(
        [](Transport& from, std::string& to) -> awaitable<void> { co_await from.read_more(to); }(*transport, into));
    EXPECT_EQ(error.kind(), Trouble::timed_out);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("localhost:"), HasSubstr("0.1 s")));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
    // What comes after says the same.
    Wire const more(std::string("x"));
    EXPECT_EQ(broken(transport->write(more)).kind(), Trouble::timed_out);
}

TEST_F(StreamTest, APeerThatStallsDuringTheHandshakeMeetsTheDeadline)
{
    listen_raw();
    auto dialled = how(Security::implicit_tls);
    dialled.limit = 200ms;
    auto const error = broken([](Resolver& names, Dial to) -> awaitable<void> { co_await dial(names, std::move(to)); }(
                                                               resolver, std::move(dialled)));
    EXPECT_EQ(error.kind(), Trouble::timed_out);
}

TEST_F(StreamTest, AWriteThatNobodyReadsMeetsTheDeadline)
{
    listen_raw();
    auto const transport = connect(Security::none);
    transport->expire_after(200ms);
    Wire const large(std::string(64 * 1024 * 1024, 'x'));
    EXPECT_EQ(broken(transport->write(large)).kind(), Trouble::timed_out);
}

TEST_F(StreamTest, APeerThatTricklesIsHeardByteByByte)
{
    listen([](std::unique_ptr<Accepted> connection) -> awaitable<void> {
        for (char const c : std::string_view("* OK ready\r\n")) {
            Wire const one(std::string(1, c));
            co_await connection->write(one);
            asio::steady_timer pause(co_await asio::this_coro::executor, 2ms);
            co_await pause.async_wait(asio::use_awaitable);
        }
    });
    auto const transport = connect(Security::implicit_tls);
    EXPECT_EQ(run(read_exactly(*transport, 100)), "* OK ready\r\n");  // and then the orderly end
}

TEST_F(StreamTest, ACutTlsConnectionIsNoOrderlyEnd)
{
    listen_raw();
    // A server whose TLS is OpenSSL's own, on a thread, that goes without a close_notify.
    std::thread server([this] {
        auto accepted = raw->accept();
        SSL* const ssl = SSL_new(server_tls->get());
        SSL_set_fd(ssl, accepted.native_handle());
        if (SSL_accept(ssl) == 1) SSL_write(ssl, "* BYE", 5);
        accepted.shutdown(tcp::socket::shutdown_send);
        char ignored;
        boost::system::error_code error;
        accepted.read_some(asio::buffer(&ignored, 1), error);
        SSL_free(ssl);
    });
    auto transport = connect(Security::implicit_tls);
    EXPECT_EQ(run(read_exactly(*transport, 5)), "* BYE");
    std::string into;
    auto const error = broken(
        [](Transport& from, std::string& to) -> awaitable<void> { co_await from.read_more(to); }(*transport, into));
    EXPECT_EQ(error.kind(), Trouble::closed);
    EXPECT_THAT(error.what(), HasSubstr("without a close_notify"));
    transport.reset();
    server.join();
}

TEST_F(StreamTest, AResetIsToldAndRaisesNoSignal)
{
    listen_raw();
    auto const transport = connect(Security::none);
    {
        auto accepted = raw->accept();
        accepted.set_option(asio::socket_base::linger(true, 0));
        accepted.close();
    }
    std::string into;
    auto const error = broken(
        [](Transport& from, std::string& to) -> awaitable<void> { co_await from.read_more(to); }(*transport, into));
    EXPECT_EQ(error.kind(), Trouble::closed);
    EXPECT_THAT(error.what(), HasSubstr("reset"));
    Wire const more(std::string("x"));
    EXPECT_EQ(broken(transport->write(more)).kind(), Trouble::closed);  // EPIPE, without SIGPIPE
}

TEST_F(StreamTest, TwoHundredConnectionsAtOnce)
{
    listen(echo);
    int done = 0;
    auto const one = [&](int number) -> awaitable<void> {
        auto dialled = how(Security::implicit_tls);
        dialled.limit = 30s;
        auto const transport = co_await dial(resolver, std::move(dialled));
        auto const text = "connection " + std::to_string(number);
        Wire const wire(text);
        co_await transport->write(wire);
        auto const back = co_await read_exactly(*transport, text.size());
        EXPECT_EQ(back, text);
        ++done;
    };
    for (int i = 0; i < 200; ++i) asio::co_spawn(loop, one(i), asio::detached);
    auto const until = std::chrono::steady_clock::now() + 60s;
    while (done < 200 && std::chrono::steady_clock::now() < until) loop.run_one_until(until);
    EXPECT_EQ(done, 200);
}

TEST_F(StreamTest, WaitEndsByBytesByTimeAndByNudge)
{
    listen(echo);
    auto const transport = connect(Security::implicit_tls);
    EXPECT_EQ(run(transport->wait(20ms)), Woken::timeout);

    asio::steady_timer soon(loop, 20ms);
    soon.async_wait([&](boost::system::error_code) { transport->nudge(); });
    EXPECT_EQ(run(transport->wait(10s)), Woken::nudged);

    transport->nudge();  // nobody waits: kept
    EXPECT_EQ(run(transport->wait(10s)), Woken::nudged);
    EXPECT_EQ(run(transport->wait(20ms)), Woken::timeout);  // once

    Wire const hello(std::string("hello"));
    run(transport->write(hello));
    EXPECT_EQ(run(transport->wait(10s)), Woken::readable);
    EXPECT_EQ(run(read_exactly(*transport, 5)), "hello");
}

// A deadline does not run while wait() does, and goes on with what was left of it.
TEST_F(StreamTest, WaitIsNotSubjectToTheDeadline)
{
    listen(echo);
    auto const transport = connect(Security::implicit_tls);
    transport->expire_after(150ms);
    EXPECT_EQ(run(transport->wait(400ms)), Woken::timeout);
    Wire const hello(std::string("hello"));
    run(transport->write(hello));
    EXPECT_EQ(run(read_exactly(*transport, 5)), "hello");
    std::string into;
    EXPECT_EQ(broken([](Transport& from, std::string& to) -> awaitable<void> { co_await from.read_more(to); }(
                                                              *transport, into))
                  .kind(),
              Trouble::timed_out);
}

// More than one read takes is in OpenSSL's hands already: the socket never becomes readable for it.
TEST_F(StreamTest, WaitSeesWhatTlsHasAlreadyTaken)
{
    listen([](std::unique_ptr<Accepted> connection) -> awaitable<void> {
        Wire const first(std::string(1000, 'a'));
        co_await connection->write(first);
        co_await echo(std::move(connection));
    });
    auto const transport = connect(Security::implicit_tls);
    EXPECT_EQ(run(transport->wait(5s)), Woken::readable);
    EXPECT_EQ(run(transport->wait(5s)), Woken::readable);  // still there
    EXPECT_EQ(run(read_exactly(*transport, 1000)).size(), 1000U);
    EXPECT_EQ(run(transport->wait(20ms)), Woken::timeout);
}

TEST_F(StreamTest, WaitSeesTheEnd)
{
    listen([](std::unique_ptr<Accepted> connection) -> awaitable<void> {
        Wire const bye(std::string("bye"));
        co_await connection->write(bye);
    });
    auto const transport = connect(Security::implicit_tls);
    EXPECT_EQ(run(read_exactly(*transport, 3)), "bye");
    EXPECT_EQ(run(transport->wait(5s)), Woken::readable);
    std::string into;
    EXPECT_FALSE(run(transport->read_more(into)));
}

TEST_F(StreamTest, CloseWakesWhoeverWaits)
{
    listen(echo);
    auto const transport = connect(Security::implicit_tls);
    asio::steady_timer soon(loop, 20ms);
    soon.async_wait([&](boost::system::error_code) {
        transport->close();
        transport->close();
    });
    std::string into;
    auto const error = broken(
        [](Transport& from, std::string& to) -> awaitable<void> { co_await from.read_more(to); }(*transport, into));
    EXPECT_EQ(error.kind(), Trouble::closed);
    EXPECT_THAT(error.what(), HasSubstr("closed by us"));
}

TEST(Tls, FilesThatAreNoneAreNamed)
{
    test::ScratchFolder const folder;
    auto const client = TlsContext::client({folder / "absent.pem"});
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().kind, Trouble::tls);
    EXPECT_THAT(client.error().message, HasSubstr("absent.pem"));
    test::Authority authority(folder);
    auto const one = authority.issue("one", "DNS:one");
    auto const two = authority.issue("two", "DNS:two");
    auto const crossed = TlsContext::server(one.certificate, two.key);
    ASSERT_FALSE(crossed);
    EXPECT_THAT(crossed.error().message, HasSubstr(two.key));
}

}  // namespace
}  // namespace postroom::net
