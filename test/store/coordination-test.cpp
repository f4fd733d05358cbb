// Leases and their fences, jobs, alarms and the audit trail.
#include "store/coordination.hpp"

#include "both-stores.hpp"

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class CoordinationTest : public OnBothStores {};

POSTROOM_ON_BOTH_STORES(CoordinationTest);

TEST_P(CoordinationTest, LeasesGrowTheirFenceWhenTheyChangeHands)
{
    write([&](Connection& c) {
        auto const one = take_lease(c, "mailbox/1", "one", 30s).value();
        EXPECT_EQ(one.fence, 1);
        EXPECT_EQ(take_lease(c, "mailbox/1", "two", 30s), std::nullopt);
        clock.advance(20s);
        EXPECT_EQ(take_lease(c, "mailbox/1", "one", 30s)->fence, 1) << "renewed in time";
        clock.advance(29s);
        check_lease(c, one);
        clock.advance(1s);
        EXPECT_THROW(check_lease(c, one), Failure) << "it ran out";
        auto const two = take_lease(c, "mailbox/1", "two", 30s).value();
        EXPECT_EQ(two.fence, 2);
        EXPECT_THROW(check_lease(c, one), Failure);
        drop_lease(c, one);
        check_lease(c, two);
        drop_lease(c, two);
        EXPECT_THROW(check_lease(c, two), Failure);
        EXPECT_EQ(take_lease(c, "mailbox/1", "one", 30s)->fence, 3) << "a fence never comes twice";
        clock.advance(31s);
        EXPECT_EQ(take_lease(c, "mailbox/1", "one", 30s)->fence, 4) << "after a gap nobody knows";
        EXPECT_EQ(take_lease(c, "mailbox/2", "two", 30s)->fence, 1);
    });
}

TEST_P(CoordinationTest, ALeaseLastsForAsLongAsItsHolderRenewsIt)
{
    write([&](Connection& c) {
        auto const one = take_lease(c, "mailbox/1", "one", 30s).value();
        for (int i = 0; i < 3; ++i) {
            clock.advance(20s);
            renew_lease(c, one, 30s);
        }
        EXPECT_EQ(take_lease(c, "mailbox/1", "two", 30s), std::nullopt);
        clock.advance(30s);
        EXPECT_THROW(renew_lease(c, one, 30s), Failure) << "it ran out";
        (void)take_lease(c, "mailbox/1", "two", 30s);
        EXPECT_THROW(renew_lease(c, one, 30s), Failure) << "somebody else has it";
    });
}

TEST_P(CoordinationTest, GivesAJobToOneAtATime)
{
    Job const first{model::JobId::make(), "try-grant", "{}", "", "", clock.now()};
    Job const second{model::JobId::make(), "try-grant", "{}", "", "", clock.now() + 1s};
    write([&](Connection& c) {
        add_job(c, second);
        add_job(c, first);
        EXPECT_EQ(claim_job(c, "other", "one", 30s), std::nullopt);
        EXPECT_EQ(claim_job(c, "try-grant", "one", 30s)->id, first.id);
        EXPECT_EQ(claim_job(c, "try-grant", "two", 30s)->id, second.id);
        EXPECT_EQ(claim_job(c, "try-grant", "three", 30s), std::nullopt);
        finish_job(c, second.id, "two", true, "{\"ok\":true}");
        EXPECT_EQ(job(c, second.id)->state, "done");
        clock.advance(30s);
        EXPECT_EQ(claim_job(c, "try-grant", "three", 30s)->id, first.id);
        EXPECT_THROW(finish_job(c, first.id, "one", true, "late"), Failure);
        finish_job(c, first.id, "three", false, "{}");
        EXPECT_EQ(job(c, first.id)->state, "failed");
        EXPECT_EQ(claim_job(c, "try-grant", "one", 30s), std::nullopt);
    });
}

TEST_P(CoordinationTest, SweepsJobsThatEndedLongAgo)
{
    Job const waits{model::JobId::make(), "try-grant", "{\"a\":1}", "", "", clock.now()};
    Job const runs{model::JobId::make(), "try-grant", "{\"a\":2}", "", "", clock.now() - 2s};
    Job const ended{model::JobId::make(), "try-grant", "{\"a\":3}", "", "", clock.now() - 4s};
    Job const failed{model::JobId::make(), "try-grant", "{\"a\":4}", "", "", clock.now() - 3s};
    write([&](Connection& c) {
        for (auto const& each : {ended, failed, runs}) {
            add_job(c, each);
            EXPECT_EQ(waiting_job(c, "try-grant", each.input)->id, each.id);
            EXPECT_TRUE(claim_job(c, "try-grant", "one", 30s));
            EXPECT_EQ(waiting_job(c, "try-grant", each.input), std::nullopt) << "it waits no more";
        }
        add_job(c, waits);
        EXPECT_EQ(waiting_job(c, "other", waits.input), std::nullopt);
        EXPECT_EQ(waiting_job(c, "try-grant", "{}"), std::nullopt);
        finish_job(c, ended.id, "one", true, "{}");
        finish_job(c, failed.id, "one", false, "{}");
        sweep_jobs(c, failed.created);
        EXPECT_FALSE(job(c, ended.id));
        EXPECT_TRUE(job(c, failed.id));
        sweep_jobs(c, clock.now() + 1s);
        EXPECT_FALSE(job(c, failed.id));
        EXPECT_TRUE(job(c, runs.id)) << "not while it is open";
        EXPECT_TRUE(job(c, waits.id)) << "not while it is open";
    });
}

