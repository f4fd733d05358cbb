// Mail in parts, the pace, and what is known of recipients.
#include "both-stores.hpp"
#include "store/coordination.hpp"
#include "store/outbound.hpp"
#include "store/sending.hpp"
#include "store/sent-copies.hpp"

namespace postroom::store {
namespace {

using model::OutboundState;
using namespace std::chrono_literals;

class PartsTest : public OnBothStores {
protected:
    House house = furnish();

    model::OutboundId queue(std::vector<std::string> recipients)
    {
        return write([&](Connection& c) {
            model::Activity activity{.id = model::ActivityId::make(), .case_id = house.a_case.id};
            activity.kind = model::ActivityKind::sent;
            activity.message_id = to_string(activity.id) + "@contoso.com";
            add_activity(c, activity);
            model::Outbound mail{.id = model::OutboundId::make(), .activity = activity.id};
            mail.mailbox = house.mailbox.id;
            mail.account = house.account.id;
            mail.body = add_body(c, "Dear customer", 7);
            mail.message_id = activity.message_id;
            mail.recipients = std::move(recipients);
            enqueue(c, mail);
            return mail.id;
        });
    }
    std::vector<model::Outbound> claim_some(Pacing const& pacing = {}, int most = 10)
    {
        return write([&](Connection& c) { return claim(c, house.account.id, "one", most, 60s, pacing); });
    }
};

POSTROOM_ON_BOTH_STORES(PartsTest);

TEST_P(PartsTest, WhoIsRefusedForNowBecomesAPartOfTheSameCommit)
{
    queue({"a@x", "b@x", "c@x"});
    auto const mail = claim_some().at(0);
    std::vector<Excepted> const excepted{{"b@x", "450 later", true}, {"c@x", "550 5.1.1 no", false}};
    auto const due = clock.now() + 30s;
    EXPECT_TRUE(write([&](Connection& c) { return begin_committing(c, mail.id, mail.attempt, excepted, due); }));
    // Told once: the claim is nobody's to commit to again, and makes no further part.
    EXPECT_FALSE(write([&](Connection& c) { return begin_committing(c, mail.id, mail.attempt, excepted, due); }));
    auto const parts = read([&](Connection& c) { return parts_of(c, mail.activity); });
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts[0].state, OutboundState::committing);
    EXPECT_EQ(parts[0].recipients, std::vector<std::string>{"a@x"});
    EXPECT_EQ(parts[1].state, OutboundState::queued);
    EXPECT_EQ(parts[1].recipients, std::vector<std::string>{"b@x"});
    EXPECT_EQ(parts[1].message_id, "part2." + mail.message_id);
    EXPECT_EQ(parts[1].next_try, due);
    auto const known = read([&](Connection& c) { return recipients_of(c, mail.activity); });
    ASSERT_EQ(known.size(), 1U);
    EXPECT_EQ(known[0].address, "c@x");
    EXPECT_EQ(known[0].state, model::RecipientState::refused);
    // A report that names the part is one about the mail.
    EXPECT_EQ(read([&](Connection& c) { return sent_with_message_id(c, house.a_case.id, parts[1].message_id); }),
              mail.activity);
}

TEST_P(PartsTest, ACopyIsDueWhereTheServerKeepsNone)
{
    auto const due = [&] { return read([&](Connection& c) { return sent_copies_due(c, house.account.id, 10); }); };
    auto const accounts = [&] { return read([](Connection& c) { return accounts_with_sent_copies_due(c).size(); }); };
    auto const id = queue({"a@x"});
    write([&](Connection& c) { sent_copy_due(c, id); });
    EXPECT_TRUE(due().empty()) << "the server keeps copies itself";
    model::AccountSending sending{.account = house.account.id, .append_sent = true};
    write([&](Connection& c) {
        set_account_sending(c, sending);
        sent_copy_due(c, id);
        sent_copy_due(c, id);
    });
    ASSERT_EQ(due().size(), 1U);
    EXPECT_EQ(due()[0].mail.id, id);
    EXPECT_EQ(accounts(), 1U);
    write([&](Connection& c) { sent_copy_later(c, id, clock.now() + 30s, "no such folder"); });
    EXPECT_TRUE(due().empty());
    EXPECT_EQ(accounts(), 0U);
    EXPECT_EQ(read([](Connection& c) { return next_sent_copy(c); }), clock.now() + 30s);
    write([&](Connection& c) { set_account_sending(c, sending); });
    ASSERT_EQ(due().size(), 1U) << "once something was changed";
    EXPECT_EQ(due()[0].tries, 1);
    write([&](Connection& c) { sent_copy_done(c, id); });
    EXPECT_EQ(read([](Connection& c) { return next_sent_copy(c); }), std::nullopt);
    // What a person calls sent has no copy, either.
    auto const doubtful = claim_some().at(0);
    write([&](Connection& c) {
        EXPECT_TRUE(begin_committing(c, doubtful.id, doubtful.attempt));
        doubt(c, doubtful.id, doubtful.attempt, clock.now(), "no answer");
        EXPECT_TRUE(resolve_sent(c, doubtful.id, "decided"));
    });
    EXPECT_EQ(due().size(), 1U);
}

TEST_P(PartsTest, RecipientsBeyondTheLimitAreSplitOff)
{
    queue({"a@x", "b@x", "c@x", "d@x", "e@x"});
    auto const mail = claim_some().at(0);
    EXPECT_FALSE(write([&](Connection& c) { return split_off(c, mail.id, mail.attempt + 1, 2); })) << "another attempt";
    EXPECT_TRUE(write([&](Connection& c) { return split_off(c, mail.id, mail.attempt, 2); }));
    auto const second = claim_some().at(0);
    EXPECT_EQ(second.part, 2);
    EXPECT_TRUE(write([&](Connection& c) { return split_off(c, second.id, second.attempt, 2); }));
    std::vector<std::string> all;
    for (auto const& part : read([&](Connection& c) { return parts_of(c, mail.activity); })) {
        EXPECT_LE(part.recipients.size(), 2U);
        all.insert(all.end(), part.recipients.begin(), part.recipients.end());
    }
    EXPECT_EQ(all, (std::vector<std::string>{"a@x", "b@x", "c@x", "d@x", "e@x"}));
}

TEST_P(PartsTest, ThePaceHoldsOverAMinuteAndADay)
{
    for (int i = 0; i < 5; ++i) queue({"a@x", "b@x"});
    Pacing const pacing{false, {.messages_a_minute = 2, .recipients_a_day = 7}};
    auto const mails = claim_some(pacing);
    ASSERT_EQ(mails.size(), 2U);
    EXPECT_TRUE(claim_some(pacing).empty()) << "claimed counts, before anything was committed to";
    for (auto const& mail : mails)
        EXPECT_TRUE(write([&](Connection& c) { return begin_committing(c, mail.id, mail.attempt); }));
    EXPECT_FALSE(read([&](Connection& c) { return accounts_with_outbound(c); }).size()) << "it pauses";
    EXPECT_GT(*read([&](Connection& c) { return next_outbound(c); }), clock.now());
    clock.advance(61s);
    auto const third = claim_some(pacing);
    ASSERT_EQ(third.size(), 1U) << "six of seven recipients";
    EXPECT_TRUE(write([&](Connection& c) { return begin_committing(c, third[0].id, third[0].attempt); }));
    clock.advance(61s);
    EXPECT_TRUE(claim_some(pacing).empty());
    clock.advance(24h);
    EXPECT_EQ(claim_some(pacing).size(), 2U);
}

TEST_P(PartsTest, ThePaceCountsWhatTheServerHasTakenOrPerhapsDid)
{
    for (int i = 0; i < 6; ++i) queue({"a@x"});
    Pacing const pacing{false, {.messages_a_minute = 6}};
    auto const mails = claim_some(pacing);
    ASSERT_EQ(mails.size(), 6U);
    auto const hour = clock.now() + 1h;
    write([&](Connection& c) {
        give_back(c, mails[0].id, mails[0].attempt, hour, "nothing was offered");
        for (std::size_t i = 1; i < 6; ++i) EXPECT_TRUE(begin_committing(c, mails[i].id, mails[i].attempt));
        hold_back(c, mails[1].id, mails[1].attempt, hour, "the connection broke before the end had left");
        settle_later(c, mails[2].id, mails[2].attempt, hour, "451");
        settle_failed(c, mails[3].id, mails[3].attempt, "550");
        settle_sent(c, mails[4].id, mails[4].attempt, "", "250");
        doubt(c, mails[5].id, mails[5].attempt, hour, "the connection broke after the end had left");
    });
    for (int i = 0; i < 6; ++i) queue({"b@x"});
    EXPECT_EQ(claim_some(pacing).size(), 4U);
}

TEST_P(PartsTest, PausesAndFewerConnectionsEnd)
{
    queue({"a@x"});
    auto const id = house.account.id;
    write([&](Connection& c) {
        pause_sending(c, id.value, clock.now() + 60s, "451 4.7.500");
        send_by_fewer(c, id.value, 1, clock.now() + 120s, "432 4.3.2");
    });
    EXPECT_TRUE(claim_some().empty());
    EXPECT_EQ(read([&](Connection& c) { return pause_of(c, id.value); })->connections, 1);
    clock.advance(61s);
    EXPECT_EQ(claim_some().size(), 1U);
    clock.advance(60s);
    EXPECT_FALSE(read([&](Connection& c) { return pause_of(c, id.value); }));
}

TEST_P(PartsTest, OnlyWhatIsQueuedCanBeCancelled)
{
    auto const id = queue({"a@x"});
    EXPECT_TRUE(write([&](Connection& c) { return cancel(c, id, "taken back"); }));
    EXPECT_FALSE(write([&](Connection& c) { return cancel(c, id, "taken back"); }));
    EXPECT_TRUE(claim_some().empty());
    auto const other = queue({"a@x"});
    ASSERT_EQ(claim_some().size(), 1U);
    EXPECT_FALSE(write([&](Connection& c) { return cancel(c, other, "too late"); }));
}

TEST_P(PartsTest, ARunFreesTheConnectionsOfTheOneBefore)
{
    auto const name = slot_name(house.account.id, 0);
    EXPECT_TRUE(write([&](Connection& c) { return take_lease(c, name, "here#1", 60s); }));
    EXPECT_FALSE(write([&](Connection& c) { return take_lease(c, name, "here#2", 60s); }));
    write([&](Connection& c) { release_slots(c, "there"); });
    EXPECT_FALSE(write([&](Connection& c) { return take_lease(c, name, "here#2", 60s); }));
    write([&](Connection& c) { release_slots(c, "here"); });
    EXPECT_TRUE(write([&](Connection& c) { return take_lease(c, name, "here#2", 60s); }));
}

}  // namespace
}  // namespace postroom::store
