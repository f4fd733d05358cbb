// Guests that come and go: who is let in, in which order, and who is asked to make room.
#include "retriever/turns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <deque>

namespace postroom::retriever {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class TurnsTest : public testing::Test {
protected:
    struct Someone final : Turns::Guest {
        Someone(TurnsTest& its_test, std::string its_name)
            : test(its_test), name(std::move(its_name)), turn(test.turns, *this)
        {
        }
        void turn_came() override { test.came.push_back(name); }
        void asked_to_leave() override { test.asked.push_back(name); }
        TurnsTest& test;
        std::string name;
        Turns::Turn turn;
    };

    void begin(Turns::Bounds bounds) { turns = std::make_shared<Turns>(loop.get_executor(), bounds); }

    Someone& queue(std::string const& name, std::string const& server, bool urgent = false)
    {
        auto& someone = guests.emplace_back(*this, name);
        someone.turn.queue(server, urgent);
        return someone;
    }

    std::vector<std::string> take_came() { return std::exchange(came, {}); }
    void pass(std::chrono::milliseconds time)
    {
        loop.restart();
        loop.run_for(time);
    }

    boost::asio::io_context loop;
    std::shared_ptr<Turns> turns;
    std::vector<std::string> came;
    std::vector<std::string> asked;
    std::deque<Someone> guests;
};

TEST_F(TurnsTest, AServerThatAnswersWellIsAskedByMoreAndMore)
{
    begin({});
    for (int i = 0; i < 200; ++i) queue(std::to_string(i), "a");
    EXPECT_EQ(came.size(), 16U);
    guests[0].turn.started();
    EXPECT_EQ(came.size(), 18U);
    for (std::size_t i = 1; i < 18; ++i) guests[i].turn.started();
    EXPECT_EQ(came.size(), 18U + 2 * 17);
    EXPECT_EQ(turns->connected(), came.size());
    EXPECT_EQ(turns->waiting(), 200 - came.size());
}

TEST_F(TurnsTest, InOrderAtOneServerAndInTurnBetweenServers)
{
    begin({.starts = 1});
    for (std::string const name : {"a1", "a2", "a3"}) queue(name, "a");
    for (std::string const name : {"b1", "b2"}) queue(name, "b");
    queue("c1", "c");
    for (int i = 0; i < 6; ++i)
        for (auto& guest : guests) guest.turn.started();
    EXPECT_THAT(came, ElementsAre("a1", "a2", "b1", "c1", "a3", "b2"));
}

TEST_F(TurnsTest, SomebodyWhoLeavesTheLineMakesNobodyWait)
{
    begin({.starts_per_server = 1});
    queue("1", "a");
    auto& second = queue("2", "a");
    queue("3", "a");
    second.turn.leave();
    EXPECT_FALSE(second.turn.came());
    guests[0].turn.leave();
    EXPECT_THAT(came, ElementsAre("1", "3"));
    EXPECT_EQ(turns->waiting(), 0U);
}

TEST_F(TurnsTest, WhoIsUrgentComesNext)
{
    begin({.starts_per_server = 1, .connections_per_server = 3});
    queue("1", "a");
    auto& second = queue("2", "a");
    queue("3", "a");
    queue("4", "a", true);
    EXPECT_THAT(take_came(), ElementsAre("1", "4"));
    second.turn.queue("a", true);  // a person asked for it while it waited
    EXPECT_THAT(take_came(), ElementsAre("2"));
    // No limit of connections is broken for anybody.
    queue("5", "a", true);
    EXPECT_THAT(take_came(), ElementsAre());
}

TEST_F(TurnsTest, AServerInTroubleIsTriedByOneAtATimeAndLessAndLess)
{
    begin({});
    for (int i = 0; i < 40; ++i) queue(std::to_string(i), "a");
    EXPECT_EQ(take_came().size(), 16U);
    for (std::size_t i = 0; i < 16; ++i) guests[i].turn.fail("nobody answers at a");
    // They began together, so it is one failure.
    EXPECT_THAT(take_came(), ElementsAre());
    EXPECT_THAT(guests[20].turn.why_not(), AllOf(HasSubstr("one at a time"), HasSubstr("nobody answers at a")));
    pass(350ms);
    EXPECT_THAT(take_came(), ElementsAre("16"));
    guests[16].turn.fail("nobody answers at a");
    pass(350ms);
    EXPECT_THAT(take_came(), ElementsAre());
    pass(300ms);
    EXPECT_THAT(take_came(), ElementsAre("17"));
    // It is back.
    guests[17].turn.started();
    EXPECT_THAT(take_came(), ElementsAre("18", "19"));
}

// A server that takes connections and says nothing.
TEST_F(TurnsTest, OneStartThatHangsKeepsNobodyForLong)
{
    begin({.starts_per_server = 1, .patience = 100ms});
    for (std::string const name : {"1", "2", "3"}) queue(name, "a");
    EXPECT_THAT(take_came(), ElementsAre("1"));
    pass(50ms);
    EXPECT_THAT(take_came(), ElementsAre());
    pass(80ms);
    EXPECT_THAT(take_came(), ElementsAre("2"));
    pass(50ms);
    EXPECT_THAT(take_came(), ElementsAre());
    pass(80ms);
    EXPECT_THAT(take_came(), ElementsAre("3"));
}

TEST_F(TurnsTest, OneServersTroubleIsNoOther)
{
    begin({.starts = 2});
    queue("a1", "a");
    queue("a2", "a");
    guests[0].turn.fail("gone");
    guests[1].turn.fail("gone");
    take_came();
    queue("a3", "a");
    queue("b1", "b");
    queue("b2", "b");
    EXPECT_THAT(take_came(), ElementsAre("b1", "b2"));
}

TEST_F(TurnsTest, ARefusalIsAnAnswer)
{
    begin({.starts_per_server = 1});
    queue("1", "a");
    queue("2", "a");
    guests[0].turn.leave();
    EXPECT_THAT(came, ElementsAre("1", "2"));
}

TEST_F(TurnsTest, WhoStayedLongestMakesRoomAndNobodyAtOnce)
{
    begin({.connections_per_server = 2, .stay = 100ms});
    for (std::string const name : {"1", "2", "3"}) queue(name, "a");
    for (auto& guest : guests) guest.turn.started();
    EXPECT_THAT(take_came(), ElementsAre("1", "2"));
    EXPECT_THAT(guests[2].turn.why_not(), HasSubstr("connections-per-server lets 2"));
    EXPECT_THAT(asked, ElementsAre());
    pass(150ms);
    EXPECT_THAT(asked, ElementsAre("1"));
    guests[0].turn.leave();
    EXPECT_THAT(take_came(), ElementsAre("3"));
    // Nobody waits, so nobody is asked.
    guests[2].turn.started();
    pass(250ms);
    EXPECT_THAT(asked, ElementsAre("1"));
}

TEST_F(TurnsTest, WhoCannotLeaveIsPassedOver)
{
    begin({.connections_per_server = 2, .stay = 50ms});
    for (std::string const name : {"1", "2", "3"}) queue(name, "a");
    guests[0].turn.started();
    guests[1].turn.started();
    pass(400ms);
    EXPECT_THAT(asked, testing::Contains("2"));
}

TEST_F(TurnsTest, TheFilesThatMayBeOpenBoundAllServersTogether)
{
    begin({.connections = 2, .stay = 50ms});
    queue("a1", "a").turn.started();
    queue("b1", "b").turn.started();
    queue("c1", "c");
    EXPECT_THAT(take_came(), ElementsAre("a1", "b1"));
    EXPECT_THAT(guests[2].turn.why_not(), HasSubstr("open files"));
    pass(80ms);
    EXPECT_THAT(asked, ElementsAre("a1"));
    guests[0].turn.leave();
    EXPECT_THAT(take_came(), ElementsAre("c1"));
    turns->set_bounds({});
    queue("a2", "a");
    EXPECT_THAT(take_came(), ElementsAre("a2"));
}

TEST_F(TurnsTest, ATurnThatEndsWithItsGuestFreesItsPlace)
{
    begin({.starts_per_server = 1});
    {
        Someone short_lived(*this, "1");
        short_lived.turn.queue("a", false);
        queue("2", "a");
    }
    EXPECT_THAT(came, ElementsAre("1", "2"));
    EXPECT_EQ(turns->connected(), 1U);
}

}  // namespace
}  // namespace postroom::retriever
