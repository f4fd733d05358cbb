// Seen to fail where a lost claim is counted among ours, where the settlement is not noted again by itself, and where
// what was committed to is told before the store has it; where a session writes for itself alone, and where nobody
// writes what waits.
#include "dispatcher/commitments.hpp"

#include "dispatcher/queue-test.hpp"
#include "support/loop.hpp"

namespace postroom::dispatcher {
namespace {

using model::OutboundState;
using store::Connection;

class CommitmentsTest : public QueueTest {
protected:
    // `sent` is settled while the others are committed to; returns which of these are ours, or nothing where nobody
    // knows.
    std::vector<std::optional<bool>> begin(model::Outbound const& sent, std::vector<model::Outbound> const& others)
    {
        boost::asio::io_context loop;
        Ground const ground{&failing, {}, loop.get_executor(), "here", &clock, Duration(1)};
        Notes notes(loop.get_executor());
        Commitments commitments(std::make_shared<Daybook>(ground), notes, [&] { return others; });
        std::vector<std::optional<bool>> ours;
        auto work = [&]() -> net::awaitable<void> {
            commitments.settle(settlement_of(ground, sent, {Fate::sent, "250 taken"}));
            commitments.begin();
            for (auto const& mail : others) {
                EXPECT_TRUE(commitments.has(mail.id));
                try {
                    bool const its = co_await commitments.of(mail.id);
                    if (its) EXPECT_EQ(state(mail.id), OutboundState::committing);
                    ours.emplace_back(its);
                } catch (store::Failure const&) {
                    ours.emplace_back();
                }
                commitments.drop(mail.id);
                EXPECT_FALSE(commitments.has(mail.id));
            }
            co_await notes.end();
        };
        test::run(loop, work());
        return ours;
    }
    model::Outbound committing()
    {
        enqueue();
        auto const mail = claim();
        EXPECT_TRUE(write([&](Connection& c) { return store::begin_committing(c, mail.id, mail.attempt); }));
        return mail;
    }
    model::Outbound claimed()
    {
        enqueue();
        return claim();
    }
};

TEST_F(CommitmentsTest, SettlesAndCommitsInOneTransaction)
{
    auto const sent = committing();
    std::vector<model::Outbound> const others{claimed(), claimed()};
    auto const before = store->counts().operations;
    EXPECT_EQ(begin(sent, others), (std::vector<std::optional<bool>>{true, true}));
    EXPECT_EQ(store->counts().operations - before, 1U);
    EXPECT_EQ(state(sent.id), OutboundState::sent);
}

TEST_F(CommitmentsTest, AClaimThatWasLostIsNobodysToSend)
{
    auto const sent = committing();
    auto const lost = claimed();
    write([&](Connection& c) {
        store::give_back(c, lost.id, lost.attempt, clock.now() + Duration(3'600'000), "another server's");
    });
    std::vector<model::Outbound> const others{lost, claimed()};
    EXPECT_EQ(begin(sent, others), (std::vector<std::optional<bool>>{false, true}));
    EXPECT_EQ(state(lost.id), OutboundState::queued);
}

TEST_F(CommitmentsTest, WhereTheStoreFailsNothingIsCommittedToAndTheAnswerIsNotedAgain)
{
    auto const sent = committing();
    std::vector<model::Outbound> const others{claimed()};
    failing.failures = 1;
    EXPECT_EQ(begin(sent, others), (std::vector<std::optional<bool>>{std::nullopt}));
    EXPECT_EQ(state(sent.id), OutboundState::sent);
    EXPECT_EQ(state(others[0].id), OutboundState::claimed);
}

TEST_F(CommitmentsTest, SessionsOfOneServerWriteTogether)
{
    auto const sent = committing();
    auto const next = claimed();
    boost::asio::io_context loop;
    Ground const ground{&failing, {}, loop.get_executor(), "here", &clock, Duration(1)};
    auto const book = std::make_shared<Daybook>(ground);
    Notes notes(loop.get_executor());
    Commitments one(book, notes);
    Commitments other(book, notes, [&] { return std::vector<model::Outbound>{next}; });
    auto const before = store->counts().operations;
    auto work = [&]() -> net::awaitable<void> {
        one.settle(settlement_of(ground, sent, {Fate::sent, "250 taken"}));
        other.begin();
        bool const ours = co_await other.of(next.id);
        EXPECT_TRUE(ours);
        co_await notes.end();
    };
    test::run(loop, work());
    EXPECT_EQ(store->counts().operations - before, 1U);
    EXPECT_EQ(state(sent.id), OutboundState::sent);
    EXPECT_EQ(state(next.id), OutboundState::committing);
}

TEST_F(CommitmentsTest, AnAnswerWaitsForOthersButNotForLong)
{
    auto const sent = committing();
    auto const also = committing();
    boost::asio::io_context loop;
    Ground const ground{&failing, {}, loop.get_executor(), "here", &clock, Duration(1)};
    Notes notes(loop.get_executor());
    Commitments commitments(std::make_shared<Daybook>(ground), notes);
    auto const before = store->counts().operations;
    commitments.settle(settlement_of(ground, sent, {Fate::sent, "250 taken"}));
    commitments.settle(settlement_of(ground, also, {Fate::sent, "250 taken"}));
    EXPECT_EQ(store->counts().operations, before);
    loop.run();
    EXPECT_EQ(store->counts().operations - before, 1U);
    EXPECT_EQ(state(sent.id), OutboundState::sent);
    EXPECT_EQ(state(also.id), OutboundState::sent);
}

}  // namespace
}  // namespace postroom::dispatcher
