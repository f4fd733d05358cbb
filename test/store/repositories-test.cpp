// Accounts, people, settings, messages, the ledger, cases, grants, leases, jobs, audit and alarms.
#include "store/coordination.hpp"
#include "store/grants.hpp"
#include "store/settings.hpp"

#include "both-stores.hpp"

#include <set>

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class RepositoriesTest : public OnBothStores {
protected:
    House house = furnish();

    model::Message file(std::uint32_t uid, std::uint64_t digest)
    {
        return write([&](Connection& c) {
            model::Message message{.id = model::MessageId::make(), .mailbox = house.mailbox.id};
            message.body = add_body(c, "octets", digest);
            message.size = 6;
            message.digest = digest_of(digest);
            message.fingerprint = digest_of(digest + 1000);
            message.filed = clock.now();
            add_message(c, message);
            add_to_ledger(c, row(uid, message.id), clock.now());
            return message;
        });
    }
    model::LedgerRow row(std::uint32_t uid, std::optional<model::MessageId> message = {})
    {
        return {.place = {house.mailbox.id, "INBOX", 7, uid}, .message = message, .due = model::AfterAction::move};
    }
};

POSTROOM_ON_BOTH_STORES(RepositoriesTest);

TEST_P(RepositoriesTest, KeepsAccountsAndMailboxesWhole)
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

TEST_P(RepositoriesTest, LetsNamesBeThereOnceIgnoringCase)
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

TEST_P(RepositoriesTest, NotesStatesAndSinceWhen)
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

TEST_P(RepositoriesTest, RemovesAnAccountButNotWhatCustomersWrote)
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

TEST_P(RepositoriesTest, RemovesNoAccountWithMailToSend)
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

TEST_P(RepositoriesTest, KnowsItsUsersAndTheirSessions)
{
    model::User const user{model::UserId::make(), "ada", "$argon2id$", model::Role::agent, clock.now()};
    write([&](Connection& c) {
        add_user(c, user);
        set_password_hash(c, user.id, "$argon2id$2");
        add_session(c, "digest", user.id, clock.now() + 1h);
        add_session(c, std::string_view("\0other", 6), user.id, clock.now() + 2h);
        EXPECT_EQ(user_named(c, "ADA")->password_hash, "$argon2id$2");
        EXPECT_EQ(session_user(c, "digest", clock.now())->id, user.id);
        EXPECT_EQ(session_user(c, std::string_view("\0other", 6), clock.now())->role, model::Role::agent);
        EXPECT_EQ(session_user(c, "Digest", clock.now()), std::nullopt);
        EXPECT_EQ(session_user(c, "digest", clock.now() + 1h), std::nullopt);
        end_session(c, "digest");
        EXPECT_EQ(session_user(c, "digest", clock.now()), std::nullopt);
    });
    EXPECT_EQ(trouble([&](Connection& c) {
                  add_user(c, {model::UserId::make(), "Ada", "", model::Role::agent, clock.now()});
              }),
              Trouble::conflict);
}

TEST_P(RepositoriesTest, KnowsItsSettings)
{
    write([](Connection& c) {
        EXPECT_EQ(setting(c, "doubt-delays"), "30s,2m,10m");
        set_setting(c, "external-url", "https://mail.example.com:8443");
        set_setting(c, "external-url", "https://mail.example.com");
        EXPECT_EQ(settings(c).at("external-url"), "https://mail.example.com");
        EXPECT_EQ(settings(c).size(), known_settings().size());
        for (auto const& each : known_settings()) set_setting(c, each.name, each.default_value);
    });
    for (auto const& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"external-url", "http://mail.example.com"},
                                                          {"external-url", "https://"},
                                                          {"external-url", "https://mail.example.com/path"},
                                                          {"external-url", "https://mail.example.com?x"},
                                                          {"external-url", "https://user@mail.example.com"},
                                                          {"external-url", "http://localhost.example.com"},
                                                          {"doubt-delays", "30"},
                                                          {"doubt-delays", "30s,,2m"},
                                                          {"doubt-delays", "s"},
                                                          {"doubt-policy", "Ask"},
                                                          {"unexpected-mails", "-1"}})
        EXPECT_EQ(trouble([&](Connection& c) { set_setting(c, name, value); }), Trouble::invalid) << value;
    EXPECT_EQ(trouble([](Connection& c) { set_setting(c, "external_url", "x"); }), Trouble::not_found);
    EXPECT_EQ(trouble([](Connection& c) { (void)setting(c, ""); }), Trouble::not_found);
}

