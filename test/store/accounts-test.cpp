// Accounts and mailboxes: their names, states, removal, and what a person decides of a mailbox that stopped.
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/mailboxes.hpp"

#include "filing-house.hpp"
#include "store/grants.hpp"
#include "store/sending.hpp"
#include "store/sent-copies.hpp"

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class AccountsTest : public FilingHouse {};

POSTROOM_ON_BOTH_STORES(AccountsTest);

TEST_P(AccountsTest, KeepsAccountsAndMailboxesWhole)
{
    auto const account = read([&](Connection& c) { return account_named(c, "SALES"); }).value();
    EXPECT_EQ(account.id, house.account.id);
    EXPECT_EQ(account.user, house.account.user);
    EXPECT_EQ(account.retrieval_server, house.account.retrieval_server);
    EXPECT_EQ(account.submission_server, house.account.submission_server);
    EXPECT_EQ(account.application, house.application.id);
    auto const mailbox = read([&](Connection& c) { return mailbox_at(c, "sales@CONTOSO.com"); }).value();
    EXPECT_EQ(mailbox.id, house.mailbox.id);
    EXPECT_EQ(mailbox.after, model::AfterAction::move);
    EXPECT_EQ(mailbox.poll, 30s);
    EXPECT_EQ(mailbox.last_success, std::nullopt);
}

TEST_P(AccountsTest, LetsNamesBeThereOnceIgnoringCase)
{
    auto account = house.account;
    account.id = model::AccountId::make();
    account.name = "Sales";
    EXPECT_EQ(trouble([&](Connection& c) { add_account(c, account); }), Trouble::conflict);
    auto mailbox = house.mailbox;
    mailbox.id = model::MailboxId::make();
    mailbox.address = "sales@contoso.COM";
    EXPECT_EQ(trouble([&](Connection& c) { add_mailbox(c, mailbox); }), Trouble::conflict);
    mailbox.address = "other@contoso.com";
    mailbox.account = model::AccountId::make();
    EXPECT_EQ(trouble([&](Connection& c) { add_mailbox(c, mailbox); }), Trouble::conflict);
}

