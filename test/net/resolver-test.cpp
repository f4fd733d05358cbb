// Against a DNS server of the test on loopback: it answers some names, refuses others, and is silent for one.
#include "net/resolver.hpp"

#include "support/broken.hpp"
#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace postroom::net {
namespace {

using namespace std::chrono_literals;
using asio::ip::udp;
using testing::ElementsAre;
using testing::HasSubstr;

// Enough of RFC 1035: one question, answers with A or AAAA records that point back to its name.
class NameServer {
public:
    explicit NameServer(asio::io_context& loop) : socket_(loop, udp::endpoint(asio::ip::address_v4::loopback(), 0))
    {
        asio::co_spawn(loop, serve(), asio::detached);
    }

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(socket_.local_endpoint().port()); }

    int asked = 0;

private:
    awaitable<void> serve()
    {
        for (;;) {
            std::string query(512, '\0');
            udp::endpoint from;
            boost::system::error_code error;
            auto const size = co_await socket_.async_receive_from(asio::buffer(query), from,
                                                                  asio::redirect_error(asio::use_awaitable, error));
            if (error) co_return;
            query.resize(size);
            auto const reply = answer(query);
            if (!reply.empty()) socket_.send_to(asio::buffer(reply), from);
        }
    }

    std::string answer(std::string const& query)
    {
        ++asked;
        std::string name;
        std::size_t at = 12;
        for (; query[at] != 0; at += static_cast<std::size_t>(query[at]) + 1)
            name += (name.empty() ? "" : ".") + query.substr(at + 1, static_cast<std::size_t>(query[at]));
        char const type = query[at + 2];  // the low byte of QTYPE
        auto const question = query.substr(12, at + 5 - 12);
        if (name == "silent.test") return {};
        std::string records;
        char count = 0, code = 0;
        auto const add = [&](std::string const& data) {
            records += std::string("\xc0\x0c\0", 3) + type + std::string("\0\1\0\0\0\x3c\0", 7) +
                       static_cast<char>(data.size()) + data;
            ++count;
        };
        if (name == "nowhere.test") code = 3;
        if (name == "both.test" && type == 1) {
            add({10, 0, 0, 1});
            add({10, 0, 0, 2});
        }
        if (name == "both.test" && type == 28) add(std::string("\xfd", 1) + std::string(14, '\0') + '\1');
        if (name == "four.test" && type == 1) add({10, 0, 0, 9});
        return query.substr(0, 2) + '\x81' + static_cast<char>(0x80 | code) + std::string("\0\1\0", 3) + count +
               std::string(4, '\0') + question + records;
    }

    udp::socket socket_;
};

class ResolverTest : public testing::Test {
protected:
    ResolverTest() : server(loop), resolver(loop.get_executor(), {server.address()}) {}

    std::vector<std::string> resolve(std::string host, Duration limit = 5s)
    {
        std::vector<std::string> shown;
        for (auto const& address : test::run(loop, resolver.resolve(std::move(host), limit)))
            shown.push_back(address.to_string());
        return shown;
    }

    Broken broken(std::string host, Duration limit = 5s)
    {
        return test::broken_by([&] { resolve(std::move(host), limit); });
    }

    asio::io_context loop;
    NameServer server;
    Resolver resolver;
};

TEST_F(ResolverTest, LiteralsAndLocalhostNeedNoServer)
{
    EXPECT_THAT(resolve("192.0.2.7"), ElementsAre("192.0.2.7"));
    EXPECT_THAT(resolve("::1"), ElementsAre("::1"));
    EXPECT_THAT(resolve("localhost"), testing::Contains("127.0.0.1"));
    EXPECT_EQ(server.asked, 0);
}

TEST_F(ResolverTest, FamiliesComeInTurn)
{
    auto const found = resolve("both.test");
    ASSERT_EQ(found.size(), 3U);
    EXPECT_THAT(found, testing::UnorderedElementsAre("fd00::1", "10.0.0.1", "10.0.0.2"));
    bool const six_first = found[0] == "fd00::1";
    EXPECT_TRUE(six_first || found[1] == "fd00::1") << testing::PrintToString(found);
}

