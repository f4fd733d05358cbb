// The ledger: each place once, after-actions until they are done, and unique ids of POP3.
#include "store/ledger.hpp"

#include "filing-house.hpp"
#include "store/after-actions.hpp"

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class LedgerTest : public FilingHouse {
protected:
    /// However often it failed.
    std::vector<model::LedgerRow> all_due(Connection& c, std::uint32_t uid_validity) const
    {
        return after_actions_now(c, house.mailbox.id, "INBOX", uid_validity, clock.now() + 24h, 10);
    }
};

POSTROOM_ON_BOTH_STORES(LedgerTest);

TEST_P(LedgerTest, TakesAPlaceIntoTheLedgerOnce)
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

TEST_P(LedgerTest, RemembersAfterActionsUntilTheyAreDone)
{
    for (std::uint32_t uid = 1; uid <= 3; ++uid) file(uid, uid);
    write([&](Connection& c) {
        auto skipped = row(4);
        skipped.state = model::LedgerState::skipped;
        skipped.due = model::AfterAction::leave;
        add_to_ledger(c, skipped, clock.now());
        after_action_failed(c, row(1).place, "NO [CANNOT]", clock.now());
        after_action_done(c, row(2).place, clock.now());
        auto const due = all_due(c, 7);
        ASSERT_EQ(due.size(), 2U);
        EXPECT_EQ(due[0].place.uid, 3U) << "what failed comes last";
        EXPECT_EQ(due[1].place, row(1).place);
        EXPECT_EQ(due[1].tries, 1);
        EXPECT_EQ(due[1].note, "NO [CANNOT]");
        EXPECT_EQ(due[1].due, model::AfterAction::move);
        EXPECT_TRUE(all_due(c, 8).empty());
        auto const counts = ledger_counts(c, house.mailbox.id);
        EXPECT_EQ(counts.filed, 3);
        EXPECT_EQ(counts.skipped, 1);
        EXPECT_EQ(counts.due, 2);
    });
}

TEST_P(LedgerTest, KnowsMailsByTheirUniqueIdsWhileTheServerListsThem)
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
        EXPECT_EQ(all_due(c, 0).at(1).unique_id, "A b");
    });
    EXPECT_EQ(trouble([&](Connection& c) { add_to_ledger(c, row(3, "a"), clock.now()); }), Trouble::conflict)
        << "no two mails have one at the same time";
    write([&](Connection& c) {
        gone_from_server(c, row(1, "").place, clock.now());
        EXPECT_EQ(named_mails(c, house.mailbox.id), (std::vector<NamedMail>{{"A b", 2}}));
        ASSERT_EQ(all_due(c, 0).size(), 1U);
        add_to_ledger(c, row(3, "a"), clock.now());
        EXPECT_EQ(named_mails(c, house.mailbox.id).size(), 2U);
        EXPECT_EQ(known_uids(c, house.mailbox.id, "INBOX", 0), (std::vector<std::uint32_t>{1, 2, 3}));
    });
}

TEST_P(LedgerTest, KeepsTheLedgerWhereAMessageIsDeleted)
{
    auto const message = file(1, 1);
    write([&](Connection& c) {
        c.execute("DELETE FROM message WHERE id = ?", message.id);
        EXPECT_EQ(known_uids(c, house.mailbox.id, "INBOX", 7), std::vector{1U});
    });
}

TEST_P(LedgerTest, TellsWhatIsInTheFolderStillFromWhatWent)
{
    for (std::uint32_t uid = 1; uid <= 4; ++uid) file(uid, uid);
    write([&](Connection& c) {
        auto left = row(5);
        left.due = model::AfterAction::leave;
        left.state = model::LedgerState::skipped;
        add_to_ledger(c, left, clock.now());
        auto seen = row(6);
        seen.due = model::AfterAction::mark_seen;
        add_to_ledger(c, seen, clock.now());
        after_action_done(c, row(2).place, clock.now());
        after_action_done(c, row(6).place, clock.now());
        after_action_failed(c, row(3).place, "NO", clock.now());
        gone_from_server(c, row(4).place, clock.now());
        std::vector<std::uint32_t> there, due;
        for (auto const& mail : known_mails(c, house.mailbox.id, "INBOX", 7)) {
            if (!mail.gone) there.push_back(mail.uid);
            if (mail.due) due.push_back(mail.uid);
        }
        EXPECT_EQ(there, (std::vector<std::uint32_t>{1, 3, 5, 6})) << "what was moved went, what was marked did not";
        EXPECT_EQ(due, (std::vector<std::uint32_t>{1, 3}));
        EXPECT_TRUE(known_mails(c, house.mailbox.id, "INBOX", 8).empty());
        std::vector<std::uint32_t> bytes;
        for (auto const& filed : filed_bytes(c, house.mailbox.id, "INBOX", 7)) bytes.push_back(filed.uid);
        EXPECT_EQ(bytes, (std::vector<std::uint32_t>{1, 3})) << "what was skipped has none";
    });
}

