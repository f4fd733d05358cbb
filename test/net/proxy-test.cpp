#include "net/proxy.hpp"

#include "base/text.hpp"
#include "net/dial.hpp"
#include "net/https.hpp"
#include "net/listen.hpp"
#include "support/broken.hpp"
#include "support/certificates.hpp"
#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace postroom::net {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Endpoint const target{"mail.contoso.test", 587};

Proxy proxy_at(std::uint16_t port, std::string user = "")
{
    Proxy proxy;
    proxy.at = {"127.0.0.1", port};
    proxy.user = std::move(user);
    proxy.password = Secret("pass:word");
    return proxy;
}

TEST(ProxyUrl, IsReadWithAndWithoutSignIn)
{
    auto const plain = parse_proxy("http://proxy.example.com:8080");
    ASSERT_TRUE(plain);
    EXPECT_EQ(to_string(plain->at), "proxy.example.com:8080");
    EXPECT_TRUE(plain->user.empty());
    auto const full = parse_proxy("HTTP://us%40er:p%3Aa:s%2f@[::1]/");
    ASSERT_TRUE(full);
    EXPECT_EQ(to_string(full->at), "[::1]:3128");
    EXPECT_EQ(full->user, "us@er");
    EXPECT_EQ(full->password, Secret("p:a:s/"));
}

TEST(ProxyUrl, IsRefusedWithoutItsPassword)
{
    for (auto const* const text :
         {"", "proxy:3128", "https://user:hunter2@proxy", "socks5://user:hunter2@proxy", "http://",
          "http://user:hunter2@", "http://:hunter2@proxy", "http://us%3Aer:hunter2@proxy", "http://user:hunter2%@proxy",
          "http://user:hunter2%4@proxy", "http://user:hunter2@proxy/x", "http://user:hunter2@pro xy",
          "http://user:hunter2@proxy:99999", "http://pro\r\nxy", "http://us%0d%0aer:hunter2@proxy",
          "http://user:hunter2%00@proxy"}) {
        auto const read = parse_proxy(text);
        ASSERT_FALSE(read) << text;
        EXPECT_THAT(read.error().message, AllOf(HasSubstr("http://user:password@"), Not(HasSubstr("hunter2"))));
    }
}

TEST(ProxyReach, LoopbackAndWhatIsNamedIsReachedDirectly)
{
    auto proxy = proxy_at(1);
    proxy.direct = {".corp.example", "*.lan", "Mail.Contoso.Test", "192.0.2.7"};
    for (auto const* const direct :
         {"localhost", "LOCALHOST", "localhost.", "lab.localhost", "127.0.0.1", "127.3.2.1", "::1", "a.corp.example",
          "b.a.CORP.example", "x.lan", "mail.contoso.test", "mail.contoso.test.", "192.0.2.7"})
        EXPECT_FALSE(proxy.leads_to(direct)) << direct;
    for (auto const* const through : {"outlook.office365.com", "corp.example", "evilcorp.example", "lan",
                                      "xmail.contoso.test", "192.0.2.70", "2001:db8::1", "notlocalhost"})
        EXPECT_TRUE(proxy.leads_to(through)) << through;
    proxy.direct = {"*"};
    EXPECT_FALSE(proxy.leads_to("outlook.office365.com"));
}

TEST(ProxyRequest, SignsInWithoutShowingIt)
{
    auto const wire = connect_request(proxy_at(1, "us\xc3\xa9r"), {"2001:db8::1", 993});
    EXPECT_EQ(wire.bytes(),
              "CONNECT [2001:db8::1]:993 HTTP/1.1\r\nHost: [2001:db8::1]:993\r\nProxy-Authorization: Basic " +
                  to_base64("us\xc3\xa9r:pass:word") + "\r\n\r\n");
    EXPECT_THAT(wire.masked(), Not(HasSubstr(to_base64("us\xc3\xa9r:pass:word"))));
    EXPECT_THAT(std::string(connect_request(proxy_at(1), target).bytes()), Not(HasSubstr("Authorization")));
}

