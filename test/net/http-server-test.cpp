// The server against raw bytes, as a client in a hurry or with bad intentions sends them.
#include "net/http-server.hpp"

#include "net/dial.hpp"
#include "net/http-text.hpp"
#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::net {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpServerTest : public testing::Test {
protected:
    HttpServerTest() : resolver(loop.get_executor())
    {
        limits.head = 4096;
        limits.body = 10'000;
        limits.idle = 300ms;
        limits.transfer = 200ms;
        server = serve_http(
                     loop.get_executor(), {Endpoint{"127.0.0.1", 0}, nullptr},
                     [this](HttpRequest request) { return handle(std::move(request)); }, limits)
                     .value();
    }

    awaitable<HttpResponse> handle(HttpRequest request)
    {
        HttpResponse response;
        if (request.path == "/throws") throw std::runtime_error("the secret reason");
        if (request.path == "/splits") response.headers = {{"X", "a\r\nSet-Cookie: b"}};
        if (request.path == "/empty") response.status = http::status::no_content;
        if (request.path == "/stream")
            response.stream = [](BodyStream& to) -> awaitable<void> {
                for (int i = 0; i < 3; ++i) co_await to.write("data: " + std::to_string(i) + "\n\n");
            };
        if (request.path == "/cut")
            response.stream = [](BodyStream& to) -> awaitable<void> {
                co_await to.write("some of it");
                throw std::runtime_error("and no more");
            };
        response.body = request.path + "|" + request.body;
        last = std::move(request);
        co_return response;
    }

    awaitable<std::unique_ptr<Transport>> connect()
    {
        Dial how;
        how.server = {"127.0.0.1", server->port()};
        how.security = Security::none;
        how.limit = 5s;
        auto transport = co_await dial(resolver, std::move(how));
        co_return transport;
    }

    // Sends, then reads until the server closes.
    std::string talk(std::string bytes, std::size_t piece = std::string::npos)
    {
        return test::run(loop, [](auto connecting, std::string text, std::size_t size) -> awaitable<std::string> {
            auto const transport = co_await std::move(connecting);
            for (std::size_t at = 0; at < text.size(); at += std::min(size, text.size() - at)) {
                Wire const wire(text.substr(at, size));
                co_await transport->write(wire);
            }
            std::string answer;
            while (co_await transport->read_more(answer)) {
            }
            co_return answer;
        }(connect(), std::move(bytes), piece));
    }

    asio::io_context loop;
    Resolver resolver;
    HttpLimits limits;
    std::unique_ptr<Listener> server;
    HttpRequest last;
};

TEST_F(HttpServerTest, ARequestIsTakenApart)
{
    auto const answer = talk(
        "POST /a%20b/c?x=1%262&y&x=z+w HTTP/1.1\r\nHost: here\r\nCookie: one=1; session=abc\r\n"
        "Content-Length: 5\r\nConnection: close\r\n\r\nhello");
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Content-Length: 12\r\n"),
                              HasSubstr("\r\n\r\n/a b/c|hello")));
    EXPECT_EQ(last.method, http::verb::post);
    EXPECT_EQ(last.parameter("x"), "1&2");
    EXPECT_EQ(last.query.count("x"), 2U);
    EXPECT_EQ(last.parameter("y"), "");
    EXPECT_EQ(last.parameter("z"), std::nullopt);
    EXPECT_EQ(last.header("host"), "here");
    EXPECT_EQ(last.cookie("session"), "abc");
    EXPECT_EQ(last.cookie("sess"), std::nullopt);
    EXPECT_THAT(last.peer, StartsWith("127.0.0.1:"));
}

