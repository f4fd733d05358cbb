// What becomes of a job of the check list whose server was restarted, or that nobody came to.
#include "checks/worker.hpp"

#include "checks/elsewhere.hpp"
#include "store/alarms.hpp"
#include "store/settings.hpp"
#include "store/store.hpp"
#include "support/loop.hpp"
#include "support/scratch-folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace postroom::checks {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using namespace std::chrono_literals;

namespace {

class Worker : public testing::Test {
protected:
    Worker()
    {
        store->write_now([&](store::Connection& c) {
            store::set_setting(c, "alarm-recipients", "ops@contoso.com");
            store::add_alarm_route(c, {.id = model::AlarmRouteId::make(), .server = {"mail.example", 587}});
        });
    }

    template <class Work>
    auto write(Work work)
    {
        std::optional<std::invoke_result_t<Work&, store::Connection&>> result;
        store->write_now([&](store::Connection& c) { result.emplace(work(c)); });
        return std::move(*result);
    }

    store::CheckRunId ask()
    {
        return write([&](store::Connection& c) {
            return begin_run(c, {.items = {"alarm-notification"}, .account = {}, .mailbox = {}, .may_send = true},
                             "ada", true, clock.now());
        });
    }
    // As a server does that is gone before it has ended.
    void take(std::string const& kind, std::string const& noted = {})
    {
        store->write_now([&](store::Connection& c) {
            auto const job = store::claim_job(c, kind, "one#before", 20s);
            ASSERT_TRUE(job);
            if (!noted.empty()) store::note_progress(c, job->id, "one#before", noted);
        });
        clock.advance(21s);
    }
    // Until there is nothing to do any more.
    void work(std::string const& kind)
    {
        Bench::Ground ground{};
        ground.ground.store = store.get();
        ground.ground.vault = vault;
        ground.ground.clock = &clock;
        CheckWorker worker(std::move(ground), loop.get_executor(), "one", Side::both);
        boost::asio::co_spawn(loop, worker.run(), boost::asio::detached);
        auto const open = [&](store::Connection& c) {
            return store::job_due(c, kind) || store::job_worked_on(c, kind);
        };
        auto const until = std::chrono::steady_clock::now() + 20s;
        while (write(open) && std::chrono::steady_clock::now() < until) loop.run_for(20ms);
        EXPECT_FALSE(write(open));
        worker.stop();
        loop.run();
    }
    store::CheckRun run(store::CheckRunId id)
    {
        return write([&](store::Connection& c) { return store::check_run(c, id); }).value();
    }
    std::vector<store::CheckFinding> found(store::CheckRunId id)
    {
        return write([&](store::Connection& c) { return store::findings_of_run(c, id); });
    }
    std::vector<model::Notification> mails()
    {
        return write([](store::Connection& c) { return store::notifications(c, 10); });
    }

    test::ScratchFolder folder;
    ManualClock clock{Instant(std::chrono::hours(1))};
    boost::asio::io_context loop;
    std::unique_ptr<store::Store> store = store::Store::open({.path = folder / "postroom.db", .clock = &clock}).value();
    std::shared_ptr<vault::Vault const> vault = vault::Vault::open(folder / "vault.key", true).value();
};

TEST_F(Worker, SendsNothingWhereItMayHaveBeenSent)
{
    auto const id = ask();
    take("check-both", R"({"taken_up":1,"begun":true})");
    store->write_now([&](store::Connection& c) { store::begin_check_part(c, id, 1); });
    work("check-both");
    EXPECT_THAT(mails(), IsEmpty());
    EXPECT_TRUE(run(id).ended());
    EXPECT_EQ(run(id).parts_begun, 1);
    EXPECT_EQ(run(id).expected, 1) << "it was counted before";
    ASSERT_THAT(found(id), SizeIs(1));
    EXPECT_EQ(found(id).front().finding.outcome, model::Outcome::holds);
}

TEST_F(Worker, KeepsWhatWasToldBefore)
{
    auto const id = ask();
    take("check-both", R"({"taken_up":1,"begun":true})");
    store->write_now([&](store::Connection& c) {
        store::begin_check_part(c, id, 1);
        store::keep_finding(c, {.run = id,
                                .item = "alarm-notification",
                                .server = "one",
                                .subject = "",
                                .account = {},
                                .mailbox = {},
                                .finding = {.outcome = model::Outcome::fails, .evidence = "before"},
                                .because = {},
                                .found = clock.now()});
    });
    work("check-both");
    EXPECT_TRUE(run(id).ended());
    ASSERT_THAT(found(id), SizeIs(1));
    EXPECT_EQ(found(id).front().finding.evidence, "before");
}

TEST_F(Worker, GivesARunUpAfterThreeTimes)
{
    auto const id = ask();
    take("check-both", R"({"taken_up":3,"begun":true})");
    work("check-both");
    EXPECT_TRUE(run(id).ended());
    EXPECT_THAT(found(id), IsEmpty());
}

TEST_F(Worker, LeavesARunThatNobodyCameToForAnHour)
{
    auto const id = ask();
    clock.advance(61min);
    work("check-both");
    EXPECT_TRUE(run(id).ended());
    EXPECT_THAT(found(id), IsEmpty());
    EXPECT_THAT(mails(), IsEmpty());
}

class WorkerConnects : public Worker {
protected:
    model::JobId connect()
    {
        Secret const token("eyJ-very-secret");
        Connecting const asked{.server = {"127.0.0.1", 1}, .user = "sales@contoso.com"};
        return write([&](store::Connection& c) { return begin_connection(c, *vault, asked, &token, "one"); });
    }
    store::Job job(model::JobId id)
    {
        return write([&](store::Connection& c) { return store::job(c, id); }).value();
    }
};

TEST_F(WorkerConnects, UsesNoTokenOfLongAgo)
{
    auto const id = connect();
    EXPECT_THAT(job(id).input, HasSubstr("token"));
    clock.advance(121s);
    work(kind_for("one"));
    EXPECT_EQ(job(id).state, "failed");
    EXPECT_THAT(job(id).input, Not(HasSubstr("token")));
    EXPECT_THAT(job(id).output, HasSubstr(R"("held":false)"));
    EXPECT_THAT(job(id).output, HasSubstr("in time"));
}

TEST_F(WorkerConnects, SaysSoWhereItWasRestartedWithTheToken)
{
    auto const id = connect();
    auto const asked = job(id);
    EXPECT_TRUE(write([&](store::Connection& c) { return take_token(c, *vault, asked); }));
    take(kind_for("one"));
    work(kind_for("one"));
    EXPECT_EQ(job(id).state, "failed");
    EXPECT_THAT(job(id).output, HasSubstr(R"("held":false)"));
    EXPECT_THAT(job(id).output, HasSubstr("restarted"));
}

}  // namespace

}  // namespace postroom::checks