TEST(ProxyAnswer, IsWholeOnceItsEmptyLineIsThere)
{
    std::string const answer = "HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n";
    for (std::size_t cut = 0; cut < answer.size(); ++cut) {
        auto const read = read_connect_answer(answer.substr(0, cut), proxy_at(1), target);
        ASSERT_TRUE(read) << cut << read.error().message;
        EXPECT_FALSE(*read) << cut;
    }
    EXPECT_EQ(read_connect_answer(answer + "220 hello", proxy_at(1), target).value(), answer.size());
}

std::string refused(std::string const& answer, std::string user = "")
{
    auto const read = read_connect_answer(answer, proxy_at(3128, std::move(user)), target);
    return read ? "not refused" : read.error().message;
}

TEST(ProxyAnswer, SaysOfEveryRefusalWhatToDo)
{
    EXPECT_THAT(refused("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n<html>"),
                AllOf(HasSubstr("127.0.0.1:3128 wants a sign-in"), HasSubstr("mail.contoso.test:587"),
                      HasSubstr("407 Proxy Authentication Required"), HasSubstr("proxy-password-file")));
    EXPECT_THAT(refused("HTTP/1.1 407 No\r\n\r\n", "user"),
                AllOf(HasSubstr("refused the sign-in as user"), Not(HasSubstr("pass:word"))));
    EXPECT_THAT(refused("HTTP/1.0 401 Unauthorized\r\n\r\n"), HasSubstr("wants a sign-in"));
    EXPECT_THAT(refused("HTTP/1.1 403 Filtered\r\n\r\n"), HasSubstr("have its administrator allow CONNECT"));
    EXPECT_THAT(refused("HTTP/1.1 405\r\n\r\n"), HasSubstr("have its administrator allow CONNECT"));
    EXPECT_THAT(refused("HTTP/1.1 502 Bad Gateway\r\n\r\n"),
                HasSubstr("can't reach mail.contoso.test:587 itself (502"));
    EXPECT_THAT(refused("HTTP/1.0 500 Unable to connect\r\n\r\n"),
                HasSubstr("can't reach mail.contoso.test:587 itself"));
    EXPECT_THAT(refused("HTTP/1.1 301 Moved\r\nLocation: x\r\n\r\n"), HasSubstr("it answers 301 Moved"));
    EXPECT_THAT(refused("HTTP/1.1 2x0 OK\r\n\r\n"), HasSubstr("no HTTP"));
    EXPECT_THAT(refused("<html><body>Sign in\x1b[2J"), AllOf(HasSubstr("is no HTTP proxy"), Not(HasSubstr("\x1b"))));
    EXPECT_THAT(refused("220 smtp"), HasSubstr("is no HTTP proxy: it says \"220 smtp\""));
    EXPECT_THAT(refused("HTTP/1.1 200 OK\r\n" + std::string(20'000, 'x')), HasSubstr("more than 16384 bytes"));
}

class ProxyTest : public testing::Test {
protected:
    using Serve = std::function<awaitable<void>(Accepted&, std::string head)>;

    ProxyTest() : authority(folder), resolver(loop.get_executor()) {}

    /// A proxy that reads what it is asked, then does `serve`.
    void listen(Serve serve)
    {
        auto const files = authority.issue("mail", "DNS:mail.contoso.test");
        Listen where{Endpoint{"127.0.0.1", 0}, TlsContext::server(files.certificate, files.key).value(), false};
        auto const each = [this, serve](std::unique_ptr<Accepted> stream) -> awaitable<void> {
            std::string head;
            while (head.find("\r\n\r\n") == head.npos) {
                bool const more = co_await stream->read_more(head);
                if (!more) co_return;
            }
            asked.push_back(head);
            co_await serve(*stream, head);
        };
        listener = Listener::open(loop.get_executor(), where, each).value();
    }
    void answers(std::string text)
    {
        listen([text](Accepted& stream, std::string) -> awaitable<void> {
            Wire const wire{text};
            co_await stream.write(wire);
            std::string rest;
            (void)co_await stream.read_more(rest);
        });
    }

    Dial through(Security security)
    {
        Dial how;
        how.server = target;
        how.security = security;
        how.limit = 5s;
        how.tls = TlsContext::client({authority.file()}).value();
        how.proxy = std::make_shared<Proxy const>(proxy_at(listener->port(), "user"));
        return how;
    }
    Broken broken(Dial how)
    {
        return test::broken_by([&] { test::run(loop, dial(resolver, std::move(how))); });
    }
    std::string call(std::string const& url, std::shared_ptr<Proxy const> proxy)
    {
        Https https(loop.get_executor(), TlsContext::client({authority.file()}).value(), std::move(proxy));
        HttpsCall request;
        request.url = url;
        request.limit = 5s;
        try {
            return test::run(loop, https.call(std::move(request))).body;
        } catch (Broken const& error) {
            return std::string(to_string(error.kind())) + ": " + error.what();
        }
    }

    test::ScratchFolder folder;
    test::Authority authority;
    asio::io_context loop;
    Resolver resolver;
    std::unique_ptr<Listener> listener;
    std::vector<std::string> asked;
};

std::string const established = "HTTP/1.1 200 Connection established\r\n\r\n";

// The name is the proxy's to find: there is no such server.
TEST_F(ProxyTest, WhatAServerSaysFirstIsNotLostAndTlsNamesTheServer)
{
    listen([](Accepted& stream, std::string) -> awaitable<void> {
        Wire const greeting{established + "220 ready\r\n"};
        co_await stream.write(greeting);
        std::string said;
        (void)co_await stream.read_more(said);
        Wire const go{"220 go\r\n"};
        co_await stream.write(go);
        co_await stream.accept_tls();
        Wire const done{"secured " + said};
        co_await stream.write(done);
    });
    std::string first, last;
    Woken woken{};
    test::run(loop,
              [](Resolver& its_resolver, Dial how, std::string& greeting, std::string& secured,
                 Woken& how_woken) -> awaitable<void> {
                  auto const transport = co_await dial(its_resolver, std::move(how));
                  how_woken = co_await transport->wait(2s);
                  (void)co_await transport->read_more(greeting);
                  Wire const start{"STARTTLS\r\n"};
                  co_await transport->write(start);
                  std::string go;
                  (void)co_await transport->read_more(go);
                  co_await transport->start_tls();
                  (void)co_await transport->read_more(secured);
              }(resolver, through(Security::starttls), first, last, woken));
    EXPECT_EQ(woken, Woken::readable);
    EXPECT_EQ(first, "220 ready\r\n");
    EXPECT_EQ(last, "secured STARTTLS\r\n");
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_THAT(asked[0], HasSubstr("CONNECT mail.contoso.test:587 HTTP/1.1\r\n"));
    EXPECT_THAT(asked[0], HasSubstr(to_base64("user:pass:word")));
}

TEST_F(ProxyTest, NothingMaySpeakBeforeTls)
{
    answers(established + "* OK hello\r\n");
    auto const error = broken(through(Security::implicit_tls));
    EXPECT_EQ(error.kind(), Trouble::protocol);
    EXPECT_THAT(error.what(), HasSubstr("spoke before TLS"));
}

TEST_F(ProxyTest, ATranscriptShowsTheProxyAndNoPassword)
{
    answers(established + "220 ready\r\n");
    auto how = through(Security::starttls);
    auto const file = folder / "transcript.txt";
    how.transcript = transcript_to_file(file).value();
    test::run(loop, dial(resolver, std::move(how)));
    how.transcript.reset();
    std::ifstream in(file);
    std::string const text{std::istreambuf_iterator<char>(in), {}};
    EXPECT_THAT(text, AllOf(HasSubstr("connected to the proxy 127.0.0.1:"), HasSubstr("CONNECT mail.contoso.test:587"),
                            HasSubstr("200 Connection established"), Not(HasSubstr(to_base64("user:pass:word")))));
}

TEST_F(ProxyTest, ARefusalIsToldByDialAndByHttps)
{
    answers("HTTP/1.1 403 Filtered\r\nContent-Length: 6\r\n\r\n<html>");
    auto const error = broken(through(Security::implicit_tls));
    EXPECT_EQ(error.kind(), Trouble::unreachable);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("does not lead to mail.contoso.test:587 (403 Filtered)"),
                                    HasSubstr("have its administrator allow")));
    auto const proxy = through(Security::none).proxy;
    EXPECT_THAT(call("https://login.contoso.test/x", proxy),
                AllOf(HasSubstr("unreachable: the proxy 127.0.0.1:"),
                      HasSubstr("does not lead to login.contoso.test:443 (403)")));
    answers("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n");
    auto const again = through(Security::none).proxy;
    EXPECT_THAT(broken(through(Security::starttls)).what(), HasSubstr("refused the sign-in as user"));
    EXPECT_THAT(call("https://login.contoso.test/x", again),
                AllOf(HasSubstr("refused the sign-in as user"), Not(HasSubstr("pass:word"))));
}

TEST_F(ProxyTest, OneThatIsGoneOrSilentOrClosesIsNamed)
{
    answers("");
    auto gone = through(Security::starttls);
    listener.reset();
    EXPECT_THAT(broken(gone).what(), AllOf(HasSubstr("cannot reach the proxy 127.0.0.1:"),
                                           HasSubstr("mail.contoso.test:587"), HasSubstr("Connection refused")));
    EXPECT_THAT(call("https://login.contoso.test/x", gone.proxy),
                AllOf(HasSubstr("unreachable: the proxy 127.0.0.1:"), HasSubstr("login.contoso.test:443")));
    auto nameless = proxy_at(1);
    nameless.at.host = "no such proxy";
    gone.proxy = std::make_shared<Proxy const>(nameless);
    EXPECT_THAT(broken(gone).what(), AllOf(HasSubstr("the proxy no such proxy:1"), HasSubstr("mail.contoso.test:587")));

    listen([](Accepted& stream, std::string) -> awaitable<void> {
        std::string rest;
        (void)co_await stream.read_more(rest);
    });
    auto silent = through(Security::starttls);
    silent.limit = 300ms;
    auto const begin = std::chrono::steady_clock::now();
    auto const late = broken(silent);
    EXPECT_EQ(late.kind(), Trouble::timed_out);
    EXPECT_THAT(late.what(), AllOf(HasSubstr("the proxy 127.0.0.1:"), HasSubstr("did not answer in 0.3 s")));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);

    listen([](Accepted& stream, std::string) -> awaitable<void> {
        stream.close();
        co_return;
    });
    EXPECT_THAT(broken(through(Security::starttls)).what(), HasSubstr("closed the connection when it was asked"));
}

