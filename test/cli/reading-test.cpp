#include "cli/reading.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace postroom::cli {
namespace {

std::string told(std::string_view json)
{
    return told_by_reading(boost::json::parse({json.data(), json.size()}).as_object());
}

TEST(Reading, SaysNothingOfAPlainMail)
{
    EXPECT_EQ(told(R"({"version":1,"automatic":"no","protection":"none","cut":[],"report":null,"invitation":null})"),
              "");
}

TEST(Reading, SaysWhoWasNotReached)
{
    EXPECT_EQ(told(R"({"version":1,"automatic":"report","protection":"none","cut":["depth"],"report":{"kind":"delivery",
        "reporter":"mx","original_message_id":"","recipients":[
            {"address":"a@b","action":"failed","status":"5.2.2","meaning":"mailbox_full","diagnostic":"552 \u001b[31m",
             "remote":""},
            {"address":"c@d","action":"denied","status":"","meaning":"unknown","diagnostic":"","remote":""}]},
        "invitation":null})"),
              "Automatic: a report of a mail system\nShown in part: its parts lie too deep within each other\n"
              "Report: a@b: not reached; the mailbox is full (5.2.2)\nServer's words: 552 \xef\xbf\xbd[31m\n"
              "Report: c@d: denied\n");
}

TEST(Reading, SaysWhoInvitesWhomWhenAndWhere)
{
    EXPECT_EQ(told(R"({"version":1,"automatic":"no","protection":"pgp_signed","cut":[],"report":null,"invitation":{
        "method":"request","cancelled":false,"summary":"Talk","place":"Room 5",
        "organizer":{"name":"Ann","address":"ann@b","answer":""},
        "attendees":[{"name":"","address":"eve@b","answer":"declined"}],
        "begins":{"local":"2026-11-24 14:00","zone":"Europe/Berlin","at":"2026-11-24T13:00:00.000Z","whole_day":false},
        "ends":{"local":"2026-11-24","zone":"","at":null,"whole_day":true},"repeats":""}})"),
              "Protection: signed with PGP (not verified)\nInvitation: Talk\n"
              "Begins: 2026-11-24 14:00 (Europe/Berlin) = 2026-11-24T13:00:00.000Z\nEnds: 2026-11-24\nWhere: Room 5\n"
              "Organizer: Ann <ann@b>\nAttendee: eve@b (declined)\n");
}

}  // namespace
}  // namespace postroom::cli
