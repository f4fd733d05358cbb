// What is kept of the changes: in their order, each once.
#include "console/events.hpp"

#include "store/store.hpp"
#include "support/loop.hpp"
#include "support/scratch-folder.hpp"

#include <gtest/gtest.h>

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
    for (int i = 0; i < 3; ++i) places.push_back(listeners.add("a"));
    auto const other = listeners.add("b");
    EXPECT_FALSE(places[0]->over);
    places.push_back(listeners.add("a"));
    EXPECT_TRUE(places[0]->over);
    EXPECT_FALSE(places[1]->over);
    listeners.remove(places[2]);
    places.push_back(listeners.add("a"));
    EXPECT_FALSE(places[1]->over);
    EXPECT_FALSE(other->over);
    EXPECT_FALSE(listeners.full());
    for (int i = 0; i < 500; ++i) (void)listeners.add(std::to_string(i));
    EXPECT_TRUE(listeners.full());
}

}  // namespace
}  // namespace postroom::console
