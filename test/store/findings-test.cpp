// What the check list found: its history, and the alarms of what turns.
#include "store/findings.hpp"

#include "filing-house.hpp"
#include "store/alarms.hpp"
#include "store/coordination.hpp"
#include "store/mailboxes.hpp"

#include <algorithm>

namespace postroom::store {
namespace {

using namespace std::chrono_literals;
using model::Outcome;

class FindingsTest : public FilingHouse {
protected:
    FindingsTest()
    {
        run.id = CheckRunId::make();
        run.asked = "{}";
        run.asker = "ada";
        run.begun = clock.now();
        write([&](Connection& c) { add_check_run(c, run); });
    }
    void find(Outcome outcome, std::string const& cause = {}, std::string const& item = "mailbox-access")
    {
        clock.advance(1min);
        write([&](Connection& c) {
            keep_finding(c, {.run = run.id,
                             .item = item,
                             .server = "one",
                             .subject = house.mailbox.address,
                             .account = house.mailbox.account,
                             .mailbox = house.mailbox.id,
                             .finding = {.outcome = outcome, .cause = cause, .evidence = "seen", .remedy = {}},
                             .because = {},
                             .found = clock.now()});
        });
    }
    std::vector<Alarm> raised()
    {
        auto all = read([](Connection& c) { return alarms(c); });
        std::erase_if(all, [](auto const& each) { return each.cause != check_alarm; });
        return all;
    }
    std::vector<CheckFinding> latest()
    {
        return read([](Connection& c) { return latest_findings(c); });
    }
    CheckRun run;
};

POSTROOM_ON_BOTH_STORES(FindingsTest);

TEST_P(FindingsTest, KeepsSinceWhenItIsSo)
{
    find(Outcome::holds);
    auto const first = clock.now();
    find(Outcome::holds);
    ASSERT_EQ(latest().size(), 1u);
    EXPECT_EQ(latest().front().since, first);
    EXPECT_EQ(latest().front().found, first + 1min);
    find(Outcome::fails, "imap-off");
    find(Outcome::fails, "mailbox-right-missing");
    EXPECT_EQ(latest().front().since, clock.now());
    auto const history =
        read([&](Connection& c) { return finding_history(c, "mailbox-access", house.mailbox.address, 10); });
    ASSERT_EQ(history.size(), 3u);
    EXPECT_EQ(history[0].finding.cause, "mailbox-right-missing");
    EXPECT_EQ(history[2].since, first);
    EXPECT_EQ(read([&](Connection& c) { return findings_of_run(c, run.id); }).size(), 4u);
}

TEST_P(FindingsTest, PutsThoseTogetherThatCameToTheSame)
{
    auto const first = clock.now() + 1min;
    for (std::string const subject : {"a_b@contoso.test", "axb@contoso.test", "c@contoso.test"}) {
        house.mailbox.address = subject;
        find(subject == "c@contoso.test" ? Outcome::holds : Outcome::fails, subject[0] == 'a' ? "imap-off" : "");
    }
    find(Outcome::could_not_be_told, {}, "quota");
    auto const groups = read([](Connection& c) { return finding_groups(c); });
    ASSERT_EQ(groups.size(), 3u);
    auto const failing =
        std::ranges::find(groups, Outcome::fails, [](auto const& each) { return each.first.finding.outcome; });
    ASSERT_NE(failing, groups.end());
    EXPECT_EQ(failing->count, 2);
    EXPECT_EQ(failing->since, first);
    EXPECT_EQ(failing->found, first + 1min);
    EXPECT_EQ(failing->first.subject, "a_b@contoso.test");
    auto const those = [&](FindingFilter const& filter, std::int64_t most = 10) {
        return read([&](Connection& c) { return latest_findings(c, {}, filter, most); }).size();
    };
    EXPECT_EQ(those({.outcome = Outcome::fails}), 2u);
    EXPECT_EQ(those({.outcome = Outcome::fails}, 1), 1u);
    EXPECT_EQ(those({.subject_has = "A_B@"}), 1u) << "in any case, and _ is itself";
    EXPECT_EQ(those({.cause = "", .because = ""}), 2u);
    EXPECT_EQ(those({.item = "quota", .server = "one"}), 1u);
    EXPECT_EQ(those({.server = "two"}), 0u);
    EXPECT_EQ(those({.mailbox = house.mailbox.id}), 4u);
    EXPECT_EQ(those({.mailbox = model::MailboxId::make()}), 0u);
    EXPECT_EQ(read([](Connection& c) { return servers_of_findings(c); }), std::vector<std::string>{"one"});
    auto const runs = read([](Connection& c) { return last_check_runs(c, 5); });
    ASSERT_EQ(runs.size(), 1u);
    EXPECT_EQ(runs.front().told, 4);
}

TEST_P(FindingsTest, RaisesAnAlarmWhereItTurnsAndEndsIt)
{
    find(Outcome::fails, "imap-off");
    EXPECT_TRUE(raised().empty()) << "it never held";
    find(Outcome::holds);
    find(Outcome::could_not_be_told);
    find(Outcome::fails, "imap-off");
    ASSERT_EQ(raised().size(), 1u);
    EXPECT_EQ(raised().front().subject, house.mailbox.address);
    find(Outcome::holds, {}, "quota");
    find(Outcome::fails, "imap-throttled", "quota");
    EXPECT_EQ(raised().size(), 1u) << "one a subject";
    find(Outcome::holds);
    EXPECT_EQ(raised().size(), 1u) << "the other still fails";
    find(Outcome::could_not_be_told, {}, "quota");
    EXPECT_EQ(raised().size(), 1u);
    find(Outcome::holds, {}, "quota");
    EXPECT_TRUE(raised().empty());
}

TEST_P(FindingsTest, ForgetsWhatOnlyRepeats)
{
    find(Outcome::holds);
    find(Outcome::holds);
    find(Outcome::fails, "imap-off");
    find(Outcome::fails, "imap-off");
    auto const count = [&] { return read([&](Connection& c) { return findings_of_run(c, run.id); }).size(); };
    write([&](Connection& c) { sweep_findings(c, clock.now() - 24h, clock.now() + 1ms, "one"); });
    EXPECT_EQ(count(), 3u) << "the second that held is gone";
    write([&](Connection& c) { sweep_findings(c, clock.now() + 1ms, clock.now() + 1ms, "one"); });
    EXPECT_EQ(count(), 1u) << "the latest stays";
    EXPECT_TRUE(read([&](Connection& c) { return check_run(c, run.id); }).has_value());
}

// Nobody looks again where it fails: the server was retired.
TEST_P(FindingsTest, EndsTheAlarmsOfAServerThatIsGone)
{
    write([](Connection& c) { note_pulse(c, {.server = "one", .part = "services"}); });
    find(Outcome::holds);
    find(Outcome::fails, "imap-off");
    auto const sweep = [&](std::string const& own, Duration ago = {}) {
        write([&](Connection& c) { sweep_findings(c, clock.now() - 24h, clock.now() + 1ms - ago, own); });
        return raised().size();
    };
    EXPECT_EQ(sweep("two"), 1u) << "it lives";
    write([&](Connection& c) { forget_pulses(c, clock.now() + 24h); });
    EXPECT_EQ(sweep("one"), 1u) << "it is the one that asks";
    EXPECT_EQ(sweep("two", 1h), 1u) << "it was told just now";
    EXPECT_EQ(latest().size(), 1u);
    EXPECT_EQ(sweep("two"), 0u);
    EXPECT_TRUE(latest().empty());
}

TEST_P(FindingsTest, ListsTheRunsOfOneWhoAsked)
{
    auto const of = [&](std::optional<std::string> const& asker) {
        return read([&](Connection& c) { return last_check_runs(c, 1, asker); });
    };
    auto later = run;
    later.id = CheckRunId::make();
    later.asker = "bert";
    later.begun = clock.now() + 1min;
    write([&](Connection& c) { add_check_run(c, later); });
    ASSERT_EQ(of({}).size(), 1u);
    EXPECT_EQ(of({}).front().run.asker, "bert");
    ASSERT_EQ(of("ada").size(), 1u) << "whoever else asked since";
    EXPECT_EQ(of("ada").front().run.id, run.id);
    EXPECT_TRUE(of("carl").empty());
}

TEST_P(FindingsTest, CountsTheParts)
{
    write([&](Connection& c) { begin_check_part(c, run.id, 7); });
    auto const now = [&] { return read([&](Connection& c) { return check_run(c, run.id); }).value(); };
    EXPECT_EQ(now().expected, 7);
    EXPECT_FALSE(now().ended());
    write([&](Connection& c) { end_check_part(c, run.id); });
    EXPECT_TRUE(now().ended());
    EXPECT_FALSE(read([](Connection& c) { return last_scheduled_check(c); }).has_value());
}

TEST_P(FindingsTest, ShowsNothingOfWhatIsGone)
{
    find(Outcome::fails, "imap-off");
    EXPECT_TRUE(read([&](Connection& c) {
                    return latest_findings(c, model::Sight{std::vector<model::DepartmentId>{}});
                }).empty());
    write([&](Connection& c) { remove_mailbox(c, house.mailbox.id); });
    EXPECT_TRUE(latest().empty());
}

}  // namespace
}  // namespace postroom::store