TEST_P(AccountsTest, NotesStatesAndSinceWhen)
{
    write([&](Connection& c) {
        set_mailbox_status(c, house.mailbox.id, {model::MailboxState::idle, "", std::nullopt, true}, clock.now());
        set_account_state(c, house.account.id, model::AccountState::needs_authorization, "AADSTS50173", clock.now());
    });
    auto const then = clock.now();
    clock.advance(1min);
    write([&](Connection& c) {
        set_mailbox_status(c, house.mailbox.id, {model::MailboxState::idle, "", then, false}, clock.now());
        set_account_state(c, house.account.id, model::AccountState::needs_authorization, "still", clock.now());
        set_uid_validity(c, house.mailbox.id, 4'294'967'295U);
    });
    auto const mailbox = read([&](Connection& c) { return store::mailbox(c, house.mailbox.id); }).value();
    EXPECT_EQ(mailbox.state_since, then);
    EXPECT_EQ(mailbox.last_success, then);
    EXPECT_EQ(mailbox.next_try, then);
    EXPECT_EQ(mailbox.uid_validity, 4'294'967'295U);
    auto const account = read([&](Connection& c) { return store::account(c, house.account.id); }).value();
    EXPECT_EQ(account.state_since, then);
    EXPECT_EQ(account.state_reason, "still");
    EXPECT_EQ(trouble([&](Connection& c) { set_uid_validity(c, model::MailboxId::make(), 1); }), Trouble::not_found);
}

TEST_P(AccountsTest, RemovesAnAccountButNotWhatCustomersWrote)
{
    EXPECT_EQ(trouble([&](Connection& c) { remove_application(c, house.application.id); }), Trouble::conflict);
    auto const message = file(1, 1);
    write([&](Connection& c) {
        model::Grant grant{.account = house.account.id};
        accept_grant(c, grant);
        remove_account(c, house.account.id);
    });
    read([&](Connection& c) {
        EXPECT_EQ(account(c, house.account.id), std::nullopt);
        EXPECT_TRUE(mailboxes(c).empty());
        EXPECT_EQ(grant(c, house.account.id), std::nullopt);
        EXPECT_TRUE(known_uids(c, house.mailbox.id, "INBOX", 7).empty());
        EXPECT_EQ(read_body(c, store::message(c, message.id).value().body), "octets");
        EXPECT_TRUE(case_by_id(c, house.a_case.id));
        return 0;
    });
    write([&](Connection& c) {
        remove_application(c, house.application.id);
        EXPECT_TRUE(applications(c).empty());
    });
    EXPECT_EQ(trouble([&](Connection& c) { remove_account(c, house.account.id); }), Trouble::not_found);
    EXPECT_EQ(trouble([&](Connection& c) { accept_grant(c, {.account = house.account.id}); }), Trouble::not_found);
    // Name and address are free again.
    house.department.id = model::DepartmentId::make();
    house.department.name = "Again";
    write([&](Connection& c) {
        auto application = house.application;
        application.id = model::ApplicationId::make();
        house.account.application = application.id;
        add_application(c, application);
        house.mailbox.account = house.account.id = model::AccountId::make();
        add_account(c, house.account);
        house.mailbox.id = model::MailboxId::make();
        add_mailbox(c, house.mailbox);
    });
}

TEST_P(AccountsTest, RemovesNoAccountWithMailToSend)
{
    write([&](Connection& c) {
        model::Activity activity{.id = model::ActivityId::make(), .case_id = house.a_case.id};
        add_activity(c, activity);
        model::Outbound mail{.id = model::OutboundId::make(), .activity = activity.id, .mailbox = house.mailbox.id};
        mail.account = house.account.id;
        mail.body = add_body(c, "x", 1);
        enqueue(c, mail);
    });
    EXPECT_EQ(trouble([&](Connection& c) { remove_account(c, house.account.id); }), Trouble::conflict);
}

TEST_P(AccountsTest, OwesNoCopiesOfWhatARemovedAccountSent)
{
    write([&](Connection& c) {
        set_account_sending(c, {.account = house.account.id, .append_sent = true});
        model::Activity activity{.id = model::ActivityId::make(), .case_id = house.a_case.id};
        add_activity(c, activity);
        model::Outbound mail{.id = model::OutboundId::make(), .activity = activity.id, .mailbox = house.mailbox.id};
        mail.account = house.account.id;
        mail.recipients = {"customer@example.com"};
        mail.body = add_body(c, "x", 1);
        enqueue(c, mail);
        ASSERT_EQ(claim(c, house.account.id, "here", 1, 60s).size(), 1U);
        ASSERT_TRUE(begin_committing(c, mail.id, 1));
        settle_sent(c, mail.id, 1, "", "250 2.0.0 OK");
        sent_copy_due(c, mail.id);
    });
    ASSERT_EQ(read(accounts_with_sent_copies_due).size(), 1U);
    write([&](Connection& c) { remove_account(c, house.account.id); });
    EXPECT_TRUE(read(accounts_with_sent_copies_due).empty());
    EXPECT_EQ(read(next_sent_copy), std::nullopt);
}

TEST_P(AccountsTest, DecidesAboutTheMailOfAMailboxThatIsStopped)
{
    using enum model::MailboxState;
    auto const now = [&] { return read([&](Connection& c) { return mailbox(c, house.mailbox.id).value(); }); };
    auto const decide = [&](model::Unexpected decision) {
        return write([&](Connection& c) { return decide_unexpected(c, house.mailbox.id, decision, clock.now()); });
    };
    EXPECT_EQ(now().unexpected, model::Unexpected::ask);
    EXPECT_FALSE(decide(model::Unexpected::file)) << "nothing was asked";
    EXPECT_EQ(now().unexpected, model::Unexpected::ask);
    write([&](Connection& c) {
        set_mailbox_status(c, house.mailbox.id, {.state = stopped, .reason = "812 mails"}, clock.now());
    });
    auto const before = now().baseline;
    clock.advance(1500ms);
    EXPECT_TRUE(decide(model::Unexpected::skip));
    EXPECT_EQ(now().unexpected, model::Unexpected::file) << "what comes from now on";
    EXPECT_EQ(now().baseline, std::chrono::floor<std::chrono::seconds>(clock.now())) << "as servers tell it";
    EXPECT_GT(now().baseline, before);
    EXPECT_EQ(now().state, waiting);
    EXPECT_EQ(now().state_reason, "");
    EXPECT_FALSE(decide(model::Unexpected::file)) << "it was decided";
    // The next time somebody has to be asked again.
    write([&](Connection& c) { set_uid_validity(c, house.mailbox.id, 9); });
    EXPECT_EQ(now().unexpected, model::Unexpected::ask);
    // Filing all of it leaves the baseline as it is.
    write([&](Connection& c) {
        set_mailbox_status(c, house.mailbox.id, {.state = stopped, .reason = "7"}, clock.now());
    });
    auto const skipped_before = now().baseline;
    clock.advance(1h);
    EXPECT_TRUE(decide(model::Unexpected::file));
    EXPECT_EQ(now().baseline, skipped_before);
}

// Every state that the schema lets in has a word in the program, and the other way round.
TEST_P(AccountsTest, RefusesAStateThatIsNone)
{
    for (auto const* const sql : {"UPDATE account SET state = 'odd'", "UPDATE mailbox SET state = 'odd'",
                                  "UPDATE customer_case SET state = ''", "UPDATE account SET retrieval_port = 70000",
                                  "UPDATE account SET access = 'odd'", "UPDATE mailbox SET unexpected = 'odd'"})
        EXPECT_EQ(trouble([&](Connection& c) { c.execute(sql); }), Trouble::store) << sql;
    write([&](Connection& c) {
        using enum model::MailboxState;
        for (auto const state : {waiting, connecting, retrieving, idle, backing_off, stopped}) {
            set_mailbox_status(c, house.mailbox.id, {.state = state, .reason = "r"}, clock.now());
            EXPECT_EQ(mailbox(c, house.mailbox.id)->state, state);
        }
        using enum model::AccountState;
        for (auto const state : {new_account, ready, needs_authorization})
            set_account_state(c, house.account.id, state, "", clock.now());
    });
}

}  // namespace
}  // namespace postroom::store
