#include "mime/calendar.hpp"

#include <gtest/gtest.h>

namespace postroom::mime {
namespace {

TEST(Calendar, OtherEntriesAreNoInvitations)
{
    EXPECT_FALSE(read_calendar("BEGIN:VCALENDAR\nBEGIN:VTODO\nEND:VTODO\nEND:VCALENDAR\n").has_value());
}

TEST(Calendar, KeepsNoMoreAttendeesThanItsLimit)
{
    std::string event = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:All";
    for (std::size_t i = 0; i < attendees_limit + 100; ++i) event += "\nATTENDEE:mailto:x@example.com";
    auto const found = read_calendar(event + "\nEND:VEVENT\nEND:VCALENDAR\n");
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->attendees.size(), attendees_limit);
}

TEST(Calendar, CutAnywhereItEnds)
{
    std::string const whole =
        "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\n"
        "TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        "BEGIN:VEVENT\r\nSUMMARY:a\\,\r\n b\r\nDTSTART;TZID=X:20261124T140000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n";
    for (std::size_t size = 0; size <= whole.size(); ++size)
        if (auto const found = read_calendar(whole.substr(0, size))) EXPECT_LE(found->summary.size(), 3U);
    auto const found = read_calendar(whole);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->summary, "a,b");
    ASSERT_TRUE(found->begins && found->ends);
    EXPECT_EQ(found->begins->local, "2026-11-24 14:00");
    ASSERT_TRUE(found->begins->at.has_value());
    EXPECT_EQ(to_rfc3339(*found->begins->at), "2026-11-24T13:00:00.000Z");
    EXPECT_EQ(found->ends->local, "2026-11-24 15:00");
}

}  // namespace
}  // namespace postroom::mime