TEST_P(LedgerTest, IsReadInPagesFromTheNewestDown)
{
    std::vector<model::Message> filed;
    for (std::uint32_t uid = 1; uid <= 5; ++uid) filed.push_back(file(uid, uid));
    write([&](Connection& c) {
        auto other = row(9);
        other.place.uid_validity = 6;
        other.state = model::LedgerState::unreadable;
        other.due = model::AfterAction::leave;
        other.note = "nothing came";
        add_to_ledger(c, other, clock.now());
        EXPECT_TRUE(begin_triage(c, filed[2].id));
        EXPECT_TRUE(triage_failed(c, filed[2].id, "no header"));
        after_action_done(c, row(1).place, clock.now());
        c.execute("DELETE FROM message WHERE id = ?", filed[0].id);
    });
    read([&](Connection& c) {
        auto const uids = [](std::vector<LedgerEntry> const& entries) {
            std::vector<std::uint32_t> found;
            for (auto const& entry : entries) found.push_back(entry.row.place.uid);
            return found;
        };
        auto const page = [&](LedgerFilter const& filter, int most, std::optional<LedgerMark> const& after = {}) {
            return ledger_page(c, house.mailbox.id, filter, most, after);
        };
        EXPECT_EQ(uids(page({}, 10)), (std::vector<std::uint32_t>{5, 4, 3, 2, 1, 9}));
        EXPECT_EQ(uids(page({}, 2)), (std::vector<std::uint32_t>{5, 4}));
        EXPECT_EQ(uids(page({}, 10, LedgerMark{"INBOX", 7, 2})), (std::vector<std::uint32_t>{1, 9}));
        EXPECT_EQ(uids(page({.state = model::LedgerState::unreadable}, 10)), (std::vector<std::uint32_t>{9}));
        EXPECT_EQ(uids(page({.only_due = true}, 10)), (std::vector<std::uint32_t>{5, 4, 3, 2}));
        EXPECT_TRUE(page({.only_possible_duplicates = true}, 10).empty());
        auto const all = page({}, 10);
        EXPECT_EQ(all[2].message->exception, "no header");
        EXPECT_EQ(all[2].message->size, filed[2].size);
        EXPECT_FALSE(all[4].message) << "its tombstone";
        EXPECT_TRUE(all[4].gone);
        EXPECT_EQ(all[5].row.note, "nothing came");
        EXPECT_EQ(ledger_entry(c, all[5].row.place)->row.note, "nothing came");
        EXPECT_FALSE(ledger_entry(c, {house.mailbox.id, "INBOX", 7, 77}));
        return true;
    });
}

TEST_P(LedgerTest, KnowsWhatAMailboxThatMovedHadFiled)
{
    auto const before = file(10, 1);
    model::Mailbox moved = house.mailbox;
    moved.id = model::MailboxId::make();
    moved.address = "office@contoso.com";
    write([&](Connection& c) {
        add_mailbox(c, moved);
        EXPECT_EQ(message_with(c, moved.id, before.digest), std::nullopt) << "a mail to both is two activities";
        EXPECT_FALSE(fingerprint_known(c, moved.id, before.fingerprint));
        c.execute("UPDATE mailbox SET removed = 1 WHERE id = ?", house.mailbox.id);
        EXPECT_EQ(message_with(c, moved.id, before.digest), before.id);
        EXPECT_TRUE(fingerprint_known(c, moved.id, before.fingerprint));
        auto const other = model::Department{model::DepartmentId::make(), "Returns", clock.now()};
        add_department(c, other);
        c.execute("UPDATE mailbox SET department = ? WHERE id = ?", other.id, moved.id);
        EXPECT_EQ(message_with(c, moved.id, before.digest), std::nullopt) << "another department never had it";
    });
}

