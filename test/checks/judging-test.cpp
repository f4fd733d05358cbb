#include "checks/judging.hpp"

#include "checks/bench.hpp"
#include "checks/products.hpp"
#include "checks/run.hpp"
#include "checks/sign-in-words.hpp"
#include "support/tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace postroom::checks {

using model::Outcome;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

Conversation broken_at(StepKind kind, std::string came, Purpose purpose = Purpose::imap,
                       Trouble trouble = Trouble::refused)
{
    Conversation talk;
    talk.purpose = purpose;
    talk.server = {"outlook.example", 993};
    talk.user = "sales@contoso.com";
    for (auto const each : {StepKind::resolve, StepKind::connect, StepKind::tls, StepKind::greeting, StepKind::sign_in,
                            StepKind::mailbox, StepKind::send}) {
        if (each == kind) break;
        talk.steps.push_back({.kind = each, .held = true});
    }
    talk.steps.push_back({.kind = kind, .came = std::move(came), .held = false, .trouble = trouble});
    return talk;
}

constexpr Standing own{.own_mailbox = true, .renewed = true, .claims_fit = true};
constexpr Standing shared{.own_mailbox = false, .renewed = true, .claims_fit = true};

std::shared_ptr<AccountFile> an_account(std::string const& name, Endpoint imap, Endpoint smtp)
{
    auto file = std::make_shared<AccountFile>();
    file->account.id = model::AccountId::make();
    file->account.name = name;
    file->account.user = name + "@contoso.com";
    file->mailboxes.push_back({.mailbox = {.id = model::MailboxId::make(), .address = name + "@contoso.com"}});
    file->places = {{Purpose::imap, std::move(imap), true}, {Purpose::smtp, std::move(smtp), false}};
    return file;
}

Task const& task_of(std::vector<Task> const& tasks, std::string_view item, std::string_view subject)
{
    for (auto const& each : tasks)
        if (each.item->id == item && each.target.subject == subject) return each;
    throw std::runtime_error("no such task: " + std::string(item));
}

TEST(Judge, TheLastMailTellsOfWhatItsRefusalWasAbout)
{
    auto const told = [](std::string outcome, std::string words, std::string_view item) {
        auto const mailbox = std::make_shared<MailboxFile>();
        mailbox->sending.last_outcome = std::move(outcome);
        mailbox->sending.last_words = std::move(words);
        return judge_last_mail(item, item == "send-as" ? "send-as-missing" : "mailbox-full", {.mailbox = mailbox});
    };
    std::string const full = "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException";
    auto const failed = told("failed", full, "mailbox-full");
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->outcome, model::Outcome::fails);
    EXPECT_EQ(failed->cause, "mailbox-full");
    EXPECT_FALSE(told("failed", full, "send-as"));
    EXPECT_FALSE(told("failed", "nonsense", "mailbox-full"));
    EXPECT_FALSE(told("", "", "mailbox-full"));
    auto const sent = told("sent", "", "send-as");
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->outcome, model::Outcome::holds);
}

}  // namespace

TEST(Blame, TellsWhatOneSymptomMeansByWhoseMailboxItIs)
{
    auto const talk = broken_at(StepKind::mailbox, "BAD User is authenticated but not connected.");
    EXPECT_EQ(blame(talk, own).item, "inbound-enabled");
    EXPECT_EQ(blame(talk, own).causes.front()->id, "imap-off");
    EXPECT_EQ(blame(talk, shared).item, "mailbox-access");
    EXPECT_EQ(blame(talk, shared).causes.front()->id, "mailbox-right-missing");
    EXPECT_GT(blame(talk, shared).causes.size(), 3u);
}

TEST(Blame, LetsOnlyOneItemFail)
{
    auto const talk = broken_at(StepKind::mailbox, "BAD User is authenticated but not connected.");
    auto const guilty = judge("mailbox-access", talk, StepKind::mailbox, shared, {});
    EXPECT_EQ(guilty.outcome, Outcome::fails);
    EXPECT_EQ(guilty.owner, model::Responsible::exchange);
    EXPECT_THAT(guilty.evidence, HasSubstr("imap-off"));
    auto const other = judge("inbound-enabled", talk, StepKind::mailbox, shared, {});
    EXPECT_EQ(other.outcome, Outcome::could_not_be_told);
    EXPECT_THAT(other.evidence, StartsWith("mailbox-access stands in the way"));
    EXPECT_EQ(judge("smtp-enabled", talk, StepKind::sign_in, shared, {}).outcome, Outcome::holds);
}

