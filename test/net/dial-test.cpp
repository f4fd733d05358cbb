#include "net/dial.hpp"

#include "net/listen.hpp"
#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <list>

namespace postroom::net {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using testing::AllOf;
using testing::HasSubstr;

class DialTest : public testing::Test {
protected:
    DialTest() : resolver(loop.get_executor()) {}

    Dial to(std::string host, std::uint16_t port, Duration limit = 5s)
    {
        Dial how;
        how.server = {std::move(host), port};
        how.security = Security::none;
        how.limit = limit;
        return how;
    }

    Broken broken(Dial how)
    {
        try {
            test::run(loop, dial(resolver, std::move(how)));
        } catch (Broken const& error) {
            return error;
        }
        return Broken(Trouble::internal, "nothing was thrown");
    }

    // A port that was free a moment ago.
    std::uint16_t free_port()
    {
        tcp::acceptor const probe(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        return probe.local_endpoint().port();
    }

    asio::io_context loop;
    Resolver resolver;
};

TEST_F(DialTest, ARefusedPortTellsEveryAddressAndItsReason)
{
    auto const error = broken(to("localhost", free_port()));
    EXPECT_EQ(error.kind(), Trouble::unreachable);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("localhost:"), HasSubstr("127.0.0.1: Connection refused")));
}

// A full backlog drops the SYN, as a firewall does.
TEST_F(DialTest, ASilentPortMeetsTheDeadline)
{
    tcp::acceptor full(loop);
    full.open(tcp::v4());
    full.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    full.listen(0);
    std::list<tcp::socket> fillers;
    for (int i = 0; i < 4; ++i) {
        fillers.emplace_back(loop);
        fillers.back().async_connect(full.local_endpoint(), [](boost::system::error_code) {});
    }
    auto const begin = std::chrono::steady_clock::now();
    auto const error = broken(to("127.0.0.1", full.local_endpoint().port(), 300ms));
    EXPECT_EQ(error.kind(), Trouble::timed_out);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("127.0.0.1: no answer"), HasSubstr("0.3 s")));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

// localhost is ::1 and 127.0.0.1; the server has only the second.
TEST_F(DialTest, TheNextAddressIsTriedAtOnceWhenOneRefuses)
{
    Listen const where{Endpoint{"127.0.0.1", 0}, nullptr};
    auto const listener = Listener::open(loop.get_executor(), where, [](std::unique_ptr<Accepted>) -> awaitable<void> {
                              co_return;
                          }).value();
    auto const begin = std::chrono::steady_clock::now();
    auto const transport = test::run(loop, dial(resolver, to("localhost", listener->port())));
    EXPECT_EQ(transport->peer(), "localhost:" + std::to_string(listener->port()));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 200ms);  // no stagger was waited for
}

TEST_F(DialTest, AnUnknownNameIsUnreachable)
{
    auto const error = broken(to("no such name", 1));
    EXPECT_EQ(error.kind(), Trouble::unreachable);
    EXPECT_THAT(error.what(), HasSubstr("no such name"));
}

}  // namespace
}  // namespace postroom::net