// There may be a token in it.
TEST_P(CoordinationTest, SweepsWhatAServerThatIsGoneWasAsked)
{
    Job const waits{model::JobId::make(), "on one", "{}", "", "", clock.now()};
    Job const taken{model::JobId::make(), "on two", "{}", "", "", clock.now()};
    Job const other{model::JobId::make(), "only-this", "{}", "", "", clock.now()};
    write([&](Connection& c) {
        for (auto const& each : {waits, taken, other}) add_job(c, each);
        EXPECT_TRUE(claim_job(c, "on two", "two", 2h));
        sweep_jobs(c, clock.now() - 24h);
        EXPECT_TRUE(job(c, waits.id)) << "it may be about to come to it";
        clock.advance(61min);
        sweep_jobs(c, clock.now() - 24h);
        EXPECT_FALSE(job(c, waits.id));
        EXPECT_TRUE(job(c, taken.id)) << "it is at it";
        EXPECT_TRUE(job(c, other.id)) << "any server may take it yet";
        clock.advance(1h);
        sweep_jobs(c, clock.now() - 24h);
        EXPECT_FALSE(job(c, taken.id));
    });
}

TEST_P(CoordinationTest, AJobThatIsRenewedStaysItsOwners)
{
    Job const one{model::JobId::make(), "try-grant", "{}", "", "", clock.now()};
    write([&](Connection& c) {
        EXPECT_FALSE(job_due(c, "try-grant"));
        add_job(c, one);
        EXPECT_TRUE(job_due(c, "try-grant"));
        EXPECT_FALSE(job_due(c, "other"));
        EXPECT_TRUE(claim_job(c, "try-grant", "one", 30s));
        EXPECT_FALSE(job_due(c, "try-grant"));
        clock.advance(20s);
        renew_job(c, one.id, "one", 30s);
        EXPECT_THROW(renew_job(c, one.id, "two", 30s), Failure);
        clock.advance(20s);
        EXPECT_EQ(claim_job(c, "try-grant", "two", 30s), std::nullopt);
        clock.advance(10s);
        EXPECT_TRUE(job_due(c, "try-grant"));
        EXPECT_TRUE(claim_job(c, "try-grant", "two", 30s));
        EXPECT_THROW(renew_job(c, one.id, "one", 30s), Failure);
        finish_job(c, one.id, "two", true, "{}");
        EXPECT_FALSE(job_due(c, "try-grant"));
        EXPECT_THROW(renew_job(c, one.id, "two", 30s), Failure);
    });
}

TEST_P(CoordinationTest, RaisesOneAlarmACause)
{
    write([&](Connection& c) {
        EXPECT_TRUE(raise_alarm(c, "grant-refused", "sales", "first", clock.now()));
        clock.advance(1s);
        EXPECT_FALSE(raise_alarm(c, "grant-refused", "sales", "second", clock.now()));
        EXPECT_TRUE(raise_alarm(c, "grant-refused", "support", "other", clock.now()));
        auto const raised = alarms(c);
        ASSERT_EQ(raised.size(), 2U);
        EXPECT_EQ(raised[0].count, 2);
        EXPECT_EQ(raised[0].words, "second");
        EXPECT_EQ(raised[0].last - raised[0].begun, 1s);
        EXPECT_TRUE(end_alarm(c, "grant-refused", "sales", clock.now()));
        EXPECT_FALSE(end_alarm(c, "grant-refused", "sales", clock.now()));
        EXPECT_EQ(alarms(c).size(), 1U);
        EXPECT_TRUE(raise_alarm(c, "grant-refused", "sales", "again", clock.now()));
    });
}

TEST_P(CoordinationTest, KeepsTheAuditTrailNewestFirst)
{
    write([&](Connection& c) {
        audit(c, {clock.now(), "ada", "account.add", "sales", "{}"});
        audit(c, {clock.now(), "uid 1000", "account.remove", "sales", "{}"});
        auto const trail = audit_trail(c, 10);
        ASSERT_EQ(trail.size(), 2U);
        EXPECT_EQ(trail[0].what, "account.remove");
        EXPECT_EQ(trail[1].who, "ada");
        EXPECT_EQ(audit_trail(c, 1).size(), 1U);
    });
}

}  // namespace
}  // namespace postroom::store