TEST_F(HttpServerTest, BytesMayComeOneByOne)
{
    auto const answer = talk(
        "POST /slow HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        1);
    EXPECT_THAT(answer, HasSubstr("/slow|abcde"));
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInTurn)
{
    auto const answer = talk(
        "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok"
        "HEAD /3 HTTP/1.1\r\nHost: h\r\n\r\nGET /empty HTTP/1.1\r\nHost: h\r\n\r\n"
        "GET /5 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    auto const one = answer.find("/1|"), two = answer.find("/2|ok"), five = answer.find("/5|");
    EXPECT_TRUE(one < two && two < five && five != std::string::npos) << answer;
    EXPECT_THAT(answer, AllOf(Not(HasSubstr("/3|")), HasSubstr("204 No Content\r\nConnection")));
}

TEST_F(HttpServerTest, ContinueIsSaidWhenItIsExpected)
{
    auto const answer = test::run(loop, [](auto connecting) -> awaitable<std::string> {
        auto const transport = co_await std::move(connecting);
        Wire const head(std::string(
            "POST /c HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"));
        co_await transport->write(head);
        std::string text;
        co_await transport->read_more(text);
        EXPECT_EQ(text, "HTTP/1.1 100 Continue\r\n\r\n");
        Wire const body(std::string("ok"));
        co_await transport->write(body);
        while (co_await transport->read_more(text)) {
        }
        co_return text;
    }(connect()));
    EXPECT_THAT(answer, HasSubstr("/c|ok"));
}

TEST_F(HttpServerTest, AStreamRunsToTheEndOfTheConnection)
{
    auto const answer = talk("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(answer,
                AllOf(HasSubstr("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n9\r\ndata: 0\n\n\r\n9\r\n"),
                      EndsWith("data: 2\n\n\r\n0\r\n\r\n"), Not(HasSubstr("Content-Length"))));
}

TEST_F(HttpServerTest, AStreamIsNotChunkedForWhoDoesNotKnowChunks)
{
    auto const answer = talk("GET /stream HTTP/1.0\r\n\r\n");
    EXPECT_THAT(answer, AllOf(EndsWith("Connection: close\r\n\r\ndata: 0\n\ndata: 1\n\ndata: 2\n\n"),
                              Not(HasSubstr("Transfer-Encoding"))));
}

TEST_F(HttpServerTest, AStreamThatFailsIsSeenToBeCutOff)
{
    auto const answer = talk("GET /cut HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(answer, EndsWith("a\r\nsome of it\r\n"));
}

TEST_F(HttpServerTest, WhatAHandlerThrowsIsForTheLog)
{
    auto const answer = talk("GET /throws HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr("reference 0"), Not(HasSubstr("secret reason"))));
}

TEST_F(HttpServerTest, AResponseIsNotSplit)
{
    auto const answer = talk("GET /splits HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 500 "), Not(HasSubstr("Set-Cookie"))));
}

struct Refused {
    char const* what;
    std::string bytes;
    char const* status;
};

TEST_F(HttpServerTest, BadRequestsAreRefusedAndTheConnectionEnds)
{
    std::string const host = "Host: h\r\n";
    std::vector<Refused> const table{
        {"long head", "GET / HTTP/1.1\r\n" + host + "X: " + std::string(5000, 'x') + "\r\n\r\n", "431"},
        {"head without end", "GET /" + std::string(9000, 'x'), "431"},
        {"announced body", "POST / HTTP/1.1\r\n" + host + "Content-Length: 10001\r\n\r\n", "413"},
        {"chunked body",
         "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nffff\r\n" + std::string(65535, 'x'), "413"},
        {"nonsense", "\x16\x03\x01\x02\r\n\r\n", "400"},
        {"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
        {"two hosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", "400"},
        {"two lengths", "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"},
        {"length and chunked",
         "POST / HTTP/1.1\r\n" + host + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
        {"chunked and length",
         "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", "400"},
        {"other coding", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
        {"unknown coding", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n", "501"},
        {"two codings",
         "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", "400"},
        {"space before the colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", "400"},
        {"negative length", "POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", "400"},
        {"bad chunk", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
        {"climbing", "GET /a/%2e%2e/b HTTP/1.1\r\n" + host + "\r\n", "400"},
        {"nul", "GET /a%00b HTTP/1.1\r\n" + host + "\r\n", "400"},
        {"half an escape", "GET /%4 HTTP/1.1\r\n" + host + "\r\n", "400"},
        {"authority form", "CONNECT h:1 HTTP/1.1\r\n" + host + "\r\n", "501"},
        {"version", "GET / HTTP/2.0\r\n" + host + "\r\n", "505"},
        {"unknown method", "BREW / HTTP/1.1\r\n" + host + "\r\n", "501"},
    };
    for (auto const& row : table)
        EXPECT_THAT(talk(row.bytes), AllOf(StartsWith(std::string("HTTP/1.1 ") + row.status), HasSubstr("close")))
            << row.what;
}

TEST_F(HttpServerTest, WhoIsSlowIsCutOff)
{
    for (std::string const bytes : {"", "GET / HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"}) {
        auto const begin = std::chrono::steady_clock::now();
        EXPECT_EQ(talk(bytes), "");
        EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    }
}

TEST_F(HttpServerTest, AnAbsoluteTargetIsTaken)
{
    EXPECT_THAT(talk("GET http://h/x?y=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), HasSubstr("/x|"));
    EXPECT_EQ(last.parameter("y"), "1");
}

TEST(HttpText, FormsAndEscapes)
{
    auto const form = parse_form("a=1&b=%C3%A9+x&=&c");
    ASSERT_TRUE(form);
    EXPECT_EQ(form->find("b")->second, "é x");
    EXPECT_EQ(form->count("c"), 1U);
    EXPECT_FALSE(parse_form("a=%zz"));
    EXPECT_FALSE(parse_form("a=%2"));
    EXPECT_EQ(percent_encode("a b&é/~"), "a%20b%26%C3%A9%2F~");
}

}  // namespace
}  // namespace postroom::net