TEST_P(RepositoriesTest, TakesAPlaceIntoTheLedgerOnce)
{
    auto const first = file(10, 1);
    EXPECT_EQ(trouble([&](Connection& c) { add_to_ledger(c, row(10), clock.now()); }), Trouble::conflict);
    write([&](Connection& c) {
        auto other = row(10);
        other.place.uid_validity = 8;
        add_to_ledger(c, other, clock.now());
        other.place.folder = "Junk";
        add_to_ledger(c, other, clock.now());
        add_to_ledger(c, row(4'294'967'295U), clock.now());
        add_to_ledger(c, row(2), clock.now());
        EXPECT_EQ(known_uids(c, house.mailbox.id, "INBOX", 7), (std::vector<std::uint32_t>{2, 10, 4'294'967'295U}));
        EXPECT_EQ(message_with(c, house.mailbox.id, first.digest), first.id);
        EXPECT_EQ(message_with(c, house.mailbox.id, digest_of(99)), std::nullopt);
        EXPECT_TRUE(fingerprint_known(c, house.mailbox.id, first.fingerprint));
        EXPECT_FALSE(fingerprint_known(c, house.mailbox.id, first.digest));
    });
    EXPECT_EQ(trouble([&](Connection& c) {
                  auto again = first;
                  again.id = model::MessageId::make();
                  add_message(c, again);
              }),
              Trouble::conflict)
        << "the same bytes are filed once in a mailbox";
}

TEST_P(RepositoriesTest, RemembersAfterActionsUntilTheyAreDone)
{
    for (std::uint32_t uid = 1; uid <= 3; ++uid) file(uid, uid);
    write([&](Connection& c) {
        auto skipped = row(4);
        skipped.state = model::LedgerState::skipped;
        skipped.due = model::AfterAction::leave;
        add_to_ledger(c, skipped, clock.now());
        after_action_failed(c, row(1).place, "NO [CANNOT]", clock.now());
        after_action_done(c, row(2).place, clock.now());
        auto const due = due_after_actions(c, house.mailbox.id, "INBOX", 7, 10);
        ASSERT_EQ(due.size(), 2U);
        EXPECT_EQ(due[0].place.uid, 3U) << "what failed comes last";
        EXPECT_EQ(due[1].place, row(1).place);
        EXPECT_EQ(due[1].tries, 1);
        EXPECT_EQ(due[1].note, "NO [CANNOT]");
        EXPECT_EQ(due[1].due, model::AfterAction::move);
        EXPECT_TRUE(due_after_actions(c, house.mailbox.id, "INBOX", 8, 10).empty());
        auto const counts = ledger_counts(c, house.mailbox.id);
        EXPECT_EQ(counts.filed, 3);
        EXPECT_EQ(counts.skipped, 1);
        EXPECT_EQ(counts.due, 2);
    });
}

TEST_P(RepositoriesTest, KnowsMailsByTheirUniqueIdsWhileTheServerListsThem)
{
    auto const row = [&](std::uint32_t uid, std::string unique_id) {
        model::LedgerRow each;
        each.place = {house.mailbox.id, "INBOX", 0, uid};
        each.due = model::AfterAction::remove;
        each.unique_id = std::move(unique_id);
        return each;
    };
    write([&](Connection& c) {
        EXPECT_EQ(last_uid(c, house.mailbox.id, "INBOX", 0), 0U);
        add_to_ledger(c, row(1, "a"), clock.now());
        add_to_ledger(c, row(2, "A b"), clock.now());
        EXPECT_EQ(last_uid(c, house.mailbox.id, "INBOX", 0), 2U);
        EXPECT_EQ(due_after_actions(c, house.mailbox.id, "INBOX", 0, 10).at(1).unique_id, "A b");
    });
    EXPECT_EQ(trouble([&](Connection& c) { add_to_ledger(c, row(3, "a"), clock.now()); }), Trouble::conflict)
        << "no two mails have one at the same time";
    write([&](Connection& c) {
        gone_from_server(c, row(1, "").place, clock.now());
        EXPECT_EQ(named_mails(c, house.mailbox.id), (std::vector<NamedMail>{{"A b", 2}}));
        ASSERT_EQ(due_after_actions(c, house.mailbox.id, "INBOX", 0, 10).size(), 1U);
        add_to_ledger(c, row(3, "a"), clock.now());
        EXPECT_EQ(named_mails(c, house.mailbox.id).size(), 2U);
        EXPECT_EQ(known_uids(c, house.mailbox.id, "INBOX", 0), (std::vector<std::uint32_t>{1, 2, 3}));
    });
}

TEST_P(RepositoriesTest, KeepsTheLedgerWhereAMessageIsDeleted)
{
    auto const message = file(1, 1);
    write([&](Connection& c) {
        c.execute("DELETE FROM message WHERE id = ?", message.id);
        EXPECT_EQ(known_uids(c, house.mailbox.id, "INBOX", 7), std::vector{1U});
    });
}

TEST_P(RepositoriesTest, CountsTriesOfTriageBeforeTheyBegin)
{
    auto const first = file(1, 1);
    clock.advance(1s);
    auto const second = file(2, 2);
    write([&](Connection& c) {
        auto const waiting = awaiting_triage(c, 10);
        ASSERT_EQ(waiting.size(), 2U);
        EXPECT_EQ(waiting[0].id, first.id);
        EXPECT_EQ(waiting[1].digest, second.digest);
        begin_triage(c, first.id);
        begin_triage(c, first.id);
        EXPECT_EQ(store::message(c, first.id)->triage_tries, 2);
        triage_failed(c, first.id, "no MIME");
        triage_done(c, second.id);
        EXPECT_TRUE(awaiting_triage(c, 10).empty());
        ASSERT_EQ(exceptions(c, 10).size(), 1U);
        EXPECT_EQ(exceptions(c, 10)[0].exception, "no MIME");
        triage_again(c, first.id);
        EXPECT_EQ(awaiting_triage(c, 10).at(0).triage_tries, 0);
    });
    // Another server was faster: what is done stays done.
    EXPECT_FALSE(write([&](Connection& c) { return begin_triage(c, second.id); }));
    EXPECT_FALSE(write([&](Connection& c) { return triage_failed(c, second.id, "too late"); }));
    EXPECT_EQ(read([&](Connection& c) { return message(c, second.id)->triage; }), model::TriageState::done);
    EXPECT_EQ(trouble([&](Connection& c) { triage_again(c, second.id); }), Trouble::not_found);
}

TEST_P(RepositoriesTest, NumbersCasesAndPagesThroughThem)
{
    EXPECT_EQ(house.a_case.number, 1);
    write([&](Connection& c) {
        for (int i = 0; i < 4; ++i) {
            auto another = house.a_case;
            another.id = model::CaseId::make();
            EXPECT_EQ(add_case(c, another), 2 + i);
        }
        c.execute("DELETE FROM customer_case WHERE number = 5");
        auto last = house.a_case;
        last.id = model::CaseId::make();
        EXPECT_EQ(add_case(c, last), 6) << "a number never comes twice";
        set_case_state(c, last.id, model::CaseState::closed, clock.now());
        auto const open = cases(c, {.state = model::CaseState::open, .department = house.department.id, .most = 2});
        ASSERT_EQ(open.size(), 2U);
        EXPECT_EQ(open[0].number, 4);
        EXPECT_EQ(cases(c, {.below = 3}).size(), 2U);
        EXPECT_EQ(cases(c, {}).size(), 5U);
        EXPECT_TRUE(cases(c, {.department = model::DepartmentId::make()}).empty());
        EXPECT_EQ(case_numbered(c, 6)->id, last.id);
        EXPECT_EQ(case_numbered(c, 5), std::nullopt);
    });
}

TEST_P(RepositoriesTest, KeepsActivitiesAndWhoseTurnItIs)
{
    auto const message = file(1, 1);
    model::Activity received{.id = model::ActivityId::make(), .case_id = house.a_case.id};
    received.from = "Zoë \"Q\" <zoe@example.com>";
    received.to = {"a", "b,\"c\n"};
    received.message_id = "1@example.com";
    received.references = {"0@example.com"};
    received.attachments = {{"a\xff.pdf", "application/pdf", 5, "cid", 2}};
    received.message = message.id;
    received.body = message.body;
    received.automatic = true;
    received.at = Instant(50s);
    model::Activity sent{
        .id = model::ActivityId::make(), .case_id = house.a_case.id, .kind = model::ActivityKind::sent};
    sent.at = Instant(20s);
    write([&](Connection& c) {
        add_activity(c, received);
        auto const then = case_by_id(c, house.a_case.id).value();
        EXPECT_TRUE(then.waiting_for_us);
        EXPECT_EQ(then.updated, Instant(50s));
        add_activity(c, sent);
        auto const now = case_by_id(c, house.a_case.id).value();
        EXPECT_FALSE(now.waiting_for_us);
        EXPECT_EQ(now.updated, Instant(50s));
        EXPECT_EQ(now.activities, 2);
        auto const all = activities_of(c, house.a_case.id);
        ASSERT_EQ(all.size(), 2U);
        EXPECT_EQ(all[0].id, sent.id);
        auto const again = activity(c, received.id).value();
        EXPECT_EQ(again.from, received.from);
        EXPECT_EQ(again.to, received.to);
        EXPECT_EQ(again.references, received.references);
        ASSERT_EQ(again.attachments.size(), 1U);
        EXPECT_EQ(again.attachments[0].name, "a\xff.pdf");
        EXPECT_EQ(again.attachments[0].part, 2);
        EXPECT_EQ(again.message, message.id);
        EXPECT_TRUE(again.automatic);
    });
    EXPECT_EQ(trouble([&](Connection& c) {
                  received.id = model::ActivityId::make();
                  add_activity(c, received);
              }),
              Trouble::conflict)
        << "a filed mail is one activity";
}

TEST_P(RepositoriesTest, FindsACaseByItsMessageIds)
{
    write([&](Connection& c) {
        auto newer = house.a_case;
        newer.id = model::CaseId::make();
        (void)add_case(c, newer);
        model::Department other{model::DepartmentId::make(), "Support", clock.now()};
        add_department(c, other);
        model::Activity one{.id = model::ActivityId::make(), .case_id = house.a_case.id};
        one.message_id = "one@example.com";
        one.at = Instant(10s);
        model::Activity two{.id = model::ActivityId::make(), .case_id = newer.id};
        two.message_id = "two@example.com";
        two.at = Instant(20s);
        add_activity(c, one);
        add_activity(c, two);
        add_message_id(c, one.id, "provider@prod.outlook.com");
        add_message_id(c, one.id, "provider@prod.outlook.com");
        auto const find = [&](std::vector<std::string> const& ids) {
            return case_with_message_id(c, house.department.id, ids);
        };
        EXPECT_EQ(find({"one@example.com", "nobody@example.com"}), house.a_case.id);
        EXPECT_EQ(find({"provider@prod.outlook.com"}), house.a_case.id);
        EXPECT_EQ(find({"one@example.com", "two@example.com"}), newer.id) << "the one updated last";
        EXPECT_EQ(find({"ONE@example.com"}), std::nullopt);
        EXPECT_EQ(find({}), std::nullopt);
        EXPECT_EQ(case_with_message_id(c, other.id, {"one@example.com"}), std::nullopt);
    });
}

TEST_P(RepositoriesTest, RenewsAGrantOnlyFromTheVersionItKnows)
{
    model::Grant grant{.account = house.account.id, .owner = {"tid", "oid", "sales@contoso.com"}};
    grant.scopes = {"a", "b"};
    grant.accepted = clock.now();
    grant.refresh_token = {std::string("r\0\xff", 3)};
    grant.access_token_ends = clock.now() + 1h;
    grant.access_token_life = 1h;
    write([&](Connection& c) {
        accept_grant(c, grant);
        auto const first = store::grant(c, house.account.id).value();
        EXPECT_EQ(first.refresh_token, grant.refresh_token);
        EXPECT_EQ(first.owner, grant.owner);
        auto renewed = first;
        renewed.refresh_token = {"r2"};
        EXPECT_TRUE(renew_grant(c, renewed, first.version));
        renewed.refresh_token = {"late"};
        EXPECT_FALSE(renew_grant(c, renewed, first.version));
        EXPECT_EQ(store::grant(c, house.account.id)->refresh_token.bytes, "r2");
        EXPECT_EQ(store::grant(c, house.account.id)->version, first.version + 1);
        accept_grant(c, grant);
        EXPECT_EQ(store::grant(c, house.account.id)->version, first.version + 2) << "so that a renewal under way loses";
        auto const ends = grant_ends(c);
        ASSERT_EQ(ends.size(), 1U);
        EXPECT_EQ(ends[0].access_token_ends, clock.now() + 1h);
        EXPECT_EQ(ends[0].state, model::AccountState::new_account);
    });
    clock.advance(1min);
    write([&](Connection& c) {
        auto const before = store::grant(c, house.account.id).value();
        convert_account(c, house.account, clock.now());
        grant.accepted = clock.now();
        accept_grant(c, grant);
        EXPECT_FALSE(renew_grant(c, before, before.version)) << "late, and of the grant before the conversion";
        EXPECT_GT(store::grant(c, house.account.id)->version, before.version);
    });
}

TEST_P(RepositoriesTest, UsesAStateUp)
{
    model::Authorization begun{.id = model::AuthorizationId::make(), .account = house.account.id, .state = "s"};
    begun.verifier = {"sealed"};
    begun.ends = clock.now() + 10min;
    write([&](Connection& c) {
        add_authorization(c, begun);
        EXPECT_EQ(take_authorization(c, "t"), std::nullopt);
        auto const taken = take_authorization(c, "s");
        ASSERT_TRUE(taken);
        EXPECT_EQ(taken->id, begun.id);
        EXPECT_EQ(taken->verifier.bytes, "sealed");
        EXPECT_EQ(taken->ends, begun.ends);
        EXPECT_EQ(take_authorization(c, "s"), std::nullopt);
        EXPECT_TRUE(settle_authorization(c, begun.id, model::Authorization::State::refused, "wrong user"));
        EXPECT_FALSE(settle_authorization(c, begun.id, model::Authorization::State::accepted, "too late"));
        EXPECT_EQ(authorization(c, begun.id)->outcome, model::Authorization::State::refused);
        EXPECT_EQ(authorization(c, begun.id)->reason, "wrong user");
    });
}

TEST_P(RepositoriesTest, AnAuthorizationGoesFromWaitingToTriedToItsEnd)
{
    using State = model::Authorization::State;
    model::Authorization device{
        .id = model::AuthorizationId::make(), .account = house.account.id, .flow = model::Flow::device, .state = "d"};
    device.device_code = {"sealed code"};
    device.user_code = "ABCD";
    device.verification_url = "https://login.example/device";
    device.poll_every = 5s;
    device.test_mail = true;
    device.by = "ada";
    device.begun = clock.now();
    device.ends = clock.now() + 15min;
    write([&](Connection& c) {
        lock_account(c, house.account.id);
        add_authorization(c, device);
        EXPECT_EQ(take_authorization(c, "d"), std::nullopt) << "no browser brings it back";
        auto const found = authorization_of_state(c, "d").value();
        EXPECT_EQ(found.flow, model::Flow::device);
        EXPECT_EQ(found.user_code, "ABCD");
        EXPECT_EQ(found.device_code.bytes, "sealed code");
        EXPECT_TRUE(found.test_mail);
        EXPECT_EQ(found.by, "ada");
        EXPECT_EQ(found.poll_every, Duration(5s));
        set_polling(c, device.id, 10s);
        EXPECT_EQ(authorization(c, device.id)->poll_every, Duration(10s));
        auto tried = found;
        tried.candidate = "{}";
        tried.candidate_access_token = {"sealed token"};
        tried.job = model::JobId::make();
        EXPECT_TRUE(try_authorization(c, tried));
        EXPECT_FALSE(try_authorization(c, tried)) << "it waits no more";
        EXPECT_EQ(open_authorizations(c).size(), 1U);
        EXPECT_EQ(open_authorizations(c, house.account.id).at(0).outcome, State::trying);
        EXPECT_EQ(open_authorizations(c, house.account.id).at(0).job, tried.job);
        sweep_authorizations(c, device.ends + 1ms);
        EXPECT_TRUE(authorization(c, device.id)) << "not while it is open";
        EXPECT_TRUE(settle_authorization(c, device.id, State::accepted, "noted"));
        auto const ended = authorization(c, device.id).value();
        EXPECT_EQ(ended.candidate + ended.candidate_access_token.bytes + ended.device_code.bytes, "");
        EXPECT_TRUE(open_authorizations(c).empty());
        sweep_authorizations(c, device.ends);
        EXPECT_TRUE(authorization(c, device.id));
        sweep_authorizations(c, device.ends + 1ms);
        EXPECT_FALSE(authorization(c, device.id));
    });
    EXPECT_THROW(write([&](Connection& c) { lock_account(c, model::AccountId::make()); }), Failure);
}

TEST_P(RepositoriesTest, LeasesGrowTheirFenceWhenTheyChangeHands)
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

TEST_P(RepositoriesTest, ALeaseLastsForAsLongAsItsHolderRenewsIt)
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

TEST_P(RepositoriesTest, GivesAJobToOneAtATime)
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

TEST_P(RepositoriesTest, SweepsJobsThatEndedLongAgo)
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

TEST_P(RepositoriesTest, AJobThatIsRenewedStaysItsOwners)
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

TEST_P(RepositoriesTest, RaisesOneAlarmACause)
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

TEST_P(RepositoriesTest, KeepsTheAuditTrailNewestFirst)
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

TEST_P(RepositoriesTest, DecidesAboutTheMailOfAMailboxThatIsStopped)
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
TEST_P(RepositoriesTest, RefusesAStateThatIsNone)
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