TEST(Blame, DropsNothingWhereAllIsRuledOut)
{
    auto const talk = broken_at(StepKind::sign_in, "535 5.7.3 Authentication unsuccessful", Purpose::smtp);
    auto const found = blame(talk, own);
    EXPECT_EQ(found.item, "outbound-smtp");
    ASSERT_FALSE(found.causes.empty());
    EXPECT_EQ(found.causes.front()->id, "smtp-token-refused");
}

TEST(Blame, NamesThePartOfTheWay)
{
    auto const network = [](StepKind kind, Trouble trouble, std::string came) {
        return blame(broken_at(kind, std::move(came), Purpose::imap, trouble), {}).item;
    };
    EXPECT_EQ(network(StepKind::resolve, Trouble::unreachable, "outlook.example has no address: not found"), "dns");
    EXPECT_EQ(network(StepKind::connect, Trouble::unreachable, "cannot reach outlook.example:993: refused"),
              "port-993");
    EXPECT_EQ(network(StepKind::connect, Trouble::refused, "the proxy p:3128 refused the way"), "proxy");
    EXPECT_EQ(
        network(StepKind::connect, Trouble::unreachable, "the proxy p:3128 can't reach m:993 itself (502 Bad Gateway)"),
        "port-993")
        << "it let it pass";
    EXPECT_EQ(network(StepKind::tls, Trouble::tls, "the certificate of outlook.example is not trusted: self-signed"),
              "tls-path");
    EXPECT_EQ(network(StepKind::greeting, Trouble::timed_out, "outlook.example did not answer within 15 s"),
              "port-993");
}

TEST(Blame, IsNobodysWhereNobodyKnowsTheWords)
{
    auto const talk = broken_at(StepKind::sign_in, "NO computer says no");
    auto const found = judge("inbound-imap", talk, StepKind::sign_in, own, {});
    EXPECT_EQ(found.outcome, Outcome::fails);
    EXPECT_EQ(found.cause, "");
    EXPECT_THAT(found.remedy, HasSubstr("Exchange administrator"));
    EXPECT_EQ(judge("mailbox-access", talk, StepKind::mailbox, own, {}).outcome, Outcome::could_not_be_told);
}

TEST(Refusals, AreOfTheItemThatTellsThem)
{
    EXPECT_EQ(judge_refusal("client-credential", "AADSTS7000215: Invalid client secret", {}).outcome, Outcome::fails);
    EXPECT_EQ(judge_refusal("permissions", "AADSTS7000215: Invalid client secret", {}).outcome,
              Outcome::could_not_be_told);
    EXPECT_EQ(judge_refusal("redirect-url", "AADSTS50011", {}).owner, model::Responsible::entra);
}

TEST(Remedies, BearTheNames)
{
    auto const account = an_account("sales", {"a", 993}, {"b", 587});
    Target const target{.account = account,
                        .mailbox = std::shared_ptr<MailboxFile const>(account, &account->mailboxes.front())};
    EXPECT_EQ(with_names("Set-CASMailbox MAILBOX -ImapEnabled $true; ACCOUNTS of ACCOUNT, USER.", target),
              "Set-CASMailbox sales@contoso.com -ImapEnabled $true; ACCOUNTS of sales, sales@contoso.com.");
    EXPECT_EQ(with_names("MAILBOX", {}), "MAILBOX");
}

TEST(SignInPages, ShowANumberOrSendBack)
{
    EXPECT_EQ(aadsts_in("<title>Sorry</title>AADSTS50011: The redirect URI …"), "AADSTS50011");
    EXPECT_EQ(aadsts_in("AADSTS, AADSTS12 and AADSTS700016 are three"), "AADSTS700016");
    EXPECT_EQ(aadsts_in("AADSTS"), "");
    EXPECT_EQ(aadsts_in(""), "");
    EXPECT_TRUE(sent_back({.answer = {.status = 302}, .error = {}}));
    EXPECT_FALSE(sent_back({.answer = {.status = 200}, .error = {}}));
}

