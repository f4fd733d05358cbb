#include "lab/ways.hpp"

#include "lab/faults.hpp"
#include "visitor.hpp"

#include <gmock/gmock.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <set>

namespace postroom::lab {

using testing::HasSubstr;
using testing::Not;

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

TEST_F(WaysTest, LetAPortBeSilentAndAnswerAgain)
{
    auto const port = lab_->endpoints().imap.port;
    auto const comes_through = [&] {
        boost::asio::io_context io;
        boost::asio::ip::tcp::socket socket(io);
        boost::system::error_code error = boost::asio::error::timed_out;
        socket.async_connect({boost::asio::ip::make_address("127.0.0.1"), port}, [&](auto result) { error = result; });
        io.run_for(std::chrono::milliseconds(300));
        return error;
    };
    api("ways", {{"way", "port-993/silent"}});
    EXPECT_EQ(comes_through(), boost::asio::error::timed_out) << "neither taken nor refused";
    mend("");
    EXPECT_FALSE(comes_through());
    EXPECT_THAT(Visitor(port, facts_.anchor_file, true).line(), HasSubstr("* OK"));
}

TEST_F(WaysTest, CutAConnectionAfterItsGreeting)
{
    api("ways", {{"way", "port-587/cut"}});
    Visitor visitor(lab_->endpoints().smtp.port, facts_.anchor_file, false);
    EXPECT_THAT(visitor.line(), HasSubstr("220 "));
    EXPECT_EQ(visitor.line(), "(closed)");
    mend("");
    EXPECT_THAT(smtp(false)->smtp("NOOP"), HasSubstr("250"));
}

TEST_F(WaysTest, TakeANumberOfTheirsAndNoOther)
{
    auto const breaks = [&](char const* number) {
        return api("ways", {{"way", "grant-refresh/number"}, {"mailbox", "sales@contoso.test"}, {"value", number}});
    };
    EXPECT_EQ(breaks("70043").status, 400U) << "that is grant-forecast's";
    EXPECT_EQ(breaks("50097").status, 200U);
    EXPECT_THAT(http("GET", "/lab/api/ways").body, HasSubstr(R"("value":"50097","cause":"AADSTS50097")"));
    auto const answer = token(
        {{"grant_type", "refresh_token"}, {"refresh_token", std::string(grant()["refresh_token"].as_string())}}, 400);
    EXPECT_EQ(answer.at("error_codes").at(0).as_int64(), 50097);
    EXPECT_EQ(api("ways", {{"way", "inbound-enabled"}, {"value", "1"}}).status, 400U) << "it has none";
}

TEST_F(WaysTest, LeadEveryHostToTheLabByItsProxy)
{
    auto const port = lab_->endpoints().proxy->port;
    auto const asked = [&](std::string const& whom) {
        auto visitor = std::make_unique<Visitor>(port, facts_.anchor_file, false);
        visitor->send("CONNECT " + whom + " HTTP/1.1\r\nHost: " + whom + "\r\n\r\n");
        return visitor;
    };
    auto const visitor = asked("outlook.office365.com:993");
    EXPECT_EQ(visitor->line(), "HTTP/1.1 200 Connection established");
    while (!visitor->line().empty()) {
    }
    visitor->start_tls();
    EXPECT_THAT(visitor->line(), HasSubstr("* OK"));
    EXPECT_EQ(asked("outlook.office365.com:25")->line(), "HTTP/1.1 403 Forbidden");
    EXPECT_EQ(asked("nonsense")->line(), "HTTP/1.1 403 Forbidden");
    api("ways", {{"way", "port-993/closed"}});
    EXPECT_EQ(asked("outlook.office365.com:993")->line(), "HTTP/1.1 502 Bad Gateway");
    mend("");
    api("ways", {{"way", "proxy/sign-in"}});
    EXPECT_EQ(asked("outlook.office365.com:993")->line(), "HTTP/1.1 407 Proxy Authentication Required");
    mend("");
    Visitor endless(port, facts_.anchor_file, false);
    endless.send(std::string(20'000, 'x'));
    EXPECT_EQ(endless.rest(), "");
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

TEST(FaultsOfADialogue, AnswerEachStepWithWhatIsAboutIt)
{
    Faults faults;
    for (auto const* const value : {"auth 535 locked", "data 550 first", "data 550 second", "mail"})
        EXPECT_TRUE(faults.set("smtp-refused", "sales@contoso.test", value, 0));
    auto const said = [&](std::string_view step, std::string_view who = "sales@contoso.test") {
        return faults.take_answer(Fault::smtp_refused, step, who).value_or("nothing");
    };
    EXPECT_EQ(said("auth"), "535 locked");
    EXPECT_EQ(said("DATA"), "550 second") << "a step has one answer";
    EXPECT_EQ(said("mail"), "nothing") << "no answer is given for it";
    EXPECT_EQ(said("rcpt"), "nothing");
    EXPECT_EQ(said("auth", "orders@contoso.test"), "nothing");
    EXPECT_TRUE(faults.clear("smtp-refused", "sales@contoso.test", "data"));
    EXPECT_EQ(said("data"), "nothing");
    EXPECT_EQ(said("auth"), "535 locked");
    EXPECT_TRUE(faults.set("smtp-refused", "", "rcpt 452 later", 1));
    EXPECT_EQ(said("rcpt"), "452 later");
    EXPECT_EQ(said("rcpt"), "nothing") << "it plays once";
}

TEST_F(WaysTest, MayRefuseSeveralStepsOfADialogue)
{
    for (auto const* const way : {"quota/recipients", "quota/busy", "outbound-smtp/account-locked"})
        EXPECT_EQ(api("ways", {{"way", way}}).status, 200U) << way;
    EXPECT_EQ(api("ways", {{"way", "quota/rate"}}).status, 409U) << "it is about the same step as quota/recipients";
    EXPECT_EQ(mend("?way=quota/busy"), 200U);
    auto const on = http("GET", "/lab/api/faults").body;
    EXPECT_THAT(on, HasSubstr("account locked"));
    EXPECT_THAT(on, HasSubstr("SubmissionQuotaExceededException"));
    EXPECT_THAT(on, Not(HasSubstr("451 4.7.500")));
}

TEST_F(WaysTest, RefuseWhatCantBe)
{
    EXPECT_EQ(api("ways", {{"way", "no-such-item"}}).status, 404U);
    EXPECT_EQ(api("ways", {{"way", "port-993"}, {"mailbox", "sales@contoso.test"}}).status, 400U);
    EXPECT_EQ(api("ways", {{"way", "inbound-enabled"}, {"mailbox", "nobody@contoso.test"}}).status, 404U);
    api("ways", {{"way", "send-as/refused-early"}});
    auto const same = api("ways", {{"way", "quota/busy"}});
    EXPECT_EQ(same.status, 409U);
    EXPECT_THAT(same.body, HasSubstr("send-as/refused-early"));
    EXPECT_EQ(mend("?way=nothing"), 404U);
    EXPECT_EQ(api("settings", {{"imap_port", 10}}).status, 400U);
}

}  // namespace postroom::lab
