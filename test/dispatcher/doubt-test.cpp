// What becomes of a mail in doubt by what is found in Sent Items.
#include "dispatcher/doubt.hpp"

#include "dispatcher/queue-test.hpp"
#include "store/sending.hpp"

namespace postroom::dispatcher {
namespace {

using model::OutboundState;
using store::Connection;

class DoubtTest : public QueueTest {
protected:
    model::Outbound in_doubt()
    {
        auto const id = enqueue();
        auto mail = claim();
        EXPECT_EQ(mail.id, id);
        write([&](Connection& c) {
            EXPECT_TRUE(store::begin_committing(c, mail.id, mail.attempt));
            store::doubt(c, mail.id, mail.attempt, clock.now(), "it broke");
        });
        return mail;
    }
    model::Outbound after_look(std::expected<bool, std::string> const& found, std::optional<Instant> next_look,
                               std::string_view policy)
    {
        auto const mail = in_doubt();
        write([&](Connection& c) { note_look(c, mail, found, next_look, policy); });
        return *read([&](Connection& c) { return store::outbound(c, mail.id); });
    }
};

TEST_F(DoubtTest, WhatIsFoundWasSent)
{
    EXPECT_EQ(after_look(true, std::nullopt, "resend").state, OutboundState::sent);
}

TEST_F(DoubtTest, WhatIsNotFoundAtTheLastLookIsSentAgainOnlyByThePolicy)
{
    EXPECT_EQ(after_look(false, clock.now() + Duration(1'000), "resend").state, OutboundState::in_doubt);
    EXPECT_EQ(after_look(std::unexpected("no such folder"), std::nullopt, "resend").state, OutboundState::in_doubt);
    auto const asked = after_look(false, std::nullopt, "ask");
    EXPECT_EQ(asked.state, OutboundState::in_doubt);
    EXPECT_EQ(asked.reason, "not found in Sent Items; a person must decide");
    EXPECT_EQ(after_look(false, std::nullopt, "resend").state, OutboundState::queued);
}

TEST_F(DoubtTest, AbsenceSaysNothingWhereTheServerKeepsNoCopies)
{
    write([&](Connection& c) { store::set_account_sending(c, {.account = house.account.id, .append_sent = true}); });
    auto const mail = after_look(false, std::nullopt, "resend");
    EXPECT_EQ(mail.state, OutboundState::in_doubt);
    EXPECT_EQ(mail.reason, "not found in Sent Items, where the account's server keeps no copies; a person must decide");
    // What is there all the same was sent.
    EXPECT_EQ(after_look(true, std::nullopt, "resend").state, OutboundState::sent);
}

}  // namespace
}  // namespace postroom::dispatcher
