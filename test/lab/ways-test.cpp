#include "lab/ways.hpp"

#include "visitor.hpp"

#include <gmock/gmock.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <set>

namespace postroom::lab {

using testing::HasSubstr;

class WaysTest : public LabTest {
protected:
    std::string settings() { return http("GET", "/lab/api/settings").body; }
    unsigned mend(std::string const& what) { return http("DELETE", "/lab/api/ways" + what).status; }
};

TEST(WayTable, NamesEachWayOnceAndHoldsWhatCanBeRead)
{
    std::set<std::string> names;
    for (auto const& way : way_table()) {
        EXPECT_TRUE(names.insert(way.name()).second) << way.name();
        EXPECT_NO_THROW((void)to_json(way)) << way.name();
        EXPECT_FALSE(way.plays.empty() || way.cause.empty()) << way.name();
        EXPECT_EQ(*find_way(way.name()), &way);
    }
    EXPECT_EQ((*find_way("inbound-enabled"))->name(), "inbound-enabled/imap-off") << "an item alone: its first";
    EXPECT_THAT(find_way("inbound-enabled/else").error().message, HasSubstr("inbound-enabled/pop3-off"));
    EXPECT_THAT(find_way("nothing").error().message, HasSubstr("mailbox-full"));
}

TEST_F(WaysTest, PutBackWhatWasThereBeforeInWhateverOrder)
{
    EXPECT_EQ(api("ways", {{"way", "tls-path/expired"}}).status, 200U);
    EXPECT_EQ(api("ways", {{"way", "port-993/closed"}}).status, 200U);
    EXPECT_THAT(settings(), HasSubstr(R"("imap_port":1)"));
    EXPECT_EQ(mend("?way=tls-path/expired"), 200U);
    EXPECT_THAT(settings(), HasSubstr(R"("imap_port":1)")) << "the later one stays";
    EXPECT_EQ(mend("?way=port-993/closed"), 200U);
    EXPECT_THAT(settings(), HasSubstr(R"("imap_port":0)"));
    Visitor visitor(lab_->endpoints().imap.port, facts_.anchor_file, true);
    EXPECT_THAT(visitor.line(), HasSubstr("* OK"));
}

TEST_F(WaysTest, CloseAPortAndOpenItAgain)
{
    auto const port = lab_->endpoints().imap.port;
    api("ways", {{"way", "port-993"}});
    boost::asio::io_context io;
    boost::asio::ip::tcp::socket socket(io);
    boost::system::error_code error;
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), port}, error);
    EXPECT_EQ(error, boost::asio::error::connection_refused);
    mend("");
    EXPECT_EQ(lab_->endpoints().imap.port, port);
    EXPECT_THAT(Visitor(port, facts_.anchor_file, true).line(), HasSubstr("* OK"));
}

TEST_F(WaysTest, AreBrokenForOneMailboxOrForAll)
{
    auto const off = [&] {
        auto const all = http("GET", "/lab/api/mailboxes").body;
        std::size_t count = 0;
        for (std::size_t at = 0; (at = all.find(R"("imap_enabled":false)", at)) != all.npos; ++at) ++count;
        return count;
    };
    api("ways", {{"way", "inbound-enabled"}, {"mailbox", "Sales@contoso.test"}});
    EXPECT_EQ(off(), 1U);
    EXPECT_EQ(api("ways", {{"way", "inbound-enabled"}, {"mailbox", "sales@contoso.test"}}).status, 409U);
    api("ways", {{"way", "inbound-enabled"}});
    EXPECT_EQ(off(), 3U);
    mend("?mailbox=sales@contoso.test");
    EXPECT_EQ(off(), 3U);
    mend("");
    EXPECT_EQ(off(), 0U);
}

TEST_F(WaysTest, RefuseWhatCantBe)
{
    EXPECT_EQ(api("ways", {{"way", "no-such-item"}}).status, 404U);
    EXPECT_EQ(api("ways", {{"way", "port-993"}, {"mailbox", "sales@contoso.test"}}).status, 400U);
    EXPECT_EQ(api("ways", {{"way", "inbound-enabled"}, {"mailbox", "nobody@contoso.test"}}).status, 404U);
    api("ways", {{"way", "send-as/refused-early"}});
    auto const same = api("ways", {{"way", "quota/recipients"}});
    EXPECT_EQ(same.status, 409U);
    EXPECT_THAT(same.body, HasSubstr("send-as/refused-early"));
    EXPECT_EQ(mend("?way=nothing"), 404U);
    EXPECT_EQ(api("settings", {{"imap_port", 7}}).status, 400U);
}

}  // namespace postroom::lab