TEST_P(LedgerTest, WhatSomebodyElseTookAwayIsGoneUntilItIsListedAgain)
{
    for (std::uint32_t uid = 1; uid <= 4; ++uid) file(uid, uid);
    auto const known = [&] {
        return read([&](Connection& c) { return known_mails(c, house.mailbox.id, "INBOX", 7); });
    };
    write([&](Connection& c) {
        for (std::uint32_t const uid : {1U, 2U}) c.execute("UPDATE ledger SET due = 'leave' WHERE uid = ?", uid);
        after_action_done(c, row(3).place, clock.now());
        note_missed(c, house.mailbox.id, "INBOX", 7, {1, 3, 4, 99}, clock.now());
        note_missed(c, house.mailbox.id, "INBOX", 8, {2}, clock.now());
    });
    auto const missed = known();
    EXPECT_TRUE(missed[0].gone && missed[0].missed);
    EXPECT_FALSE(missed[1].gone) << "of another folder";
    EXPECT_TRUE(missed[2].gone && !missed[2].missed) << "an after-action took it out";
    EXPECT_FALSE(missed[3].gone) << "what is due will tell";
    write([&](Connection& c) { note_listed_again(c, house.mailbox.id, "INBOX", 7, {1, 2, 3, 4}, clock.now()); });
    auto const again = known();
    EXPECT_FALSE(again[0].gone || again[0].missed);
    EXPECT_TRUE(again[2].gone) << "a server that keeps what it said it moved is told of each time";
}

TEST_P(LedgerTest, TakesNoMailOfAnotherServerForFiled)
{
    auto const before = file(10, 1);
    auto account = house.account;
    write([&](Connection& c) {
        set_uid_validity(c, house.mailbox.id, 7);
        model::LedgerRow named;
        named.place = {house.mailbox.id, "INBOX", 0, 3};
        named.unique_id = "a";
        add_to_ledger(c, named, clock.now());
        account.retrieval_server = {"OUTLOOK.office365.com", 143};
        change_account(c, account);
        EXPECT_EQ(known_uids(c, house.mailbox.id, "INBOX", 7).size(), 1U) << "the same host, with the other way to TLS";
        EXPECT_EQ(left_server(c, house.mailbox.id), "");
        account.retrieval_server = {"mail.contoso.com", 993};
        change_account(c, account);
        EXPECT_TRUE(known_uids(c, house.mailbox.id, "INBOX", 7).empty());
        EXPECT_EQ(mailbox(c, house.mailbox.id)->uid_validity, 0U);
        EXPECT_EQ(left_server(c, house.mailbox.id), "OUTLOOK.office365.com:143")
            << "so that somebody is asked about much mail, and knows why";
        EXPECT_EQ(last_uid(c, house.mailbox.id, "INBOX", 0), 3U);
        EXPECT_NE(mails_to_stay(c, house.mailbox.id), (std::vector<std::string>{"a"}));
        EXPECT_EQ(message_with(c, house.mailbox.id, before.digest), before.id);
        EXPECT_TRUE(all_due(c, 7).empty());
        account.retrieval_server = {"outlook.office365.com", 993};
        change_account(c, account);  // and back, as often as they like
        account.retrieval_server = {"mail.contoso.com", 993};
        change_account(c, account);
        EXPECT_EQ(left_server(c, house.mailbox.id), "OUTLOOK.office365.com:143") << "where mail was retrieved last";
        set_uid_validity(c, house.mailbox.id, 9);
        EXPECT_EQ(left_server(c, house.mailbox.id), "");
        account.retrieval_server.port = 1993;
        change_account(c, account);
        EXPECT_EQ(left_server(c, house.mailbox.id), "mail.contoso.com:993") << "whatever is behind that port";
        auto changed = mailbox(c, house.mailbox.id).value();
        changed.folder = "Archive";
        change_mailbox(c, changed);
        EXPECT_EQ(left_server(c, house.mailbox.id), "") << "another folder is one that was never seen";
    });
    EXPECT_EQ(read([&](Connection& c) { return ledger_page(c, house.mailbox.id, {}, 10, {}); }).size(), 2U);
}

}  // namespace
}  // namespace postroom::store
