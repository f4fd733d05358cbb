#include "store/round-trips.hpp"

#include "filing-house.hpp"
#include "store/cases.hpp"
#include "store/people.hpp"

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class RoundTripsTest : public FilingHouse {
protected:
    void came(std::uint32_t uid, std::string const& text, std::vector<model::Attachment> const& attachments = {})
    {
        clock.advance(1min);
        auto const message = file(uid, uid + 1);
        write([&](Connection& c) {
            model::Activity activity{.id = model::ActivityId::make(), .case_id = house.a_case.id};
            activity.text = text;
            activity.attachments = attachments;
            activity.message = message.id;
            activity.at = clock.now();
            add_activity(c, activity);
        });
    }
    Invitations seen()
    {
        auto mailbox = house.mailbox;
        mailbox.uid_validity = 7;
        return read([&](Connection& c) { return invitations(c, mailbox); });
    }
};

POSTROOM_ON_BOTH_STORES(RoundTripsTest);

TEST_P(RoundTripsTest, AMarkedMailIsKnownByItsMessageId)
{
    EXPECT_FALSE(read([](Connection& c) { return returned_mail(c, "a@contoso.com"); }));
    auto const message = file(1, 1);
    write([&](Connection& c) { note_returned_mail(c, "a@contoso.com", message, clock.now()); });
    auto const first = clock.now();
    clock.advance(1min);
    write([&](Connection& c) { note_returned_mail(c, "a@contoso.com", message, clock.now()); });
    auto const back = read([](Connection& c) { return returned_mail(c, "a@contoso.com"); });
    ASSERT_TRUE(back);
    EXPECT_EQ(back->told, first);
    EXPECT_EQ(back->filed, message.filed);
    clock.advance(std::chrono::days(4));
    write([&](Connection& c) { note_returned_mail(c, "b@contoso.com", message, clock.now()); });
    EXPECT_FALSE(read([](Connection& c) { return returned_mail(c, "a@contoso.com"); }));
}

TEST_P(RoundTripsTest, AnInvitationIsALinkOrBringsItsCalendar)
{
    came(1, "Dear all, see https://outlook.office365.com/mail/ for more");
    EXPECT_EQ(seen().mails, 1);
    EXPECT_FALSE(seen().as_link || seen().as_data);
    came(2,
         "Microsoft Outlook Web Access: https://outlook.office365.com/owa/x\n\nTo receive meeting invitations as "
         ".iCalendar attachments, go to https://outlook.office365.com/owa/?path=/options/popandimap");
    auto const linked = clock.now();
    EXPECT_EQ(seen().as_link, linked);
    EXPECT_FALSE(seen().as_data);
    came(3, "Lunch", {{.name = "invite.ics", .type = "text/calendar"}});
    EXPECT_EQ(seen().as_link, linked);
    EXPECT_EQ(seen().as_data, clock.now());
}

TEST_P(RoundTripsTest, OnlyTheNewestMailsAreLookedAt)
{
    came(1, "https://outlook.office365.com/OWA/?ItemID=1");
    EXPECT_TRUE(seen().as_link);
    for (std::uint32_t uid = 2; uid < 52; ++uid) came(uid, "words");
    EXPECT_EQ(seen().mails, 50);
    EXPECT_FALSE(seen().as_link);
}

TEST_P(RoundTripsTest, OfSeveralSessionsTheLatestCounts)
{
    auto const now = clock.now();
    write([&](Connection& c) {
        for (auto const* const name : {"ann", "bert"})
            add_user(c, {.id = model::UserId::make(), .name = name, .role = model::Role::auditor, .created = now});
        auto const ann = user_named(c, "ann")->id;
        auto const bert = user_named(c, "bert")->id;
        add_session(c, "1", ann, now + 1h, "localhost");
        add_session(c, "2", ann, now + 2h, "postroom.contoso.com");
        add_session(c, "3", bert, now + 1h, "");
    });
    auto const names = read([&](Connection& c) { return console_names(c, now); });
    ASSERT_EQ(names.size(), 1U);
    EXPECT_EQ(names[0].user, "ann");
    EXPECT_EQ(names[0].host, "postroom.contoso.com");
    EXPECT_TRUE(read([&](Connection& c) { return console_names(c, now + 3h); }).empty());
}

}  // namespace
}  // namespace postroom::store
