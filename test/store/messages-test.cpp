// Messages on their way through triage.
#include "store/messages.hpp"

#include "filing-house.hpp"

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class MessagesTest : public FilingHouse {};

POSTROOM_ON_BOTH_STORES(MessagesTest);

TEST_P(MessagesTest, CountsTriesOfTriageBeforeTheyBegin)
{
    auto const first = file(1, 1);
    clock.advance(1s);
    auto const second = file(2, 2);
    write([&](Connection& c) {
        auto const waiting = awaiting_triage(c, 10);
        ASSERT_EQ(waiting.size(), 2U);
        EXPECT_EQ(waiting[0].id, first.id);
        EXPECT_EQ(waiting[1].digest, second.digest);
        begin_triage(c, first.id);
        begin_triage(c, first.id);
        EXPECT_EQ(store::message(c, first.id)->triage_tries, 2);
        triage_failed(c, first.id, "no MIME");
        triage_done(c, second.id);
        EXPECT_TRUE(awaiting_triage(c, 10).empty());
        ASSERT_EQ(exceptions(c, 10).size(), 1U);
        EXPECT_EQ(exceptions(c, 10)[0].exception, "no MIME");
        triage_again(c, first.id);
        EXPECT_EQ(awaiting_triage(c, 10).at(0).triage_tries, 0);
    });
    // Another server was faster: what is done stays done.
    EXPECT_FALSE(write([&](Connection& c) { return begin_triage(c, second.id); }));
    EXPECT_FALSE(write([&](Connection& c) { return triage_failed(c, second.id, "too late"); }));
    EXPECT_EQ(read([&](Connection& c) { return message(c, second.id)->triage; }), model::TriageState::done);
    EXPECT_EQ(trouble([&](Connection& c) { triage_again(c, second.id); }), Trouble::not_found);
}

}  // namespace
}  // namespace postroom::store
