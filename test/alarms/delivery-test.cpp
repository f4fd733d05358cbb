// Mail about alarms where a disk is full: what it reached is noted nowhere, and still nobody gets it twice.
#include "alarms/notifier.hpp"
#include "net/resolver.hpp"
#include "store/alarms.hpp"
#include "store/settings.hpp"
#include "support/loop.hpp"

#include "../store/both-stores.hpp"

#include <gmock/gmock.h>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace postroom::alarms {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;
using store::Connection;
using testing::ElementsAre;
using testing::IsEmpty;

/// Takes every mail, but not for those whom it is told to defer.
class MailServer {
public:
    explicit MailServer(asio::io_context& loop) : acceptor_(loop, {asio::ip::address_v4::loopback(), 0})
    {
        asio::co_spawn(loop, serve(), asio::detached);
    }
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    std::vector<std::vector<std::string>> took;  ///< the recipients of each mail
    std::string deferred;
    std::function<void()> on_mail = [] {};

private:
    net::awaitable<void> serve()
    {
        for (;;) {
            auto connection = co_await acceptor_.async_accept(asio::use_awaitable);
            try {
                co_await talk(std::move(connection));
            } catch (boost::system::system_error const&) {
                continue;  // it hung up
            }
        }
    }
    net::awaitable<void> talk(tcp::socket connection)
    {
        std::string read;
        std::vector<std::string> recipients;
        bool mail = false;
        std::string answer = "220 ready\r\n";
        for (;;) {
            if (!answer.empty()) co_await asio::async_write(connection, asio::buffer(answer), asio::use_awaitable);
            auto const size =
                co_await asio::async_read_until(connection, asio::dynamic_buffer(read), "\r\n", asio::use_awaitable);
            auto const line = read.substr(0, size - 2);
            read.erase(0, size);
            answer = "250 ok\r\n";
            if (mail && line != ".") {
                answer.clear();
            } else if (mail) {
                mail = false;
                took.push_back(std::exchange(recipients, {}));
                on_mail();
            } else if (line.starts_with("RCPT TO:<")) {
                auto const who = line.substr(9, line.find('>') - 9);
                if (who == deferred)
                    answer = "451 4.2.0 later\r\n";
                else
                    recipients.push_back(who);
            } else if (line == "DATA") {
                mail = true;
                answer = "354 go ahead\r\n";
            }
        }
    }

    tcp::acceptor acceptor_;
};

/// The store that it is given, while its disk has room.
class Disk : public store::Store {
public:
    explicit Disk(store::Store& inner) : inner_(inner) {}
    void write_now(std::function<void(Connection&)> work) override { inner_.write_now(std::move(work)); }
    void read_now(std::function<void(Connection&)> work) override { inner_.read_now(std::move(work)); }
    [[nodiscard]] Counts counts() const override { return inner_.counts(); }

    bool full = false;

protected:
    store::awaitable<void> submit_write(std::function<void(Connection&)> work, std::size_t bytes) override
    {
        if (full) throw store::Failure(Trouble::store, "database or disk is full");
        co_await inner_.write(std::move(work), bytes);
    }
    store::awaitable<void> submit_read(std::function<void(Connection&)> work) override
    {
        co_await inner_.read(std::move(work));
    }

private:
    store::Store& inner_;
};

class DeliveryTest : public store::OnBothStores {
protected:
    DeliveryTest()
    {
        it.recipients = {"ann@contoso.com", "bob@contoso.com"};
        it.subject = "Postroom: alarm begins";
        it.words = "It begins.";
        it.created = it.next_try = clock.now();
        model::AlarmRoute route{.id = model::AlarmRouteId::make()};
        route.kind = model::AlarmRoute::Kind::server;
        route.server = {"127.0.0.1", server.port()};
        route.security = model::AlarmRoute::Security::none;
        route.sender = "postroom@contoso.com";
        route.created = clock.now();
        write([&](Connection& c) {
            store::add_alarm_route(c, route);
            store::add_notification(c, it);
        });
        look(notifier);
    }

    void look(Notifier& who) { test::run(loop, who.look()); }
    void deliver(Notifier& who) { test::run(loop, who.deliver()); }
    model::Notification noted()
    {
        return read([&](Connection& c) { return store::notification(c, it.id).value(); });
    }
    [[nodiscard]] Ground ground()
    {
        grants::Roads roads{.tokens = nullptr, .resolver = &resolver};
        roads.host_name = "localhost";
        return {&disk, roads, loop.get_executor(), "one", &clock};
    }

    model::Notification it{.id = model::NotificationId::make()};
    net::Resolver resolver{loop.get_executor()};
    MailServer server{loop};
    Disk disk{*store};
    Notifier notifier{ground()};
};

POSTROOM_ON_BOTH_STORES(DeliveryTest);

TEST_P(DeliveryTest, IsNotMailedAgainWhereThatItWasCannotBeNoted)
{
    server.on_mail = [&] { disk.full = true; };
    EXPECT_THROW(deliver(notifier), store::Failure);
    ASSERT_THAT(server.took, ElementsAre(it.recipients));
    disk.full = false;
    EXPECT_EQ(noted().tries, 1);
    EXPECT_GT(noted().next_try, clock.now() + 2s) << "not two seconds later";
    deliver(notifier);
    Notifier another{ground()};
    look(another);
    deliver(another);
    EXPECT_EQ(server.took.size(), 1U) << "nor by a server that knows nothing of it";

    clock.advance(10s);
    look(notifier);
    deliver(notifier);
    EXPECT_EQ(server.took.size(), 1U);
    EXPECT_EQ(noted().state, model::NotificationState::sent);
    EXPECT_THAT(noted().reached, ElementsAre("ann@contoso.com", "bob@contoso.com"));
    EXPECT_THAT(noted().route, testing::StartsWith("server 127.0.0.1"));
    EXPECT_THAT(noted().reason, IsEmpty());
}

TEST_P(DeliveryTest, WhomItDidNotReachThenGetsItLaterAndNobodyElse)
{
    server.on_mail = [&] { disk.full = true; };
    server.deferred = "bob@contoso.com";
    EXPECT_THROW(deliver(notifier), store::Failure);
    server.on_mail = [] {};
    server.deferred.clear();
    disk.full = false;
    clock.advance(10s);
    look(notifier);
    deliver(notifier);
    EXPECT_THAT(server.took, ElementsAre(ElementsAre("ann@contoso.com"), ElementsAre("bob@contoso.com")));
    EXPECT_EQ(noted().state, model::NotificationState::sent);
    EXPECT_THAT(noted().reached, ElementsAre("ann@contoso.com", "bob@contoso.com"));
}

TEST_P(DeliveryTest, WhereNothingCanBeNotedNothingIsMailed)
{
    disk.full = true;
    EXPECT_THROW(deliver(notifier), store::Failure);
    EXPECT_THAT(server.took, IsEmpty());
}

}  // namespace
}  // namespace postroom::alarms
