// What is kept of the changes: in their order, each once.
#include "console/events.hpp"

#include "base/text.hpp"
#include "fixture.hpp"
#include "net/listen.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <thread>

namespace postroom::console {
namespace {

class FeedTest : public testing::Test {
protected:
    void change(std::int64_t number)
    {
        store->write_now([&](store::Connection& c) {
            c.execute("INSERT INTO change (number, what, subject, kind) VALUES (?, 'case', ?, 'added')", number,
                      std::to_string(number));
        });
    }
    void look()
    {
        std::this_thread::sleep_for(std::chrono::milliseconds(460));
        test::run(loop, feed.look(*store));
    }
    std::string told(std::uint64_t number)
    {
        auto const found = feed.after(number);
        if (!found) return "lost";
        std::string text;
        for (auto const* const each : *found) text += each->change.subject + " ";
        return text;
    }

    boost::asio::io_context loop;
    test::ScratchFolder folder;
    std::unique_ptr<store::Store> store = std::move(*store::Store::open({.path = folder / "postroom.db"}));
    Feed feed;
};

TEST_F(FeedTest, BeginsWithWhatComesNext)
{
    change(1);
    look();
    EXPECT_EQ(told(0), "");
    change(2);
    change(3);
    look();
    EXPECT_EQ(told(0), "2 3 ");
    EXPECT_EQ(told(feed.last() - 1), "3 ");
    look();
    EXPECT_EQ(told(0), "2 3 ");
}

TEST_F(FeedTest, SaysThatWhatWasSweptIsLost)
{
    change(1);
    look();
    change(2);
    look();
    auto const last = feed.last();
    change(50'000);
    look();
    EXPECT_EQ(told(last), "lost");
    EXPECT_EQ(told(feed.last()), "");
    change(50'001);
    auto const then = feed.last();
    look();
    EXPECT_EQ(told(then), "50001 ");
}

TEST_F(FeedTest, KnowsItsOwnIdsOnly)
{
    change(1);
    look();
    change(2);
    look();
    auto const id = feed.id_of(feed.last());
    EXPECT_EQ(feed.number_of(id), feed.last());
    EXPECT_EQ(feed.number_of(Feed().id_of(feed.last())), std::nullopt);
    for (auto const& wrong : {std::string(), std::string("."), id + "0", id + "x", id.substr(1), "-" + id, id + "-1"})
        EXPECT_EQ(feed.number_of(wrong), std::nullopt) << wrong;
}

TEST(Listeners, EndTheOldestOfASessionThatHasTooMany)
{
    Listeners listeners;
    std::vector<Listeners::Place> places;
    for (int i = 0; i < 3; ++i) places.push_back(listeners.add("a", "u"));
    auto const other = listeners.add("b", "v");
    EXPECT_FALSE(places[0]->over);
    places.push_back(listeners.add("a", "u"));
    EXPECT_TRUE(places[0]->over);
    EXPECT_FALSE(places[1]->over);
    listeners.remove(places[2]);
    places.push_back(listeners.add("a", "u"));
    EXPECT_FALSE(places[1]->over);
    EXPECT_FALSE(other->over);
    EXPECT_FALSE(listeners.full());
    for (int i = 0; i < 500; ++i) (void)listeners.add(std::to_string(i), std::to_string(i));
    EXPECT_TRUE(listeners.full());
}

TEST(Listeners, EndTheOldestOfAUserThatHasTooMany)
{
    Listeners listeners;
    std::vector<Listeners::Place> places;
    for (int i = 0; i < 10; ++i) places.push_back(listeners.add("session " + std::to_string(i), "u"));
    auto const other = listeners.add("session", "v");
    EXPECT_FALSE(places[0]->over);
    places.push_back(listeners.add("session 10", "u"));
    EXPECT_TRUE(places[0]->over);
    EXPECT_FALSE(places[1]->over);
    EXPECT_FALSE(other->over);
    // A session that is full gives up its own, and no other session's.
    for (int i = 0; i < 3; ++i) places.push_back(listeners.add("session 10", "u"));
    EXPECT_TRUE(places[10]->over);
    // Those on the socket have no user in common.
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(listeners.add("socket " + std::to_string(i), "")->over);
}

// A connection whose time is made to pass: each wait() runs what is next.
class Watched final : public net::Accepted {
public:
    std::string written;
    std::deque<std::function<void()>> steps;

    net::awaitable<bool> read_more(std::string&) override { co_return false; }
    net::awaitable<void> write(Wire const& wire) override
    {
        written += wire.bytes();
        co_return;
    }
    net::awaitable<net::Woken> wait(Duration) override
    {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (steps.empty()) co_return net::Woken::readable;
        auto const step = std::move(steps.front());
        steps.pop_front();
        step();
        co_return net::Woken::timeout;
    }
    net::awaitable<void> start_tls() override { co_return; }
    net::awaitable<void> accept_tls() override { co_return; }
    void expire_after(Duration) override {}
    void nudge() override {}
    void close() noexcept override {}
    [[nodiscard]] std::string const& peer() const override { return peer_; }
    [[nodiscard]] std::optional<std::uint32_t> peer_uid() const override { return std::nullopt; }

private:
    std::string peer_ = "test";
};

class EventStream : public Console {
protected:
    std::string listen(std::vector<std::string> const& statements)
    {
        grants::Ground const ground{store.get(), *vault::Vault::open(folder / "vault.key", true), nullptr, &clock};
        Options options;
        options.heartbeat = Duration(1);
        server = std::make_unique<Server>(ground, hooks, options);
        auto const answer = ask(as(model::Role::agent, request(verb::get, "/api/v1/events")));
        EXPECT_EQ(answer.code, status::ok);
        Watched connection;
        for (auto const& sql : statements)
            connection.steps.emplace_back([this, sql] {
                if (!sql.empty()) store->write_now([&](store::Connection& c) { c.execute(sql); });
            });
        net::BodyStream to(connection, Duration(1'000), false);
        test::run(loop, answer.response.stream(to));
        return connection.written;
    }
    static long pings(std::string_view text)
    {
        return std::ranges::count(split(text, '\n'), std::string_view(": ping"));
    }
};

TEST_F(EventStream, OutlivesTroubleOfTheStore)
{
    auto const text = listen(
        {"", "ALTER TABLE console_session RENAME TO away", "", "", "ALTER TABLE away RENAME TO console_session", ""});
    EXPECT_EQ(pings(text), 6);
    EXPECT_EQ(text.find("event: end"), text.npos);
}

TEST_F(EventStream, EndsWhereItsSessionEndedDuringTrouble)
{
    auto const text = listen({"ALTER TABLE console_session RENAME TO away", "", "DELETE FROM away",
                              "ALTER TABLE away RENAME TO console_session", "", "", ""});
    EXPECT_EQ(pings(text), 3);
    EXPECT_NE(text.find("event: end\ndata: {\"reason\":\"signed-out\"}"), text.npos);
}

}  // namespace
}  // namespace postroom::console
