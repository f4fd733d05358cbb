#include "desk/acknowledgement.hpp"

#include "desk/case-token.hpp"
#include "fixture.hpp"
#include "store/acknowledgements.hpp"
#include "store/bodies.hpp"
#include "store/cases.hpp"
#include "store/outbound.hpp"

namespace postroom::desk {
namespace {

class AcknowledgementTest : public DeskTest {
protected:
    AcknowledgementTest() { switch_on({}); }
    void switch_on(std::string text, std::string subject = {})
    {
        write([&](Connection& c) {
            store::set_acknowledgement(
                c, {.mailbox = sales.id, .active = true, .subject = subject, .text = text, .since = clock.now()});
        });
    }
    std::vector<model::Outbound> queued()
    {
        return read([](Connection& c) { return store::outbounds(c, model::OutboundState::queued, 1000); });
    }
    static std::string from(std::string_view address, int number, std::string_view fields = "")
    {
        return fmt::format(
            "From: {}\r\nTo: sales@contoso.test\r\nSubject: Order {}\r\nMessage-ID: "
            "<{}@example.com>\r\n{}\r\nHello\r\n",
            address, number, number, fields);
    }
    std::vector<store::Alarm> alarms()
    {
        return read([](Connection& c) { return store::alarms(c); });
    }
};

TEST_F(AcknowledgementTest, ANewCaseIsAcknowledgedOnceAndWaitsForUsStill)
{
    auto const filed = deliver(sales, mail("Order", "1@example.com", "References: <0@example.com>\r\n"));
    EXPECT_TRUE(filed.acknowledged);
    auto const all = queued();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].recipients, std::vector<std::string>{"jane@example.com"});
    EXPECT_EQ(all[0].sender, "sales@contoso.test");
    auto const sent = read([&](Connection& c) { return store::activity(c, all[0].activity); }).value();
    EXPECT_EQ(sent.case_id, filed.case_id);
    EXPECT_EQ(sent.kind, model::ActivityKind::sent);
    EXPECT_TRUE(sent.automatic);
    EXPECT_NE(sent.text.find(fmt::format("case {}", filed.number)), std::string::npos) << sent.text;
    EXPECT_EQ(sent.subject, "Re: Order " + case_token(filed.number, key));
    auto const bytes = read([&](Connection& c) { return store::read_body(c, all[0].body); });
    EXPECT_NE(bytes.find("\r\nAuto-Submitted: auto-replied\r\n"), std::string::npos) << bytes;
    EXPECT_NE(bytes.find("\r\nIn-Reply-To: <1@example.com>\r\n"), std::string::npos) << bytes;
    EXPECT_NE(bytes.find("<0@example.com> <1@example.com>"), std::string::npos) << bytes;
    EXPECT_TRUE(case_of(filed.case_id).waiting_for_us) << "nobody has answered yet";

    // What follows in the case is not acknowledged.
    EXPECT_FALSE(deliver(sales, mail("Re: Order", "2@example.com", "In-Reply-To: <1@example.com>\r\n")).acknowledged);
    EXPECT_EQ(queued().size(), 1U);
}

TEST_F(AcknowledgementTest, IsOffByDefault)
{
    EXPECT_FALSE(deliver(support, mail("Order", "1@example.com")).acknowledged);
    write([&](Connection& c) { store::set_acknowledgement(c, {.mailbox = sales.id}); });
    EXPECT_FALSE(deliver(sales, mail("Order", "2@example.com")).acknowledged);
    EXPECT_TRUE(queued().empty());
}

TEST_F(AcknowledgementTest, HasTheMailboxsWords)
{
    switch_on("Dear {{customer}}, {{ number }}: {{subject}} ({{mailbox}})", "Got {{subject}}");
    (void)deliver(sales, mail("Order", "1@example.com"));
    auto const sent = read([&](Connection& c) { return store::activity(c, queued().at(0).activity); }).value();
    EXPECT_EQ(sent.text, "Dear Jane Doe, 1: Order (sales@contoso.test)");
    EXPECT_TRUE(sent.subject.starts_with("Got Order [Case 1-")) << sent.subject;
    EXPECT_TRUE(check_acknowledgement({.text = "{{number}}"}).has_value());
    EXPECT_FALSE(check_acknowledgement({.text = "{{nonsense}}"}).has_value());
    EXPECT_FALSE(check_acknowledgement({.text = "{{number"}).has_value());
    EXPECT_FALSE(check_acknowledgement({.subject = "a\nb"}).has_value());
    EXPECT_TRUE(check_acknowledgement({.text = std::string(default_acknowledgement())}).has_value());
}

