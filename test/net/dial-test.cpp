#include "net/dial.hpp"

#include "net/listen.hpp"
#include "net/tls.hpp"
#include "support/broken.hpp"
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
        return test::broken_by([&] { test::run(loop, dial(resolver, std::move(how))); });
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
class SilentPort {
public:
    explicit SilentPort(asio::io_context& loop) : full_(loop)
    {
        full_.open(tcp::v4());
        full_.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        full_.listen(0);
        for (int i = 0; i < 4; ++i) {
            fillers_.emplace_back(loop);
            fillers_.back().async_connect(full_.local_endpoint(), [](boost::system::error_code) {});
        }
    }
    [[nodiscard]] std::uint16_t number() const { return full_.local_endpoint().port(); }

private:
    tcp::acceptor full_;
    std::list<tcp::socket> fillers_;
};

TEST_F(DialTest, ASilentPortMeetsTheDeadline)
{
    SilentPort const silent(loop);
    auto const begin = std::chrono::steady_clock::now();
    auto const error = broken(to("127.0.0.1", silent.number(), 300ms));
    EXPECT_EQ(error.kind(), Trouble::timed_out);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("127.0.0.1: no answer"), HasSubstr("0.3 s")));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST_F(DialTest, AStopBreaksOffWhateverIsUnderWay)
{
    // The second answers the connection, and says nothing where TLS should begin.
    SilentPort const silent(loop);
    std::vector<std::unique_ptr<Accepted>> kept;
    auto keep = [&kept](std::unique_ptr<Accepted> connection) -> awaitable<void> {
        kept.push_back(std::move(connection));
        co_return;
    };
    Listen const where{Endpoint{"127.0.0.1", 0}, nullptr};
    auto const mute = Listener::open(loop.get_executor(), where, keep).value();
    for (auto const port : {silent.number(), mute->port()}) {
        auto how = to("127.0.0.1", port, 30s);
        how.stop = std::make_shared<Stop>();
        if (port == mute->port()) {
            how.security = Security::implicit_tls;
            how.tls = TlsContext::client({}).value();
        }
        asio::steady_timer soon(loop, 100ms);
        soon.async_wait([stop = how.stop](boost::system::error_code) { stop->now(); });
        auto const begin = std::chrono::steady_clock::now();
        auto const first = broken(how);
        EXPECT_EQ(first.kind(), Trouble::closed) << first.what();
        // And whoever comes after it.
        auto const second = broken(how);
        EXPECT_EQ(second.kind(), Trouble::closed);
        EXPECT_THAT(second.what(), HasSubstr("stopping"));
        EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
    }
    mute->stop();
}

TEST_F(DialTest, AStopLeavesAloneWhatIsOver)
{
    Listen const where{Endpoint{"127.0.0.1", 0}, nullptr};
    auto const listener = Listener::open(loop.get_executor(), where, [](std::unique_ptr<Accepted>) -> awaitable<void> {
                              co_return;
                          }).value();
    auto how = to("localhost", listener->port());
    how.stop = std::make_shared<Stop>();
    auto const transport = test::run(loop, dial(resolver, how));
    how.stop->now();
    transport->expire_after(1s);
    std::string nothing;
    // The server's end, and not ours.
    EXPECT_FALSE(test::run(loop, transport->read_more(nothing)));
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
