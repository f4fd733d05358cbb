// Figures of mailboxes, mail that its server does not give, and sign-ins that are held.
#include "store/figures.hpp"

#include "filing-house.hpp"
#include "store/accounts.hpp"
#include "store/changes.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"
#include "store/holds.hpp"
#include "store/mailboxes.hpp"
#include "store/unreadable.hpp"
#include "store/withheld.hpp"

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class FiguresTest : public FilingHouse {
protected:
    model::MailboxFigures figures()
    {
        return read([&](Connection& c) { return figures_of(c, house.mailbox.id); });
    }
    void add(model::Figures const& more)
    {
        write([&](Connection& c) { add_figures(c, house.mailbox.id, more); });
    }
    void begin()
    {
        write([&](Connection& c) { begin_figures(c, house.mailbox.id, clock.now()); });
    }
};

POSTROOM_ON_BOTH_STORES(FiguresTest);

constexpr model::Figures some{
    .retrieved = 6, .filed = 3, .duplicates = 2, .skipped = 1, .refused = 4, .octets = 5'000'000'000, .connections = 7};

TEST_P(FiguresTest, CountsEverAndSinceItsServerBegan)
{
    EXPECT_EQ(figures().all, model::Figures{}) << "nobody has begun to count";
    add(some);
    EXPECT_EQ(figures().all, model::Figures{}) << "and nothing is counted before";
    begin();
    EXPECT_EQ(figures().since, clock.now());
    add(some);
    EXPECT_EQ(figures().all, some);
    EXPECT_EQ(figures().since_start, some);
    clock.advance(Duration(1'000));
    begin();
    add({.filed = 1});
    auto both = some;
    both.filed += 1;
    EXPECT_EQ(figures().all, both);
    EXPECT_EQ(figures().since_start, model::Figures{.filed = 1});
    EXPECT_EQ(figures().since, clock.now());
}

TEST_P(FiguresTest, TellsOfALookUntilItIsCounted)
{
    begin();
    auto const last = read([](Connection& c) { return last_change(c); });
    write([&](Connection& c) { show_progress(c, house.mailbox.id, {10, 3, 999, Instant(5s)}); });
    EXPECT_EQ(figures().progress.wanted, 10);
    EXPECT_EQ(figures().progress.come, 3);
    EXPECT_EQ(figures().progress.octets, 999);
    EXPECT_EQ(figures().progress.begun, Instant(5s));
    auto const news = read([&](Connection& c) { return changes_after(c, last, 10); });
    ASSERT_EQ(news.size(), 1U) << "whoever watches is told";
    EXPECT_EQ(news[0].what, "mailbox");
    add({});
    EXPECT_EQ(figures().progress.wanted, 0);
    EXPECT_EQ(figures().progress.octets, 0);
    write([&](Connection& c) { show_progress(c, house.mailbox.id, {10, 3, 999, Instant(5s)}); });
    begin();
    EXPECT_EQ(figures().progress.wanted, 0) << "what its server was at when it died";
}

TEST_P(FiguresTest, CountsFailuresByTheirTrouble)
{
    begin();
    auto const fail = [&](model::MailTrouble trouble, std::string_view words) {
        write([&](Connection& c) { note_failure(c, house.mailbox.id, trouble, words, clock.now()); });
    };
    fail(model::MailTrouble::cut, "one");
    fail(model::MailTrouble::throttled, "wait");
    begin();
    clock.advance(Duration(1'000));
    fail(model::MailTrouble::throttled, std::string(5'000, 'x'));
    auto const failures = figures().failures;
    ASSERT_EQ(failures.size(), 2U);
    EXPECT_EQ(failures[0].trouble, model::MailTrouble::throttled);
    EXPECT_EQ(failures[0].times, 2);
    EXPECT_EQ(failures[0].times_since, 1);
    EXPECT_EQ(failures[0].last, clock.now());
    EXPECT_EQ(failures[0].words, std::string(2'000, 'x'));
    EXPECT_EQ(failures[1].times, 1);
    EXPECT_EQ(failures[1].times_since, 0);
}

TEST_P(FiguresTest, AddsThemUpForMetrics)
{
    begin();
    add(some);
    write([&](Connection& c) {
        note_failure(c, house.mailbox.id, model::MailTrouble::dns, "", clock.now());
        set_mailbox_status(c, house.mailbox.id, {model::MailboxState::idle, "", std::nullopt, true}, Instant(9s));
        add_to_ledger(c, row(1), clock.now());
    });
    file(2, 1);
    auto const sums = read([](Connection& c) { return totals(c); });
    EXPECT_EQ(sums.mailboxes, (std::map<std::string, std::int64_t>{{"idle", 1}}));
    EXPECT_EQ(sums.accounts.size(), 1U);
    EXPECT_EQ(sums.failures, (std::map<std::string, std::int64_t>{{"dns", 1}}));
    EXPECT_EQ(sums.figures, some);
    EXPECT_EQ(sums.triage_waiting, 1);
    EXPECT_EQ(sums.after_actions_due, 2);
    ASSERT_EQ(sums.each.size(), 1U);
    EXPECT_EQ(sums.each[0].address, house.mailbox.address);
    EXPECT_EQ(sums.each[0].last_success, Instant(9s));
    EXPECT_EQ(sums.each[0].filed, 3);
    write([&](Connection& c) { remove_mailbox(c, house.mailbox.id); });
    auto const none = read([](Connection& c) { return totals(c); });
    EXPECT_EQ(none.figures, model::Figures{});
    EXPECT_TRUE(none.failures.empty());
    EXPECT_TRUE(none.each.empty());
}

TEST_P(FiguresTest, KeepsWhatAServerDoesNotGiveUntilSomebodyAsksForItAgain)
{
    model::UnreadableMail const mail{.id = model::UnreadableMailId::make(),
                                     .mailbox = house.mailbox.id,
                                     .folder = "INBOX",
                                     .uid_validity = 7,
                                     .uid = 3,
                                     .tries = 3,
                                     .reason = "it ends the connection",
                                     .noted = clock.now()};
    write([&](Connection& c) { add_unreadable(c, mail, "abc"); });
    auto const known = [&] { return read([&](Connection& c) { return known_uids(c, house.mailbox.id, "INBOX", 7); }); };
    EXPECT_EQ(known(), std::vector<std::uint32_t>{3}) << "it is never asked for again by itself";
    auto const listed = read([](Connection& c) { return unreadable_mails(c, 10); });
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0].reason, mail.reason);
    EXPECT_EQ(listed[0].received, std::nullopt);
    EXPECT_TRUE(
        read([&](Connection& c) { return unreadable_mails(c, 10, {}, Moment{mail.noted, mail.id.value}); }).empty());
    auto const version = read([&](Connection& c) { return mailbox(c, house.mailbox.id)->version; });
    write([&](Connection& c) { retrieve_again(c, mail.id); });
    EXPECT_TRUE(known().empty());
    EXPECT_TRUE(read([](Connection& c) { return unreadable_mails(c, 10); }).empty());
    EXPECT_GT(read([&](Connection& c) { return mailbox(c, house.mailbox.id)->version; }), version)
        << "so that its retriever looks anew";
    EXPECT_EQ(trouble([&](Connection& c) { retrieve_again(c, mail.id); }), Trouble::not_found);
}

TEST_P(FiguresTest, CountsOnWhatAServerDoesNotGiveSoFar)
{
    WithheldMail mail{.name = "3", .looks = 1, .since = Instant(1s), .again = Instant(61s), .words = "NO"};
    auto const kept = [&](std::uint32_t uid_validity) {
        return read([&](Connection& c) { return withheld_mails(c, house.mailbox.id, "INBOX", uid_validity); });
    };
    write([&](Connection& c) {
        keep_withheld(c, house.mailbox.id, "INBOX", 7, mail);
        auto another = mail;
        another.name = "abc";
        keep_withheld(c, house.mailbox.id, "INBOX", 0, another);
        mail.looks = 2;
        mail.again = Instant(99s);
        mail.words = "BAD";
        keep_withheld(c, house.mailbox.id, "INBOX", 7, mail);
    });
    EXPECT_EQ(kept(7), std::vector{mail});
    EXPECT_EQ(kept(0).size(), 1U);
    write([&](Connection& c) { forget_withheld(c, house.mailbox.id, "INBOX", 7, "3"); });
    EXPECT_TRUE(kept(7).empty());
    write([&](Connection& c) { remove_mailbox(c, house.mailbox.id); });
    EXPECT_TRUE(kept(0).empty());
}

TEST_P(FiguresTest, HoldsASignInForOneWorkerAtATime)
{
    SignInHold const hold{.account = house.account.id,
                          .user_name = "sales@contoso.com",
                          .refusals = 2,
                          .next_try = Instant(100s),
                          .reason = "no"};
    write([&](Connection& c) { hold_sign_in(c, hold); });
    auto const take = [&](Instant now) {
        return write([&](Connection& c) { return take_try(c, hold, now, now + Duration(300'000)); });
    };
    EXPECT_FALSE(take(Instant(99s)));
    EXPECT_TRUE(take(Instant(100s)));
    EXPECT_FALSE(take(Instant(101s))) << "somebody else tries";
    EXPECT_TRUE(take(Instant(401s))) << "who did not come back";
    read([&](Connection& c) {
        EXPECT_FALSE(sign_in_hold(c, house.account.id, MailServer::submission, "sales@contoso.com"));
        EXPECT_FALSE(sign_in_hold(c, house.account.id, MailServer::retrieval, "other@contoso.com"));
        EXPECT_EQ(sign_in_hold(c, house.account.id, MailServer::retrieval, "sales@contoso.com")->refusals, 2U);
        return true;
    });
}

TEST_P(FiguresTest, AnotherPasswordEndsAHoldAndItsAlarm)
{
    auto account = house.account;
    account.id = model::AccountId::make();
    account.name = "by password";
    account.application.reset();
    account.access = model::Access::password;
    account.password = {"sealed"};
    write([&](Connection& c) {
        add_account(c, account);
        hold_sign_in(c, {.account = account.id, .user_name = "a", .next_try = Instant(100s), .reason = "no"});
        set_account_state(c, account.id, model::AccountState::needs_authorization, "no", clock.now());
        (void)raise_alarm(c, sign_in_alarm, account.name, "no", clock.now());
    });
    auto const stored = [&] { return read([&](Connection& c) { return store::account(c, account.id).value(); }); };
    EXPECT_TRUE(read([&](Connection& c) { return may_be_tried(c, stored()); }));
    write([&](Connection& c) { set_account_password(c, account.id, {"another"}, clock.now()); });
    EXPECT_EQ(stored().state, model::AccountState::ready);
    EXPECT_TRUE(read([&](Connection& c) { return sign_in_holds(c, account.id); }).empty());
    EXPECT_TRUE(read([](Connection& c) { return alarms(c); }).empty());
}

TEST_P(FiguresTest, WhatTheProviderRefusesIsNotTriedForAHold)
{
    auto held = house.account;
    held.state = model::AccountState::needs_authorization;
    auto const may = [&] { return read([&](Connection& c) { return may_be_tried(c, held); }); };
    EXPECT_FALSE(may()) << "nothing was refused by a mail server";
    write([&](Connection& c) { hold_sign_in(c, {.account = held.id, .user_name = "a", .reason = "no"}); });
    EXPECT_FALSE(may()) << "there is no grant";
    model::Grant grant{.account = held.id};
    grant.refresh_token = {"r"};
    grant.access_token = {"a"};
    write([&](Connection& c) { accept_grant(c, grant); });
    EXPECT_TRUE(may());
    auto noted = read([&](Connection& c) { return store::grant(c, held.id).value(); });
    noted.refusals = 1;
    write([&](Connection& c) { EXPECT_TRUE(note_trouble(c, noted)); });
    EXPECT_FALSE(may());
}

}  // namespace
}  // namespace postroom::store
