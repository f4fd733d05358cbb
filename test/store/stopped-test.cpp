// Two processes on one store, of which one is stopped and woken after its lease ran out: it may not go on where it was.
#include "store/coordination.hpp"

#include "both-stores.hpp"
#include "counting.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <iostream>
#include <thread>

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class StoppedTest : public OnBothStores {
protected:
    StoppedTest()
    {
        house = furnish();
        mail = write([&](Connection& c) {
            model::Activity activity{.id = model::ActivityId::make(), .case_id = house.a_case.id};
            add_activity(c, activity);
            model::Outbound one{.id = model::OutboundId::make(), .activity = activity.id, .mailbox = house.mailbox.id};
            one.account = house.account.id;
            one.body = add_body(c, "x", 1);
            enqueue(c, one);
            return one.id;
        });
        // From here on by the store's own clock: two processes have no other in common.
        store.reset();
    }
    void TearDown() override
    {
        if (child <= 0) return;
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
    }

    /// Runs `work` in another process, which exits with the number of what it found wrong, until it stops itself.
    void start(std::function<int(Store&)> const& work)
    {
        child = ::fork();
        if (child == 0) {
            auto opened = Store::open({.path = path});
            ::_exit(opened ? work(**opened) : 99);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);
        ASSERT_TRUE(WIFSTOPPED(status)) << "it ended with " << WEXITSTATUS(status);
        store = Store::open({.path = path}).value();
    }
    int wake()
    {
        ::kill(child, SIGCONT);
        int status = 0;
        ::waitpid(child, &status, 0);
        child = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
    }
    static void stop_here() { ::raise(SIGSTOP); }

    House house;
    model::OutboundId mail;
    pid_t child = 0;
};

POSTROOM_ON_BOTH_STORES(StoppedTest);

TEST_P(StoppedTest, HoldsNoMailboxAndCommitsNoAttemptAfterItsLeaseRanOut)
{
    start([&](Store& theirs) {
        std::optional<Lease> lease;
        theirs.write_now([&](Connection& c) {
            lease = take_lease(c, "mailbox/1", "stopped", 200ms);
            if (claim(c, house.account.id, "stopped", 5, 200ms).size() != 1) lease.reset();
        });
        if (!lease) return 1;
        stop_here();
        try {
            theirs.write_now([&](Connection& c) {
                check_lease(c, *lease);
                note(c, "filed without the lease");
            });
            return 2;
        } catch (Failure const& e) {
            if (e.kind() != Trouble::conflict) return 3;
        }
        bool committing = true;
        bool again = true;
        theirs.write_now([&](Connection& c) {
            committing = begin_committing(c, mail, 1);
            settle_sent(c, mail, 1, "", "250 from one that slept");
            settle_failed(c, mail, 1, "550 from one that slept");
            again = take_lease(c, "mailbox/1", "stopped", 200ms).has_value();
        });
        if (committing) return 4;
        return again ? 5 : 0;
    });
    write([&](Connection& c) {
        EXPECT_EQ(take_lease(c, "mailbox/1", "awake", 60s), std::nullopt) << "while its lease lasts, it is its own";
    });
    std::this_thread::sleep_for(300ms);
    write([&](Connection& c) {
        auto const lease = take_lease(c, "mailbox/1", "awake", 60s);
        ASSERT_TRUE(lease);
        EXPECT_EQ(lease->fence, 2);
        EXPECT_EQ(recover_outbound(c, c.now()), 1);
        auto const ours = claim(c, house.account.id, "awake", 5, 60s);
        ASSERT_EQ(ours.size(), 1U);
        EXPECT_EQ(ours[0].attempt, 2);
        ASSERT_TRUE(begin_committing(c, mail, 2));
    });
    EXPECT_EQ(wake(), 0);
    read([&](Connection& c) {
        EXPECT_EQ(noted(c), 0);
        EXPECT_EQ(outbound(c, mail)->state, model::OutboundState::committing);
        auto const attempts = attempts_of(c, mail);
        EXPECT_EQ(attempts.at(0).outcome, "lost");
        EXPECT_EQ(attempts.at(1).owner, "awake");
        EXPECT_EQ(attempts.at(1).outcome, "");
        return 0;
    });
}

// Stopped between committing and noting its answer: what may have left is in doubt, and nobody's to send again, until
// whoever heard the answer wakes and notes it.
TEST_P(StoppedTest, LeavesInDoubtWhatItWasCommittingUntilItTellsTheAnswer)
{
    start([&](Store& theirs) {
        bool committing = false;
        theirs.write_now([&](Connection& c) {
            for (auto const& each : claim(c, house.account.id, "stopped", 5, 100ms))
                committing = begin_committing(c, each.id, each.attempt);
        });
        if (!committing) return 1;
        stop_here();
        theirs.write_now([&](Connection& c) { settle_later(c, mail, 1, Instant{}, "451 from one that slept"); });
        return 0;
    });
    std::this_thread::sleep_for(200ms);
    write([&](Connection& c) {
        EXPECT_EQ(recover_outbound(c, c.now()), 1);
        EXPECT_TRUE(claim(c, house.account.id, "awake", 5, 60s).empty());
    });
    EXPECT_EQ(read([&](Connection& c) { return outbound(c, mail)->state; }), model::OutboundState::in_doubt);
    EXPECT_EQ(wake(), 0);
    EXPECT_EQ(read([&](Connection& c) { return outbound(c, mail)->state; }), model::OutboundState::queued);
    EXPECT_EQ(read([&](Connection& c) { return attempts_of(c, mail).at(0).outcome; }), "later");
    auto const again = write([&](Connection& c) { return claim(c, house.account.id, "awake", 5, 60s); });
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].attempt, 2);
}

class StoppedWriterTest : public StoppedTest {};

INSTANTIATE_TEST_SUITE_P(Over, StoppedWriterTest, testing::Values(Kind::postgresql), name_of);

// SQLite's writer would hold the file's lock: there one process has the store, and commands that open it say so.
TEST_P(StoppedWriterTest, HoldsUpNobodyForLongWhereItIsStoppedInsideATransaction)
{
    path += "&options=-c%20idle_in_transaction_session_timeout%3D300";
    start([&](Store& theirs) {
        try {
            theirs.write_now([&](Connection& c) {
                (void)claim(c, house.account.id, "stopped", 5, 60s);
                stop_here();
                note(c, "from one that slept");
            });
            return 1;
        } catch (Failure const& failure) {
            std::cerr << "ended, as it should be: " << failure.what() << '\n';
        }
        theirs.write_now([](Connection& c) { note(c, "from one that is awake again"); });
        return 0;
    });
    auto const ours = write([&](Connection& c) { return claim(c, house.account.id, "awake", 5, 60s); });
    ASSERT_EQ(ours.size(), 1U);
    EXPECT_EQ(ours[0].attempt, 1) << "the other's claim was never committed";
    EXPECT_EQ(wake(), 0);
    EXPECT_EQ(read(noted), 1);
    EXPECT_EQ(read([&](Connection& c) { return attempts_of(c, mail); }).at(0).owner, "awake");
}

}  // namespace
}  // namespace postroom::store