// What a machine may have sent, each in a way of its own.
TEST_F(AcknowledgementTest, IsNeverSentToAMachine)
{
    int number = 0;
    for (std::string_view const fields :
         {"Auto-Submitted: auto-generated\r\n", "Auto-Submitted: auto-replied; x=y\r\n", "Precedence: bulk\r\n",
          "Precedence: list\r\n", "Precedence: junk\r\n", "List-Id: <news.example.com>\r\n",
          "List-Unsubscribe: <https://example.com/u>\r\n", "Return-Path: <>\r\n", "X-Auto-Response-Suppress: All\r\n",
          "X-Auto-Response-Suppress: DR, AutoReply\r\n", "Reply-To: no-reply@example.com\r\n",
          "Reply-To: sales@contoso.test\r\n", "Reply-To: SUPPORT@contoso.test\r\n", "Sender: support@contoso.test\r\n",
          "Reply-To: a@example.com, b@example.com\r\n",
          "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n"}) {
        auto const filed = deliver(sales, from("jane@example.com", ++number, fields));
        EXPECT_TRUE(filed.new_case) << fields;
        EXPECT_FALSE(filed.acknowledged) << fields;
    }
    for (std::string_view const address :
         {"MAILER-DAEMON@example.com", "postmaster@example.com", "noreply@example.com", "no-reply@example.com",
          "owner-news@example.com", "news-request@example.com", "news-bounces@example.com", "bounces+1=2@example.com",
          "support@contoso.test", "not an address", ""})
        EXPECT_FALSE(deliver(sales, from(address, ++number)).acknowledged) << address;
    EXPECT_TRUE(queued().empty());
    EXPECT_TRUE(deliver(sales, from("jane@example.com", ++number)).acknowledged) << "and a person is";
}