TEST_F(ResolverTest, AnswersAreKeptAndAskedOnceHoweverManyWait)
{
    int done = 0;
    auto const one = [&]() -> awaitable<void> {
        auto const found = co_await resolver.resolve("Four.Test.", 5s);
        EXPECT_EQ(found.front().to_string(), "10.0.0.9");
        ++done;
    };
    for (int i = 0; i < 50; ++i) asio::co_spawn(loop, one(), asio::detached);
    EXPECT_THAT(resolve("four.test"), ElementsAre("10.0.0.9"));
    EXPECT_EQ(done, 50);
    EXPECT_LE(server.asked, 2);  // A and AAAA
    resolve("four.test");
    EXPECT_LE(server.asked, 2);
}

TEST_F(ResolverTest, AnUnknownNameIsNamedAndRemembered)
{
    auto const error = broken("nowhere.test");
    EXPECT_EQ(error.kind(), Trouble::unreachable);
    EXPECT_THAT(error.what(), HasSubstr("nowhere.test"));
    int const asked = server.asked;
    EXPECT_EQ(broken("nowhere.test").kind(), Trouble::unreachable);
    EXPECT_EQ(server.asked, asked);
}

TEST_F(ResolverTest, ADeadNameStallsNobody)
{
    std::optional<Broken> dead;
    auto const wait = [&]() -> awaitable<void> {
        try {
            co_await resolver.resolve("silent.test", 700ms);
        } catch (Broken const& error) {
            dead = error;
        }
    };
    for (int i = 0; i < 20; ++i) asio::co_spawn(loop, wait(), asio::detached);
    auto const begin = std::chrono::steady_clock::now();
    EXPECT_THAT(resolve("four.test"), ElementsAre("10.0.0.9"));
    EXPECT_FALSE(dead);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 500ms);
    auto const late = broken("silent.test", 1s);
    EXPECT_EQ(late.kind(), Trouble::timed_out);
    EXPECT_THAT(late.what(), HasSubstr("silent.test"));
    ASSERT_TRUE(dead);
    EXPECT_EQ(dead->kind(), Trouble::timed_out);
}

TEST_F(ResolverTest, AStopEndsTheWaitAndNobodyElses)
{
    auto const stop = std::make_shared<Stop>();
    asio::steady_timer soon(loop, 100ms);
    soon.async_wait([stop](boost::system::error_code) { stop->now(); });
    auto const begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 2; ++i) {
        auto asked = resolver.resolve("silent.test", 10s, stop);
        try {
            test::run(loop, std::move(asked));
            ADD_FAILURE() << "it was found";
        } catch (Broken const& broken) {
            EXPECT_EQ(broken.kind(), Trouble::closed) << broken.what();
        }
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
    EXPECT_THAT(resolve("four.test"), ElementsAre("10.0.0.9"));
}

TEST_F(ResolverTest, NonsenseIsNoName)
{
    EXPECT_EQ(broken("").kind(), Trouble::unreachable);
    EXPECT_EQ(broken(std::string(300, 'a')).kind(), Trouble::unreachable);
    EXPECT_EQ(broken("a..b").kind(), Trouble::unreachable);
    EXPECT_EQ(broken(std::string("a\0b", 3)).kind(), Trouble::unreachable);
}

TEST(Resolver, MayGoWhileAQuestionIsOpen)
{
    asio::io_context loop;
    NameServer server(loop);
    auto resolver = std::make_unique<Resolver>(loop.get_executor(), std::vector{server.address()});
    auto open = resolver->resolve("silent.test", 300ms);
    resolver.reset();
    EXPECT_THROW(test::run(loop, std::move(open)), Broken);
}

}  // namespace
}  // namespace postroom::net
