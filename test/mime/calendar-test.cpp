#include "mime/calendar.hpp"

#include <gtest/gtest.h>

namespace postroom::mime {
namespace {

std::string text_of(std::string const& lines)
{
    auto const found = read_calendar("BEGIN:VCALENDAR\n" + lines + "\nEND:VCALENDAR\n");
    return found ? to_text(*found) : "none";
}

TEST(Calendar, IsTextForPeopleOfAnyLanguage)
{
    EXPECT_EQ(
        text_of(
            "METHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Talk\nDTSTART;TZID=Europe/Berlin:20261124T140000\n"
            "DTEND;TZID=Europe/Berlin:20261124T150000\nLOCATION:Room 5\nORGANIZER;CN=Ann:mailto:ann@example.com\n"
            "ATTENDEE:mailto:bob@example.com\nATTENDEE;CN=Eve;PARTSTAT=DECLINED:mailto:eve@example.com\nEND:VEVENT"),
        "Talk\n2026-11-24 14:00 – 15:00 (Europe/Berlin) = 2026-11-24 13:00 UTC\nRoom 5\n"
        "Ann <ann@example.com> → bob@example.com, Eve <eve@example.com> (declined)\n");
    EXPECT_EQ(text_of("METHOD:CANCEL\nBEGIN:VEVENT\nSUMMARY:Talk\nDTSTART;VALUE=DATE:20261124\n"
                      "DTEND;VALUE=DATE:20261127\nEND:VEVENT"),
              "[CANCEL] Talk\n2026-11-24 – 2026-11-26\n");
    EXPECT_EQ(text_of("BEGIN:VEVENT\nSUMMARY:Night\nDTSTART:20261124T220000Z\nDTEND:20261125T060000Z\nEND:VEVENT"),
              "Night\n2026-11-24 22:00 – 2026-11-25 06:00 (UTC)\n");
    EXPECT_EQ(text_of("BEGIN:VTODO\nEND:VTODO"), "none");
}

TEST(Calendar, NamesNoMoreThanPeopleRead)
{
    std::string event = "BEGIN:VEVENT\nSUMMARY:All";
    for (int i = 0; i < 300; ++i) event += "\nATTENDEE:mailto:x@example.com";
    auto const text = text_of(event + "\nEND:VEVENT");
    EXPECT_LT(text.size(), 500U);
    EXPECT_NE(text.find("… (200)"), std::string::npos);
}

TEST(Calendar, CutAnywhereItEnds)
{
    std::string const whole =
        "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\n"
        "TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        "BEGIN:VEVENT\r\nSUMMARY:a\\,\r\n b\r\nDTSTART;TZID=X:20261124T140000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n";
    for (std::size_t size = 0; size <= whole.size(); ++size)
        if (auto const found = read_calendar(whole.substr(0, size))) EXPECT_FALSE(to_text(*found).empty());
    EXPECT_EQ(text_of(whole.substr(17)), "a,b\n2026-11-24 14:00 – 15:00 (X) = 2026-11-24 13:00 UTC\n");
}

}  // namespace
}  // namespace postroom::mime