TEST_F(AcknowledgementTest, IsNotSentForDuplicatesOldMailAndOurOwn)
{
    EXPECT_FALSE(deliver(sales, from("jane@example.com", 1), true).acknowledged);
    // A mail of ours that came back from somewhere, under the name of somebody else.
    auto const sent = write([&](Connection& c) {
        NewMail ours;
        ours.mailbox = support.id;
        ours.to = {"list@example.org"};
        ours.subject = "News";
        ours.text = "Hello";
        return new_mail(c, ours, key, clock.now()).value();
    });
    auto const back = fmt::format(
        "From: x@example.org\r\nTo: sales@contoso.test\r\nSubject: News\r\nMessage-ID: <{}>\r\n\r\nHello\r\n",
        sent.message_id);
    auto const filed = deliver(sales, back);
    EXPECT_TRUE(filed.new_case);
    EXPECT_FALSE(filed.acknowledged);
    // Switched on after it came: a mailbox with a backlog does not answer it.
    auto const bytes = from("jane@example.com", 2);
    write([&](Connection& c) {
        auto message = add_mail(c, sales, bytes);
        auto const mail = mime::read(bytes).value();
        message.received = clock.now() - Duration(10 * 60'000LL);
        store::set_acknowledgement(c, {.mailbox = sales.id, .active = true, .since = clock.now()});
        EXPECT_FALSE(file_mail(c, message, mail, terms_of(c), clock.now())->acknowledged);
        store::triage_done(c, message.id);
    });
    auto const late = from("jane@example.com", 3);
    write([&](Connection& c) {
        auto message = add_mail(c, sales, late);
        clock.advance(Duration(25 * 3'600'000LL));
        EXPECT_FALSE(file_mail(c, message, mime::read(late).value(), terms_of(c), clock.now())->acknowledged);
    });
}

TEST_F(AcknowledgementTest, OneAddressGetsSoManyInAPeriod)
{
    write([](Connection& c) { store::set_setting(c, "acknowledgement-limit", "2"); });
    EXPECT_TRUE(deliver(sales, from("jane@example.com", 1)).acknowledged);
    EXPECT_TRUE(deliver(sales, from("Jane <JANE@example.com>", 2)).acknowledged);
    EXPECT_FALSE(deliver(sales, from("jane@example.com", 3)).acknowledged);
    EXPECT_TRUE(deliver(sales, from("john@example.com", 4)).acknowledged) << "another address";
    clock.advance(Duration(25 * 3'600'000LL));
    EXPECT_TRUE(deliver(sales, from("jane@example.com", 5)).acknowledged);
}

// An autoresponder that says nothing of itself, and makes a new mail of each answer.
TEST_F(AcknowledgementTest, ALoopIsNoticedByCountingCasesOfOneAddress)
{
    write([](Connection& c) {
        store::set_setting(c, "acknowledgement-limit", "1000");
        store::set_setting(c, "loop-limit", "5");
    });
    int acknowledged = 0;
    model::CaseId last;
    for (int i = 0; i < 12; ++i) {
        auto const filed = deliver(sales, from("robot@example.com", i));
        acknowledged += filed.acknowledged ? 1 : 0;
        last = filed.case_id;
    }
    EXPECT_EQ(acknowledged, 5);
    auto const raised = alarms();
    ASSERT_EQ(raised.size(), 1U);
    EXPECT_EQ(raised[0].cause, "mail-loop");
    EXPECT_EQ(raised[0].subject, "sales@contoso.test");
    EXPECT_NE(raised[0].words.find("robot@example.com opened more than 5 cases"), std::string::npos) << raised[0].words;
    EXPECT_NE(activities(last).back().text.find("Not acknowledged"), std::string::npos) << activities(last).back().text;
    EXPECT_TRUE(deliver(sales, from("jane@example.com", 100)).acknowledged) << "others are";

    EXPECT_TRUE(read([&](Connection& c) { return quiet_loops(c, clock.now()); }).empty());
    clock.advance(Duration(2 * 3'600'000LL));
    EXPECT_EQ(read([&](Connection& c) { return quiet_loops(c, clock.now()); }),
              std::vector<std::string>{"sales@contoso.test"});
    EXPECT_TRUE(deliver(sales, from("robot@example.com", 200)).acknowledged) << "after a quiet period";
}

// And one whose answers find their case.
TEST_F(AcknowledgementTest, ALoopInOneCaseIsToldOnceInItsHistory)
{
    write([](Connection& c) { store::set_setting(c, "loop-limit", "5"); });
    auto const first = deliver(sales, mail("Order", "0@example.com"));
    for (int i = 1; i < 12; ++i)
        (void)deliver(sales, mail("Re: Order", fmt::format("{}@example.com", i), "In-Reply-To: <0@example.com>\r\n"));
    int told = 0;
    for (auto const& each : activities(first.case_id))
        if (each.kind == model::ActivityKind::event && each.text.find("got more than 5 mails") != std::string::npos)
            ++told;
    EXPECT_EQ(told, 1);
    ASSERT_EQ(alarms().size(), 1U);
    EXPECT_GT(alarms()[0].count, 1);
    // Where nothing is acknowledged there is no loop of ours.
    for (int i = 0; i < 12; ++i)
        (void)deliver(support, mail("Order", fmt::format("s{}@example.com", i),
                                    i == 0 ? "" : "In-Reply-To: <s0@example.com>\r\n"));
    EXPECT_EQ(alarms().size(), 1U);
}

TEST_F(AcknowledgementTest, WhatCanNotBeComposedIsTold)
{
    switch_on("{{gone}}");  // as an older release may have left it
    auto const filed = deliver(sales, mail("Order", "1@example.com"));
    EXPECT_FALSE(filed.acknowledged);
    EXPECT_NE(activities(filed.case_id).back().text.find("{{gone}}"), std::string::npos);
    EXPECT_TRUE(queued().empty());
}

}  // namespace
}  // namespace postroom::desk
