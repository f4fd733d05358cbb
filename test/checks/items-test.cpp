// Items that need no server: what they find in what the store says.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"
#include "checks/run.hpp"
#include "support/loop.hpp"
#include "support/tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::checks {

using model::Outcome;
using testing::HasSubstr;

namespace {

model::Finding find(Item const& item, Files files, Target target = {})
{
    boost::asio::io_context loop;
    Bench::Ground ground{};
    auto const bench = std::make_shared<Bench>(std::move(ground), std::move(files), false);
    return test::run(loop, item.look(bench, std::move(target)));
}

Target mailbox_with(store::Invitations invitations, model::Protocol protocol = model::Protocol::imap)
{
    auto account = std::make_shared<AccountFile>();
    account->account.retrieval = protocol;
    auto mailbox = std::make_shared<MailboxFile>();
    mailbox->mailbox.address = "sales@contoso.com";
    mailbox->invitations = invitations;
    return {.about = About::mailbox, .account = account, .mailbox = mailbox};
}

Instant at(int minutes)
{
    return Instant(std::chrono::minutes(minutes));
}

TEST(ExternalUrlLogin, FailsWhereSomebodyIsSignedInByAnotherName)
{
    auto const item = item::external_url_login();
    EXPECT_EQ(find(item, {.external_url = "https://postroom.contoso.com"}).outcome, Outcome::holds);
    auto const right = find(item, {.external_url = "https://Postroom.contoso.com:8443",
                                   .console_names = {{"ann", "postroom.contoso.com"}}});
    EXPECT_EQ(right.outcome, Outcome::holds) << right.evidence;
    auto const wrong = find(item, {.external_url = "https://postroom.contoso.com",
                                   .console_names = {{"ann", "postroom.contoso.com"}, {"bert", "localhost"}}});
    EXPECT_EQ(wrong.outcome, Outcome::fails);
    EXPECT_EQ(wrong.cause, "external-url-login-elsewhere");
    EXPECT_THAT(wrong.evidence, HasSubstr("bert at localhost"));
    EXPECT_THAT(wrong.evidence, testing::Not(HasSubstr("ann")));
}

TEST(CalendarRetrieval, GoesByTheLastInvitation)
{
    auto const item = item::calendar_retrieval();
    auto const told = [&](store::Invitations seen, model::Protocol protocol = model::Protocol::imap) {
        return find(item, {}, mailbox_with(seen, protocol));
    };
    EXPECT_EQ(told({.mails = 50}).outcome, Outcome::holds);
    EXPECT_EQ(told({.mails = 50, .as_data = at(2), .as_link = at(1)}).outcome, Outcome::holds);
    auto const link = told({.mails = 50, .as_data = at(1), .as_link = at(2)});
    EXPECT_EQ(link.outcome, Outcome::fails);
    EXPECT_EQ(link.cause, "invitation-as-link");
    EXPECT_EQ(link.owner, model::Responsible::exchange);
    EXPECT_THAT(link.remedy, HasSubstr("Set-CASMailbox sales@contoso.com"));
    EXPECT_EQ(told({.as_link = at(2)}, model::Protocol::pop3).cause, "invitation-as-link-pop3");
}

// One account's servers are not the installation's, and its administrator does not mail those whom alarms are for.
TEST(Plan, LooksAtTheWholeInstallationOnlyWhereThatIsAskedFor)
{
    auto const account = std::make_shared<AccountFile>();
    account->account.name = "sales";
    Files files;
    files.accounts = {account};
    auto const whole = [&](Wanted const& wanted) {
        std::vector<std::string_view> ids;
        for (auto const& task : plan(files, wanted, Side::both))
            if (task.target.about == About::partition) ids.push_back(task.item->id);
        return ids;
    };
    EXPECT_THAT(whole({.may_send = true}), testing::Contains("alarm-notification"));
    EXPECT_THAT(whole({.account = "sales", .may_send = true}), testing::IsEmpty());
    EXPECT_FALSE(plan(files, {.account = "sales"}, Side::both).empty());
    EXPECT_THAT(whole({.items = {"proxy"}, .account = "sales"}), testing::ElementsAre("proxy"));
}

// What needs a mail to be sent is left out where none may be, and says so where it is asked for by name.
TEST(RoundTrip, IsLeftOutWhereNothingMayBeSent)
{
    auto const account = std::make_shared<AccountFile>();
    account->account.name = "sales";
    account->mailboxes.push_back({.mailbox = {.id = model::MailboxId::make(), .address = "sales@contoso.com"}});
    Files files;
    files.accounts = {account};
    auto const planned = [&](Wanted const& wanted) {
        std::vector<std::string_view> ids;
        for (auto const& task : plan(files, wanted, Side::both)) ids.push_back(task.item->id);
        return ids;
    };
    EXPECT_THAT(planned({}), testing::Not(testing::Contains("round-trip")));
    EXPECT_THAT(planned({.may_send = true}), testing::Contains("round-trip"));
    EXPECT_THAT(planned({.may_send = true}), testing::Contains("sent-copy"));
    EXPECT_THAT(planned({.items = {"round-trip"}}), testing::ElementsAre("round-trip"));
    auto const untold = find(item::round_trip(), {}, mailbox_with({}));
    EXPECT_EQ(untold.outcome, Outcome::could_not_be_told);
    EXPECT_THAT(untold.evidence, HasSubstr("--send"));
}

TEST(ApplicationOnly, IsBlamedForAnUnknownPrincipalUnlessAnotherMailboxOpens)
{
    Conversation talk;
    talk.purpose = Purpose::imap;
    talk.user = "sales@contoso.com";
    talk.steps.push_back({.kind = StepKind::sign_in, .came = "NO AUTHENTICATE failed.", .trouble = Trouble::refused});
    Standing standing{.application_only = true, .renewed = true, .claims_fit = true};
    EXPECT_EQ(blame(talk, standing).item, "application-only");
    EXPECT_EQ(judge("application-only", talk, StepKind::mailbox, standing, {}).cause, "service-principal-unknown");
    EXPECT_EQ(judge("mailbox-access", talk, StepKind::mailbox, standing, {}).outcome, Outcome::could_not_be_told);
    standing.principal_known = true;
    EXPECT_NE(blame(talk, standing).item, "application-only");
    EXPECT_NE(blame(talk, {.renewed = true, .claims_fit = true}).item, "application-only");
}

TEST(ApplicationOnly, ATokenWithoutItsRoleIsItsOwnToTell)
{
    test::TokenSigner const signer;
    AccountFile file;
    file.account.access = model::Access::application;
    file.account.retrieval = model::Protocol::imap;
    boost::json::object claims{{"aud", "https://outlook.office365.com"}, {"tid", "t"}, {"appid", "a"}};
    auto const fit = [&] { return claims_fit(signer.sign(claims, "RS256"), file, Instant{}); };
    EXPECT_EQ(fit().cause, "app-role-missing");
    claims["roles"] = boost::json::array{"IMAP.AccessAsApp", "SMTP.SendAsApp"};
    EXPECT_EQ(fit().cause, "");
    file.account.retrieval = model::Protocol::pop3;
    EXPECT_EQ(fit().cause, "app-role-missing");
    file.account.access = model::Access::delegated;
    EXPECT_EQ(fit().cause, "token-lacks-permission");
}

TEST(Names, ACommandIsForWhoeverSignsIn)
{
    auto const account = std::make_shared<AccountFile>();
    account->account.user = "clerk@contoso.com";
    auto const mailbox = std::make_shared<MailboxFile>();
    mailbox->mailbox.address = "sales@contoso.com";
    Target const target{.about = About::mailbox, .account = account, .mailbox = mailbox};
    EXPECT_EQ(names_in(target).mailbox, "sales@contoso.com");
    EXPECT_EQ(names_in(target).user, "clerk@contoso.com");
    account->account.access = model::Access::application;
    EXPECT_EQ(names_in(target).user, "");
}

}  // namespace

}  // namespace postroom::checks
