#include "net/https.hpp"

#include "net/http-server.hpp"
#include "support/broken.hpp"
#include "support/certificates.hpp"
#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace postroom::net {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

HttpsCall get(std::string url)
{
    HttpsCall request;
    request.url = std::move(url);
    return request;
}

class HttpsTest : public testing::Test {
protected:
    HttpsTest() : authority(folder), https(loop.get_executor(), TlsContext::client({authority.file()}).value())
    {
        serve(authority.issue("localhost", "DNS:localhost"));
    }

    void serve(test::Files const& files)
    {
        auto const tls = TlsContext::server(files.certificate, files.key).value();
        server = serve_http(loop.get_executor(), {Endpoint{"127.0.0.1", 0}, tls}, [this](HttpRequest request) {
                     return handle(std::move(request));
                 }).value();
    }

    awaitable<HttpResponse> handle(HttpRequest request)
    {
        HttpResponse response;
        if (request.path == "/slow") {
            asio::steady_timer pause(co_await asio::this_coro::executor, 10s);
            co_await pause.async_wait(asio::use_awaitable);
        }
        if (request.path == "/long") response.body.assign(100'000, 'x');
        if (request.path == "/elsewhere") {
            response.status = http::status::found;
            response.headers = {{"Location", "/"}};
        }
        if (request.path == "/throttled") {
            response.status = http::status::too_many_requests;
            response.headers = {{"Retry-After", "17"}};
        }
        if (request.path == "/") response.body = request.body + "|" + std::string(request.header("content-type"));
        response.headers.emplace_back("X-Method", std::string(http::to_string(request.method)));
        co_return response;
    }

    std::string url(std::string const& path) { return "https://localhost:" + std::to_string(server->port()) + path; }

    HttpsAnswer call(HttpsCall request) { return test::run(loop, https.call(std::move(request))); }

    Broken broken(HttpsCall request)
    {
        return test::broken_by([&] { call(std::move(request)); });
    }

    test::ScratchFolder folder;
    test::Authority authority;
    asio::io_context loop;
    Https https;
    std::unique_ptr<Listener> server;
};

TEST_F(HttpsTest, PostsABodyAndReadsTheAnswer)
{
    auto request = get(url("/"));
    request.method = "POST";
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body.text("grant_type=refresh_token&refresh_token=").secret("abc");
    auto const answer = call(std::move(request));
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "grant_type=refresh_token&refresh_token=abc|application/x-www-form-urlencoded");
    EXPECT_EQ(answer.headers.at("x-method"), "POST");
    EXPECT_EQ(call(get(url("/"))).headers.at("x-method"), "GET");
}

TEST_F(HttpsTest, AnyStatusIsAnAnswerAndNoRedirectIsFollowed)
{
    auto const elsewhere = call(get(url("/elsewhere")));
    EXPECT_EQ(elsewhere.status, 302U);
    EXPECT_EQ(elsewhere.headers.at("location"), "/");
    auto const throttled = call(get(url("/throttled")));
    EXPECT_EQ(throttled.status, 429U);
    EXPECT_EQ(throttled.headers.at("retry-after"), "17");
}

TEST_F(HttpsTest, TooLongAnAnswerEndsTheCall)
{
    auto request = get(url("/long"));
    request.most_bytes = 99'999;
    EXPECT_EQ(broken(std::move(request)).kind(), Trouble::limit);
    auto enough = get(url("/long"));
    enough.most_bytes = 100'000;
    EXPECT_EQ(call(std::move(enough)).body.size(), 100'000U);
}

TEST_F(HttpsTest, TheDeadlineHolds)
{
    auto request = get(url("/slow"));
    request.limit = 300ms;
    auto const begin = std::chrono::steady_clock::now();
    EXPECT_EQ(broken(std::move(request)).kind(), Trouble::timed_out);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST_F(HttpsTest, WrongNameAndUnknownAuthorityAreRefusedWithTheirReasons)
{
    serve(authority.issue("elsewhere", "DNS:login.contoso.com"));
    auto const name = broken(get(url("/")));
    EXPECT_EQ(name.kind(), Trouble::tls);
    EXPECT_THAT(name.what(), AllOf(HasSubstr("not for localhost"), HasSubstr("login.contoso.com")));

    test::Authority stranger(folder, "A Stranger");
    serve(stranger.issue("localhost", "DNS:localhost"));
    auto const unknown = broken(get(url("/")));
    EXPECT_EQ(unknown.kind(), Trouble::tls);
    EXPECT_THAT(unknown.what(), AllOf(HasSubstr("does not verify"), HasSubstr("issued by CN = A Stranger")));

    serve(authority.issue("localhost", "DNS:localhost", -20, -10));
    EXPECT_THAT(broken(get(url("/"))).what(), HasSubstr("expired"));
}

TEST_F(HttpsTest, NothingListensThere)
{
    auto const address = url("/");
    server.reset();
    auto const error = broken(get(address));
    EXPECT_EQ(error.kind(), Trouble::unreachable);
    EXPECT_THAT(error.what(), HasSubstr("localhost:"));
}

TEST_F(HttpsTest, PlainHttpOnlyToThisMachine)
{
    for (std::string const bad : {"http://example.com/", "ftp://localhost/", "file:///etc/passwd", "nonsense", ""})
        EXPECT_EQ(broken(get(bad)).kind(), Trouble::protocol) << bad;
    auto const plain =
        serve_http(loop.get_executor(), {Endpoint{"127.0.0.1", 0}, nullptr}, [this](HttpRequest request) {
            return handle(std::move(request));
        }).value();
    EXPECT_EQ(call(get("http://127.0.0.1:" + std::to_string(plain->port()) + "/")).status, 200U);
}

TEST_F(HttpsTest, ManyCallsAtOnce)
{
    int done = 0;
    auto const one = [&]() -> awaitable<void> {
        auto request = get(url("/"));
        auto const answer = co_await https.call(std::move(request));
        EXPECT_EQ(answer.status, 200U);
        ++done;
    };
    for (int i = 0; i < 50; ++i) asio::co_spawn(loop, one(), asio::detached);
    auto const until = std::chrono::steady_clock::now() + 30s;
    while (done < 50 && std::chrono::steady_clock::now() < until) loop.run_one_until(until);
    EXPECT_EQ(done, 50);
}

TEST(Https, MayGoWhileACallIsUnderWay)
{
    test::ScratchFolder const folder;
    asio::io_context loop;
    auto https = std::make_unique<Https>(loop.get_executor(), TlsContext::client({}).value());
    asio::ip::tcp::acceptor silent(loop, {asio::ip::address_v4::loopback(), 0});
    auto request = get("http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/");
    request.limit = 200ms;
    auto call = https->call(std::move(request));
    https.reset();
    EXPECT_THROW(test::run(loop, std::move(call)), Broken);
}

}  // namespace
}  // namespace postroom::net