TEST_F(ProxyTest, AnEndlessAnswerEnds)
{
    listen([](Accepted& stream, std::string) -> awaitable<void> {
        Wire const begin{std::string("HTTP/1.1 200 OK\r\n")};
        co_await stream.write(begin);
        Wire const more{"X: " + std::string(4000, 'x') + "\r\n"};
        for (;;) co_await stream.write(more);
    });
    EXPECT_EQ(broken(through(Security::starttls)).kind(), Trouble::limit);
}

TEST_F(ProxyTest, HttpsGoesThroughItAndTheServerIsVerified)
{
    listen([](Accepted& stream, std::string) -> awaitable<void> {
        Wire const yes{established};
        co_await stream.write(yes);
        co_await stream.accept_tls();
        std::string request;
        (void)co_await stream.read_more(request);
        Wire const answer{std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")};
        co_await stream.write(answer);
    });
    auto const proxy = through(Security::none).proxy;
    EXPECT_EQ(call("https://mail.contoso.test/x", proxy), "hello");
    EXPECT_THAT(asked.at(0), AllOf(HasSubstr("CONNECT mail.contoso.test:443"), HasSubstr(to_base64("user:pass:word"))));
    EXPECT_THAT(call("https://login.contoso.test/x", proxy), HasSubstr("tls: login.contoso.test:443 is not trusted"));
}

TEST_F(ProxyTest, LoopbackNeverGoesThroughIt)
{
    answers(established);
    auto how = through(Security::none);
    how.server = {"localhost", listener->port()};
    test::run(loop, dial(resolver, how));
    (void)call("https://localhost:" + std::to_string(listener->port()) + "/", how.proxy);
    loop.restart();
    loop.run_for(50ms);
    EXPECT_TRUE(asked.empty());
}

}  // namespace
}  // namespace postroom::net
