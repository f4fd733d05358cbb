// The ledger: each place once, after-actions until they are done, and unique ids of POP3.
#include "store/ledger.hpp"

#include "filing-house.hpp"

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class LedgerTest : public FilingHouse {};

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

TEST_P(LedgerTest, KeepsTheLedgerWhereAMessageIsDeleted)
{
    auto const message = file(1, 1);
    write([&](Connection& c) {
        c.execute("DELETE FROM message WHERE id = ?", message.id);
        EXPECT_EQ(known_uids(c, house.mailbox.id, "INBOX", 7), std::vector{1U});
    });
}

}  // namespace
}  // namespace postroom::store
