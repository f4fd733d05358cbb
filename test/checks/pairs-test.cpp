// Two things wrong at once, all pairs of them: both are found, or the second could not be told because of the first.
#include "checks/bench.hpp"
#include "checks/judging.hpp"
#include "checks/run.hpp"
#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>

namespace postroom::checks {

using model::Outcome;

namespace {

std::set<std::string_view> broken;

template <bool fails_too>
net::awaitable<model::Finding> pretend(std::shared_ptr<Bench> /*bench*/, Target /*target*/)
{
    co_return fails_too ? model::Finding{.outcome = Outcome::fails, .evidence = "as it was told to"} : holds("it does");
}

// Everything that there is to look at of one account, with looks that do as they are told.
std::vector<Task> tasks_of_one_account(std::vector<Item>& copies)
{
    auto application = std::make_shared<ApplicationFile>();
    application->application.id = model::ApplicationId::make();
    application->application.name = "entra";
    application->place = Place{Purpose::provider, {"login.example", 443}, true};
    auto account = std::make_shared<AccountFile>();
    account->account.id = model::AccountId::make();
    account->account.name = "sales";
    account->application = application;
    account->mailboxes.push_back({.mailbox = {.id = model::MailboxId::make(), .address = "sales@contoso.com"}});
    account->places = {*application->place,
                       {Purpose::imap, {"mail.example", 993}, true},
                       {Purpose::smtp, {"submission.example", 587}, false}};
    Files files;
    files.applications = {application};
    files.accounts = {account};
    auto tasks = plan(files, {.items = {}, .account = {}, .mailbox = {}, .may_send = true}, Side::both);
    copies.reserve(tasks.size());
    for (auto& task : tasks) {
        copies.push_back(*task.item);
        copies.back().look = broken.contains(task.item->id) ? pretend<true> : pretend<false>;
        task.item = &copies.back();
    }
    return tasks;
}

// The grounds of each item, and theirs: grounds come first in the list.
std::map<std::string_view, std::set<std::string_view>> all_grounds()
{
    std::map<std::string_view, std::set<std::string_view>> all;
    for (auto const& item : items())
        for (auto const ground : item.grounds) {
            all[item.id].insert(ground);
            all[item.id].insert(all[ground].begin(), all[ground].end());
        }
    return all;
}

std::map<std::string, std::vector<Told>> told_of(std::set<std::string_view> items)
{
    broken = std::move(items);
    std::vector<Item> copies;
    auto tasks = tasks_of_one_account(copies);
    auto all = std::make_shared<std::map<std::string, std::vector<Told>>>();
    Tell const tell = [all](Task task, Told told) -> net::awaitable<void> {
        (*all)[std::string(task.item->id)].push_back(std::move(told));
        co_return;
    };
    boost::asio::io_context loop;
    test::run(loop, carry_out(nullptr, std::move(tasks), tell));
    return *all;
}

Conversation refused_at(StepKind kind, std::string came, Purpose purpose)
{
    Conversation talk;
    talk.purpose = purpose;
    talk.server = {"mail.example", 993};
    talk.user = "sales@contoso.com";
    for (auto const each : {StepKind::resolve, StepKind::connect, StepKind::tls, StepKind::greeting, StepKind::sign_in,
                            StepKind::mailbox, StepKind::send}) {
        if (each == kind) break;
        talk.steps.push_back({.kind = each, .held = true});
    }
    talk.steps.push_back({.kind = kind, .came = std::move(came), .held = false, .trouble = Trouble::refused});
    return talk;
}

struct Refusal {
    StepKind step;
    char const* came;
};

// As Exchange Online words them.
constexpr std::array inbound{
    Refusal{StepKind::sign_in, "NO AUTHENTICATE failed."},
    Refusal{StepKind::mailbox, "BAD User is authenticated but not connected."},
    Refusal{StepKind::mailbox, "NO Request is throttled. Suggested Backoff Time: 299961 milliseconds"},
    Refusal{StepKind::mailbox, "NO Server Unavailable. 15"},
    Refusal{StepKind::sign_in, "Session invalidated - AccessTokenExpired"},
    Refusal{StepKind::mailbox, "BAD Command Argument Error. 11"},
    Refusal{StepKind::mailbox, "NO nobody knows these words"},
};
constexpr std::array outbound{
    Refusal{StepKind::sign_in, "535 5.7.3 Authentication unsuccessful"},
    Refusal{StepKind::sign_in,
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."},
    Refusal{StepKind::sign_in,
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."},
    Refusal{StepKind::sign_in,
            "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security "
            "defaults policy. Contact your administrator."},
    Refusal{StepKind::sign_in, "504 5.7.4 Unrecognized authentication type"},
    Refusal{StepKind::sign_in, "451 4.7.0 Temporary server error. Please try again later. PRX4"},
    Refusal{StepKind::send, "550 5.7.60 SMTP; Client does not have permissions to send as this sender"},
    Refusal{StepKind::send, "554 5.2.252 SendAsDenied; sales@contoso.com not allowed to send as all@contoso.com"},
    Refusal{StepKind::send, "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException"},
    Refusal{StepKind::send, "432 4.3.2 Concurrent connections limit exceeded."},
    Refusal{StepKind::send, "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException"},
    Refusal{StepKind::send, "550 nobody knows these words"},
};

TEST(Pairs, OfItemsAreBothFoundOrOneStandsInTheWayOfTheOther)
{
    auto const grounds = all_grounds();
    auto const whole = told_of({});
    ASSERT_GT(whole.size(), 30U);
    for (auto const& [item, tellings] : whole)
        for (auto const& told : tellings) EXPECT_EQ(told.finding.outcome, Outcome::holds) << item;
    std::vector<std::string> names;
    for (auto const& [item, tellings] : whole) names.push_back(item);
    for (std::size_t i = 0; i < names.size(); ++i)
        for (std::size_t j = i + 1; j < names.size(); ++j) {
            auto const &a = names[i], &b = names[j];
            SCOPED_TRACE(a + " and " + b);
            for (auto const& [item, tellings] : told_of({a, b}))
                for (auto const& told : tellings) {
                    auto const outcome = told.finding.outcome;
                    if (outcome == Outcome::could_not_be_told) {
                        EXPECT_TRUE(told.because == a || told.because == b) << item << ": " << told.because;
                        EXPECT_TRUE(grounds.at(item).contains(told.because)) << item << ": " << told.because;
                    } else {
                        EXPECT_EQ(outcome == Outcome::fails, item == a || item == b) << item;
                    }
                }
        }
}

TEST(Pairs, OfRefusalsOnTheWayInAndOutBlameOneItemEach)
{
    static constexpr std::array<std::string_view, 6> of_in{"mailbox-access", "inbound-enabled",  "licence",
                                                           "quota",          "application-only", "inbound-imap"};
    static constexpr std::array<std::string_view, 6> of_out{"smtp-enabled", "send-as",        "mailbox-full",
                                                            "quota",        "mailbox-access", "outbound-smtp"};
    Target const target{.about = About::mailbox, .subject = "sales@contoso.com"};
    constexpr Standing own{.own_mailbox = true, .renewed = true, .claims_fit = true};
    for (auto const& in : inbound)
        for (auto const& out : outbound) {
            SCOPED_TRACE(std::string(in.came) + " / " + out.came);
            auto const retrieval = refused_at(in.step, in.came, Purpose::imap);
            auto const submission = refused_at(out.step, out.came, Purpose::smtp);
            std::multiset<std::string> failing;
            for (auto const item : of_in) {
                auto const found = judge(item, retrieval, StepKind::mail, own, target);
                if (found.outcome == Outcome::fails)
                    failing.emplace(item);
                else
                    EXPECT_THAT(found.evidence, testing::HasSubstr(in.came)) << item;
            }
            EXPECT_EQ(failing.size(), 1U) << testing::PrintToString(failing);
            failing.clear();
            for (auto const item : of_out) {
                auto const found = judge(item, submission, StepKind::mail, own, target);
                if (found.outcome == Outcome::fails)
                    failing.emplace(item);
                else
                    EXPECT_THAT(found.evidence, testing::HasSubstr(out.came)) << item;
            }
            EXPECT_EQ(failing.size(), 1U) << testing::PrintToString(failing);
        }
}

}  // namespace

}  // namespace postroom::checks