TEST(Claims, AreLookedAtWhereTheyCanBeRead)
{
    test::TokenSigner signer;
    AccountFile file = *an_account("sales", {"a", 993}, {"b", 587});
    file.grant = model::Grant{.owner = {"tenant-1", "object-1", "sales@contoso.com"}};
    auto const fit = [&](boost::json::object const& claims) {
        return claims_fit(signer.sign(claims, "RS256"), file, Instant{});
    };
    boost::json::object good{{"aud", "https://outlook.office.com"},
                             {"tid", "tenant-1"},
                             {"oid", "object-1"},
                             {"appid", "client"},
                             {"scp", "IMAP.AccessAsUser.All SMTP.Send"}};
    EXPECT_TRUE(fit(good).wrong.empty());
    auto const with = [&](char const* claim, char const* value) {
        auto changed = good;
        changed[claim] = value;
        return fit(changed).cause;
    };
    EXPECT_EQ(with("aud", "https://graph.microsoft.com"), "token-for-another-resource");
    EXPECT_EQ(with("scp", "IMAP.AccessAsUser.All"), "token-lacks-permission");
    EXPECT_EQ(with("oid", "object-2"), "wrong-user-signed-in");
    EXPECT_EQ(with("tid", "tenant-2"), "token-of-another-tenant");
    EXPECT_TRUE(claims_fit("EwB-opaque", file, Instant{}).wrong.empty());
    file.account.retrieval = model::Protocol::pop3;
    EXPECT_EQ(claims_fit(std::string(5'000, 'x'), file, Instant{}).cause, "token-too-long-for-pop3");
}

TEST(Items, ComeAfterTheirGrounds)
{
    std::set<std::string_view> seen;
    for (auto const& item : items()) {
        EXPECT_TRUE(seen.insert(item.id).second) << item.id;
        EXPECT_NE(item.look, nullptr) << item.id;
        for (auto const ground : item.grounds) EXPECT_TRUE(seen.contains(ground)) << item.id << " rests on " << ground;
    }
    EXPECT_EQ(find_item("no-such-item"), nullptr);
    EXPECT_EQ(find_item("mailbox-access")->id, "mailbox-access");
}

TEST(Plan, LooksWhereItMustHold)
{
    Files files;
    files.accounts = {an_account("sales", {"imap.example", 993}, {"smtp.example", 587})};
    auto const has = [&](Side side, std::string_view item) {
        auto const tasks = plan(files, {}, side);
        return std::ranges::any_of(tasks, [&](auto const& each) { return each.item->id == item; });
    };
    EXPECT_TRUE(has(Side::both, "port-993"));
    EXPECT_TRUE(has(Side::services, "port-993"));
    EXPECT_FALSE(has(Side::application, "port-993"));
    EXPECT_TRUE(has(Side::application, "port-587"));
    EXPECT_TRUE(has(Side::application, "external-url"));
    EXPECT_FALSE(has(Side::services, "external-url"));
    auto const some = plan(files, {.items = {"dns"}, .account = {}, .mailbox = {}}, Side::both);
    EXPECT_EQ(some.size(), 2u);
    EXPECT_TRUE(
        plan(files, {.items = {"mailbox-access"}, .account = {}, .mailbox = "else@contoso.com"}, Side::both).empty());
}

TEST(Plan, RestsOnItsOwnServersOnly)
{
    Files files;
    files.accounts = {an_account("sales", {"imap.example", 993}, {"smtp.example", 587}),
                      an_account("help", {"other.example", 993}, {"smtp.example", 587})};
    auto const tasks = plan(files, {}, Side::both);
    auto const& access = task_of(tasks, "mailbox-access", "sales@contoso.com");
    EXPECT_TRUE(rests_on(access, task_of(tasks, "port-993", "imap.example:993")));
    EXPECT_FALSE(rests_on(access, task_of(tasks, "port-993", "other.example:993")));
    EXPECT_FALSE(rests_on(access, task_of(tasks, "port-587", "smtp.example:587")));
    EXPECT_TRUE(rests_on(access, task_of(tasks, "grant-refresh", "sales")));
    EXPECT_FALSE(rests_on(access, task_of(tasks, "grant-refresh", "help")));
    EXPECT_TRUE(rests_on(task_of(tasks, "port-993", "imap.example:993"), task_of(tasks, "dns", "imap.example")));
    EXPECT_FALSE(rests_on(task_of(tasks, "port-993", "imap.example:993"), task_of(tasks, "dns", "other.example")));
}

TEST(Products, AreJudgedByTheVendorsList)
{
    auto const outcome = [](std::string_view release, std::string_view installed) {
        return judge_product("ece", release, installed).value().outcome;
    };
    EXPECT_EQ(outcome("11.5(1)", "ES20"), Outcome::fails);
    EXPECT_EQ(outcome("11.6(1)", "ES12"), Outcome::fails);
    EXPECT_EQ(outcome("11.6(1)", "es12, es12_et1"), Outcome::holds);
    EXPECT_EQ(outcome("12.0(1)", "ES5"), Outcome::fails);
    EXPECT_EQ(outcome("12.0(1)", "ES6"), Outcome::holds);
    EXPECT_EQ(outcome("12.5(1)", "ES3"), Outcome::holds);
    EXPECT_EQ(outcome("12.6(1)", ""), Outcome::fails);
    EXPECT_EQ(outcome("15.0(1)", "ES1"), Outcome::could_not_be_told);
    EXPECT_FALSE(judge_product("other", "1.0", "").has_value());
    EXPECT_FALSE(judge_product("ece", "newest", "").has_value());
}

}  // namespace postroom::checks
