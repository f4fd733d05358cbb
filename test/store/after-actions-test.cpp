// What is due on the server: when it is tried again, what counts as failing, and what a change of setting makes of it.
#include "store/after-actions.hpp"

#include "both-stores.hpp"

#include "store/messages.hpp"

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class AfterActionsTest : public OnBothStores {
protected:
    House house = furnish();

    model::LedgerRow row(std::uint32_t uid, model::AfterAction due = model::AfterAction::move,
                         std::uint32_t validity = 7)
    {
        return {.place = {house.mailbox.id, "INBOX", validity, uid}, .due = due};
    }
    std::vector<std::uint32_t> due_at(Instant at, int most = 100)
    {
        auto const rows =
            read([&](Connection& c) { return after_actions_now(c, house.mailbox.id, "INBOX", 7, at, most); });
        std::vector<std::uint32_t> uids;
        for (auto const& each : rows) uids.push_back(each.place.uid);
        return uids;
    }
    void refuse(std::uint32_t uid, Instant at)
    {
        write([&](Connection& c) { after_action_failed(c, row(uid).place, "NO not now", at); });
    }
    using Uids = std::vector<std::uint32_t>;
};

POSTROOM_ON_BOTH_STORES(AfterActionsTest);

TEST_P(AfterActionsTest, AreTriedAgainAfterLongerAndLonger)
{
    auto const now = clock.now();
    write([&](Connection& c) {
        for (std::uint32_t uid : {1U, 2U}) add_to_ledger(c, row(uid), now);
        add_to_ledger(c, row(3, model::AfterAction::leave), now);
        add_to_ledger(c, row(1, model::AfterAction::move, 6), now);
    });
    EXPECT_EQ(due_at(now), (Uids{1, 2}));
    EXPECT_EQ(due_at(now, 1), (Uids{1}));
    auto at = now;
    for (auto const wait : {1min, 2min, 4min, 8min, 16min, 60min, 60min}) {
        refuse(1, at);
        EXPECT_EQ(due_at(at + wait - 1ms), (Uids{2})) << "after " << wait.count();
        EXPECT_EQ(due_at(at + wait), (Uids{2, 1})) << "after " << wait.count();
        at += wait;
    }
}

TEST_P(AfterActionsTest, CountAsFailingAfterSomeRefusals)
{
    auto const now = clock.now();
    auto const found = [&] {
        return read([&](Connection& c) { return failing_after_actions(c, house.mailbox.id, "INBOX", 7); });
    };
    EXPECT_EQ(found().due, 0);
    write([&](Connection& c) {
        for (std::uint32_t uid : {1U, 2U}) add_to_ledger(c, row(uid), now);
    });
    for (int i = 0; i < refusals_that_tell; ++i) {
        EXPECT_EQ(found().failing, 0);
        refuse(1, now);
    }
    EXPECT_EQ(found().due, 2);
    EXPECT_EQ(found().failing, 1);
    EXPECT_EQ(found().words, "NO not now");

    // As the mailbox is set from now on.
    write([&](Connection& c) { change_after_actions(c, house.mailbox.id, model::AfterAction::mark_seen); });
    EXPECT_EQ(found().failing, 0);
    EXPECT_EQ(due_at(now), (Uids{1, 2}));
    write([&](Connection& c) {
        EXPECT_EQ(after_actions_now(c, house.mailbox.id, "INBOX", 7, now, 9).front().due,
                  model::AfterAction::mark_seen);
        change_after_actions(c, house.mailbox.id, model::AfterAction::leave);
    });
    EXPECT_EQ(found().due, 0);
}

TEST_P(AfterActionsTest, ForgetsWhatIsUnderAnotherUidValidity)
{
    auto const now = clock.now();
    write([&](Connection& c) {
        add_to_ledger(c, row(1), now);
        add_to_ledger(c, row(1, model::AfterAction::move, 6), now);
        forget_after_actions(c, house.mailbox.id, "INBOX", 7);
        EXPECT_EQ(ledger_counts(c, house.mailbox.id).due, 1);
    });
    EXPECT_EQ(due_at(now), (Uids{1}));
}

TEST_P(AfterActionsTest, OnlyDeletesWhatWasCopied)
{
    write([&](Connection& c) {
        add_to_ledger(c, row(1), clock.now());
        add_to_ledger(c, row(2, model::AfterAction::mark_seen), clock.now());
        for (std::uint32_t uid : {1U, 2U}) copied_not_deleted(c, row(uid).place);
        auto const due = after_actions_now(c, house.mailbox.id, "INBOX", 7, clock.now(), 9);
        ASSERT_EQ(due.size(), 2U);
        EXPECT_EQ(due[0].due, model::AfterAction::remove);
        EXPECT_EQ(due[1].due, model::AfterAction::mark_seen);
    });
}

TEST_P(AfterActionsTest, KnowsAFolderInFewNumbers)
{
    auto const ranges = [&] {
        return read([&](Connection& c) { return known_ranges(c, house.mailbox.id, "INBOX", 7); });
    };
    EXPECT_TRUE(ranges().empty());
    write([&](Connection& c) {
        for (std::uint32_t uid : {9U, 2U, 1U, 3U, 8U, 5U}) add_to_ledger(c, row(uid), clock.now());
        add_to_ledger(c, row(4, model::AfterAction::leave, 6), clock.now());
        add_to_ledger(c, row(UINT32_MAX), clock.now());
    });
    EXPECT_EQ(ranges(), (std::vector<KnownRange>{{1, 3}, {5, 5}, {8, 9}, {UINT32_MAX, UINT32_MAX}}));
}

}  // namespace
}  // namespace postroom::store
