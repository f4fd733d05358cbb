#include "lab/faults.hpp"
#include "visitor.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <set>

namespace postroom::lab {

using testing::HasSubstr;

class ApiTest : public LabTest {};

TEST_F(ApiTest, PutsInAMailThatAPersonTyped)
{
    EXPECT_EQ(api("mail", {{"from", "Ada <ada@customer.example>"},
                           {"to", "sales@contoso.test"},
                           {"subject", "Où est ma commande, et pourquoi cela prend-il si longtemps ? — Ada"},
                           {"text", "Bonjour,\n…"}})
                  .status,
              201U);
    auto const raw = http("GET", "/lab/api/mailboxes/sales@contoso.test/messages?uid=1").body;
    EXPECT_THAT(raw, HasSubstr("From: Ada <ada@customer.example>\r\n"));
    EXPECT_THAT(raw, HasSubstr("Subject: =?UTF-8?B?"));
    EXPECT_EQ(api("mail", {{"from", "x@y"}, {"to", "nobody@contoso.test"}}).status, 404U);
}

TEST_F(ApiTest, IsReachedFromThisMachineOnly)
{
    for (auto const* const host : {"0.0.0.0", "::", "192.0.2.1", "127.0.0.1.example.com"}) {
        Options options;
        options.directory = directory();
        options.listen = {{"127.0.0.1", 0}, {"127.0.0.1", 0}, {"127.0.0.1", 0},
                          {"127.0.0.1", 0}, {"127.0.0.1", 0}, {host, 0}};
        boost::asio::io_context io;
        auto const started = Lab::start(io.get_executor(), options);
        ASSERT_FALSE(started) << host;
        EXPECT_THAT(started.error().message, HasSubstr("this machine only"));
    }
}

TEST_F(ApiTest, KeepsTheBytesOfAMail)
{
    std::string const raw = "To: sales@contoso.test\r\n\r\nlone\nline feed, \x80\xFF bytes";
    put_in(raw);
    EXPECT_EQ(http("GET", "/lab/api/mailboxes/sales@contoso.test/messages?uid=1").body, raw);
}

TEST_F(ApiTest, FillsAMailboxWithCopiesOfWhichNoTwoAreTheSame)
{
    std::string const mail = "/lab/api/mail?mailbox=sales@contoso.test&copies=";
    std::string const raw = "Subject: Again\r\n\r\nand again\r\n";
    auto const put = [&](std::string const& copies) {
        return http("POST", mail + copies, raw, "Content-Type: message/rfc822\r\n");
    };
    EXPECT_THAT(put("3").body, HasSubstr("3"));
    std::set<std::string> all;
    for (std::string const uid : {"1", "2", "3"})
        all.insert(http("GET", "/lab/api/mailboxes/sales@contoso.test/messages?uid=" + uid).body);
    EXPECT_EQ(all.size(), 3U);
    for (auto const& each : all) EXPECT_THAT(each, testing::EndsWith(raw));
    for (auto const* const wrong : {"0", "-1", "many", "2x", "1000000"}) EXPECT_EQ(put(wrong).status, 400U) << wrong;
}

TEST_F(ApiTest, AddsUsersAndMailboxes)
{
    EXPECT_EQ(api("users", {{"upn", "Bo@contoso.test"}, {"language", "fr"}}).status, 200U);
    EXPECT_EQ(
        http("GET", "/lab/api/mailboxes/bo@contoso.test/messages?folder=%26AMk-l%26AOk-ments%20envoy%26AOk-s").status,
        200U)
        << "Sent Items in French";
    EXPECT_THAT(api("users", {{"upn", "bo"}}).body, HasSubstr("must be an address"));
    EXPECT_THAT(api("users", {{"upn", "bo@contoso.test"}, {"colour", 1}}).body, HasSubstr("no field \\\"colour\\\""));
    EXPECT_THAT(api("mailboxes", {{"address", "bo@contoso.test"}, {"imap_enabled", 1}}).body,
                HasSubstr("true or false"));
}

TEST_F(ApiTest, SaysWhatIsWrongWithAFault)
{
    EXPECT_EQ(api("faults", {{"id", "no-such"}}).status, 404U);
    EXPECT_THAT(api("faults", {{"id", "imap-throttled"}, {"value", "soon"}}).body, HasSubstr("is a number"));
    EXPECT_EQ(http("POST", "/lab/api/faults", "{").status, 400U);
    EXPECT_EQ(http("POST", "/lab/api/faults", std::string(1'000, '[')).status, 400U);
    EXPECT_EQ(http("GET", "/lab/api/nothing").status, 404U);
}

TEST_F(ApiTest, ListensToItsOwnPageOnly)
{
    auto const port = std::to_string(lab_->endpoints().https.port);
    EXPECT_EQ(http("POST", "/lab/api/clock", R"({"advance_s":1})", "Origin: https://evil.example\r\n").status, 403U);
    EXPECT_EQ(http("POST", "/lab/api/clock", R"({"advance_s":1})", "Origin: https://localhost:" + port + "\r\n").status,
              200U);
    Visitor rebound(lab_->endpoints().http.port, facts_.anchor_file, false);
    rebound.send("GET /lab/api/users HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(rebound.rest(), HasSubstr(" 403 "));
    EXPECT_THAT(http("GET", "/").body, HasSubstr("<title>Postroom lab</title>"));
}

TEST(FaultsTest, TableIsInTheOrderOfTheEnumAndSaysItsSource)
{
    std::set<std::string_view> ids;
    std::size_t at = 0;
    for (auto const& row : fault_table()) {
        EXPECT_EQ(static_cast<std::size_t>(row.fault), at++) << row.id;
        EXPECT_TRUE(ids.insert(row.id).second) << row.id;
        EXPECT_FALSE(row.source.empty()) << row.id;
    }
}

TEST(FaultsTest, AreAllInTheGuide)
{
    std::ifstream file(POSTROOM_SOURCE_DIR "/docs/lab.md");
    std::string const guide{std::istreambuf_iterator<char>(file), {}};
    for (auto const& row : fault_table()) EXPECT_THAT(guide, HasSubstr("| `" + std::string(row.id) + "` |"));
}

TEST(FaultsTest, PlaysForWhomAndAsOftenAsItWasTold)
{
    Faults faults;
    ASSERT_TRUE(faults.set("imap-throttled", "Sales@contoso.test", std::nullopt, 2));
    EXPECT_FALSE(faults.take(Fault::imap_throttled, {"support@contoso.test"}));
    EXPECT_EQ(faults.see(Fault::imap_throttled, {"sales@contoso.test"}), "299961");
    EXPECT_TRUE(faults.take(Fault::imap_throttled, {"sales@contoso.test"}));
    EXPECT_TRUE(faults.take(Fault::imap_throttled, {"x", "sales@contoso.test"}));
    EXPECT_FALSE(faults.take(Fault::imap_throttled, {"sales@contoso.test"})) << "twice, and no more";
    ASSERT_TRUE(faults.set("imap-throttled", "", "5", 0));
    EXPECT_EQ(faults.take(Fault::imap_throttled, {"anybody"}), "5");
    EXPECT_FALSE(faults.clear("imap-unavailable", std::nullopt));
    EXPECT_TRUE(faults.clear("", std::nullopt));
    EXPECT_TRUE(faults.active().empty());
}

}  // namespace postroom::lab
