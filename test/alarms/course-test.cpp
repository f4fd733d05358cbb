#include "alarms/course.hpp"

#include "alarms/telling.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::alarms {
namespace {

using namespace std::chrono_literals;
using model::Telling;
using testing::HasSubstr;
using testing::Not;

class CourseTest : public testing::Test {
protected:
    CourseTest()
    {
        call.cause = "mailbox-not-retrieved";
        call.begun = now;
        hits(1);
    }
    void hits(std::int64_t mailboxes)
    {
        call.amount = call.subject_count = mailboxes;
        call.subjects.clear();
        for (std::int64_t i = 0; i < std::min<std::int64_t>(mailboxes, 100); ++i)
            call.subjects.push_back("box" + std::to_string(i) + "@contoso.com");
    }
    std::optional<Telling> after(Duration time)
    {
        now += time;
        return step(call, rule, remind, now);
    }

    Instant now{std::chrono::hours(1000)};
    model::AlarmCall call;
    model::AlarmRule rule{.quiet = 2min};
    Duration remind = 4h;
};

TEST_F(CourseTest, WhatPassesWithinItsQuietTimeIsToldToNobody)
{
    EXPECT_EQ(after(1min), std::nullopt);
    hits(0);
    EXPECT_EQ(after(30s), std::nullopt);
    EXPECT_EQ(after(2min), std::nullopt);
    EXPECT_TRUE(call.ended);
}

TEST_F(CourseTest, WhatComesBackWithinItsQuietTimeGoesOn)
{
    EXPECT_EQ(after(2min), Telling::begins);
    for (int i = 0; i < 50; ++i) {
        hits(i % 2 == 0 ? 0 : 1);
        EXPECT_EQ(after(1min), std::nullopt) << i;
    }
    hits(0);
    EXPECT_EQ(after(1s), std::nullopt);
    EXPECT_EQ(after(2min), Telling::ends);
}

TEST_F(CourseTest, IsRemindedAtIntervalsOrNever)
{
    EXPECT_EQ(after(2min), Telling::begins);
    EXPECT_EQ(after(4h - 1s), std::nullopt);
    EXPECT_EQ(after(1s), Telling::reminds);
    EXPECT_EQ(after(1s), std::nullopt);
    remind = 0s;
    EXPECT_EQ(after(1000h), std::nullopt);
}

TEST_F(CourseTest, SpreadsWhereItHitsFarMoreInSpiteOfAnAcknowledgement)
{
    EXPECT_EQ(after(2min), Telling::begins);
    call.acknowledged = now;
    call.acknowledged_by = "ann";
    hits(5);
    EXPECT_EQ(after(1min), std::nullopt);
    hits(6);
    EXPECT_EQ(after(1min), Telling::spreads);
    EXPECT_FALSE(call.acknowledged);
    hits(11);
    EXPECT_EQ(after(1min), std::nullopt) << "not twice as many";
    hits(400);
    EXPECT_EQ(after(1min), Telling::spreads);
}

TEST_F(CourseTest, WhatIsSilencedIsNotToldUntilThen)
{
    call.silenced_until = now + 1h;
    EXPECT_EQ(after(30min), std::nullopt);
    EXPECT_EQ(after(30min), Telling::begins);
    call.silenced_until = now + 1h;
    hits(0);
    EXPECT_EQ(after(1min), std::nullopt);
    EXPECT_EQ(after(2min), std::nullopt) << "nor its end";
    EXPECT_TRUE(call.ended);
}

TEST_F(CourseTest, WhatIsSwitchedOffMeanwhileEnds)
{
    EXPECT_EQ(after(2min), Telling::begins);
    rule.on = false;
    rule.quiet = 0s;
    EXPECT_EQ(after(1s), Telling::ends);
}

TEST_F(CourseTest, AMailSaysWhatItIsAboutAndBreaksOutOfNothing)
{
    call.words = "NO [UNAVAILABLE]\r\nBcc: everybody@example.com\x1b[2J";
    call.why = "imap-off";
    auto const one = tell(call, Telling::begins, "https://mail.contoso.com", now);
    EXPECT_EQ(one.subject, "Postroom: alarm begins: Mailboxes are not retrieved (box0@contoso.com)");
    EXPECT_THAT(one.text, Not(HasSubstr("\r\nBcc")));
    EXPECT_THAT(one.text, HasSubstr("https://mail.contoso.com/alarms/about/mailbox-not-retrieved"));
    hits(40);
    call.said = {"it is away"};
    auto const many = tell(call, Telling::reminds, "", now);
    EXPECT_THAT(many.subject, HasSubstr("goes on: Mailboxes are not retrieved (40 mailboxes)"));
    EXPECT_THAT(many.text, HasSubstr("  box0@contoso.com: it is away\n"));
    EXPECT_THAT(many.text, HasSubstr("and 10 more"));
    EXPECT_THAT(many.text, Not(HasSubstr("https://")));
    call.subjects = {"x\r\nBcc: everybody@example.com"};
    call.amount = call.subject_count = 1;
    EXPECT_THAT(tell(call, Telling::begins, "", now).subject, Not(HasSubstr("\n")));
    hits(0);
    EXPECT_EQ(tell(call, Telling::ends, "", now).subject, "Postroom: over: Mailboxes are not retrieved");
}

TEST_F(CourseTest, ReadsRecipients)
{
    EXPECT_THAT(recipients_of(" ann@contoso.com ,, bob@contoso.com"),
                testing::ElementsAre("ann@contoso.com", "bob@contoso.com"));
    EXPECT_THAT(recipients_of(""), testing::IsEmpty());
}

}  // namespace
}  // namespace postroom::alarms
