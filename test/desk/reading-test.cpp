#include "desk/reading.hpp"

#include "fixture.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace postroom::desk {
namespace {

namespace json = boost::json;

std::string with(std::string const& headers, std::string const& body)
{
    return "From: MAILER-DAEMON@example.com\r\nTo: sales@contoso.com\r\nMessage-ID: <1@example.com>\r\n" + headers +
           "\r\n" + body;
}

class ReadingTest : public DeskTest {
protected:
    json::object reading_of_delivered(std::string const& bytes)
    {
        auto const list = activities(deliver(sales, bytes).case_id);
        EXPECT_EQ(list.size(), 1U);
        return json::parse(list.at(0).reading).as_object();
    }
};

TEST_F(ReadingTest, OfAPlainMailSaysNothingButItsForm)
{
    auto const reading = reading_of_delivered(mail("Order", "1@example.com"));
    EXPECT_EQ(json::serialize(reading), R"({"version":1,"automatic":"no","protection":"none","cut":[],"report":null,)"
                                        R"("invitation":null})");
}

TEST_F(ReadingTest, SaysWhoWasNotReached)
{
    auto const reading = reading_of_delivered(
        with("MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n",
             "--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; "
             "mx.example.com\r\n"
             "\r\nFinal-Recipient: rfc822; jane@example.org\r\nAction: failed\r\nStatus: 5.2.2\r\n"
             "Diagnostic-Code: smtp; 552 5.2.2 Full\r\nRemote-MTA: dns; in.example.org\r\n--b--\r\n"));
    EXPECT_EQ(reading.at("automatic"), "report");
    EXPECT_EQ(json::serialize(reading.at("report")),
              R"({"kind":"delivery","reporter":"mx.example.com","original_message_id":"","recipients":[)"
              R"({"address":"jane@example.org","action":"failed","status":"5.2.2","meaning":"mailbox_full",)"
              R"("diagnostic":"552 5.2.2 Full","remote":"in.example.org"}]})");
}

TEST_F(ReadingTest, SaysWhoInvitesWhomWhenAndWhere)
{
    auto const reading = reading_of_delivered(
        with("MIME-Version: 1.0\r\nContent-Type: text/calendar; method=REQUEST\r\n",
             "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Talk\r\nLOCATION:Room 5\r\n"
             "DTSTART;TZID=Europe/Berlin:20261124T140000\r\nDTEND;TZID=Europe/Berlin:20261124T150000\r\n"
             "ORGANIZER;CN=Ann:mailto:ann@example.com\r\nATTENDEE;PARTSTAT=DECLINED:mailto:eve@example.com\r\n"
             "END:VEVENT\r\nEND:VCALENDAR\r\n"));
    EXPECT_EQ(json::serialize(reading.at("invitation")),
              R"({"method":"request","cancelled":false,"summary":"Talk","place":"Room 5",)"
              R"("organizer":{"name":"Ann","address":"ann@example.com","answer":""},)"
              R"("attendees":[{"name":"","address":"eve@example.com","answer":"declined"}],)"
              R"("begins":{"local":"2026-11-24 14:00","zone":"Europe/Berlin","at":"2026-11-24T13:00:00.000Z",)"
              R"("whole_day":false},"ends":{"local":"2026-11-24 15:00","zone":"Europe/Berlin",)"
              R"("at":"2026-11-24T14:00:00.000Z","whole_day":false},"repeats":""})");
}

TEST_F(ReadingTest, SaysWhyAMailIsShownInPartOrNotAtAll)
{
    auto const encrypted = reading_of_delivered(
        with("MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; "
             "boundary=b\r\n",
             "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\n"
             "Content-Type: application/octet-stream\r\n\r\nx\r\n--b--\r\n"));
    EXPECT_EQ(encrypted.at("protection"), "pgp_encrypted");
    auto const cut =
        reading_of_delivered(with("X-Long: " + std::string(mime::header_limit, 'x') + "\r\n", "Hello\r\n"));
    EXPECT_EQ(json::serialize(cut.at("cut")), R"(["header"])");
}

}  // namespace
}  // namespace postroom::desk
