#include "visitor.hpp"

#include <gmock/gmock.h>

namespace postroom::lab {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

std::string reply_mail(std::string const& id, std::string const& from = "sales@contoso.test")
{
    return "From: Sales <" + from + ">\r\nTo: ada@customer.example\r\nSubject: Re: order\r\nMessage-ID: " + id +
           "\r\nIn-Reply-To: <1@customer.example>\r\n\r\nIt is on its way.\r\n";
}

}  // namespace

class SmtpTest : public LabTest {
protected:
    std::string send(Visitor& visitor, std::string const& mail, std::string const& from = "sales@contoso.test",
                     std::string const& to = "ada@customer.example")
    {
        EXPECT_EQ(visitor.smtp("MAIL FROM:<" + from + "> SIZE=100"), "250 2.1.0 Sender OK");
        EXPECT_EQ(visitor.smtp("RCPT TO:<" + to + ">"), "250 2.1.5 Recipient OK");
        EXPECT_EQ(visitor.smtp("DATA"), "354 Start mail input; end with <CRLF>.<CRLF>");
        return visitor.smtp(mail + ".");
    }
    std::string messages(std::string const& mailbox, std::string const& folder)
    {
        return http("GET", "/lab/api/mailboxes/" + mailbox + "/messages?folder=" + folder).body;
    }
};

TEST_F(SmtpTest, SaysWhatExchangeOnlineSays)
{
    Visitor visitor(lab_->endpoints().smtp.port, facts_.anchor_file, false);
    EXPECT_THAT(visitor.reply(), AllOf(StartsWith("220 "), HasSubstr(" Microsoft ESMTP MAIL Service ready at ")));
    EXPECT_THAT(visitor.smtp("EHLO visitor.example"),
                AllOf(HasSubstr(" Hello [127.0.0.1]\n"), HasSubstr("SIZE 157286400\n250-PIPELINING\n250-DSN\n"),
                      HasSubstr("\n250-STARTTLS\n"), Not(HasSubstr("AUTH")), HasSubstr("250 SMTPUTF8")));
    EXPECT_THAT(visitor.smtp("AUTH XOAUTH2 x"), StartsWith("504 5.7.4 Unrecognized authentication type ["));
    EXPECT_THAT(visitor.smtp("MAIL FROM:<a@b>"), StartsWith("530 5.7.57 "));
    EXPECT_EQ(visitor.smtp("STARTTLS"), "220 2.0.0 SMTP server ready");
    visitor.start_tls();
    EXPECT_THAT(visitor.smtp("EHLO visitor.example"),
                AllOf(HasSubstr("\n250-AUTH LOGIN XOAUTH2\n"), Not(HasSubstr("STARTTLS"))));
    EXPECT_EQ(visitor.smtp("AUTH LOGIN"), "334 VXNlcm5hbWU6");
    EXPECT_EQ(visitor.smtp("c2FsZXM="), "334 UGFzc3dvcmQ6");
    EXPECT_THAT(visitor.smtp("eA=="), HasSubstr("535 5.7.139 Authentication unsuccessful, basic authentication is "
                                                "disabled. ["));
    EXPECT_EQ(visitor.smtp("AUTH XOAUTH2"), "334 ");
    EXPECT_THAT(visitor.smtp("*"), StartsWith("535 5.7.3 Authentication unsuccessful ["));
    EXPECT_EQ(visitor.smtp("AUTH XOAUTH2"), "334 ");
    EXPECT_EQ(visitor.smtp(xoauth2("sales@contoso.test", access_token())), "235 2.7.0 Authentication successful");
    EXPECT_EQ(visitor.smtp("RSET"), "250 2.0.0 Resetting");
    EXPECT_THAT(visitor.smtp("NONSENSE"), StartsWith("500 5.3.3 Unrecognized command 'unknown' ["));
    EXPECT_EQ(visitor.smtp("QUIT"), "221 2.0.0 Service closing transmission channel");
    EXPECT_EQ(visitor.line(), "(closed)");
}

TEST_F(SmtpTest, DeliversOutsideAndKeepsACopy)
{
    auto const visitor = smtp();
    EXPECT_THAT(send(*visitor, reply_mail("<r1@contoso.test>") + "..dot\r\n"),
                StartsWith("250 2.0.0 OK <r1@contoso.test> [Hostname="));
    auto const outside = api("outside").as_array();
    ASSERT_EQ(outside.size(), 1U);
    EXPECT_EQ(outside[0].at("In-Reply-To"), "<1@customer.example>");
    EXPECT_EQ(outside[0].at("recipients").at(0), "ada@customer.example");
    auto const raw = http("GET", "/lab/api/outside/1").body;
    EXPECT_THAT(raw, testing::EndsWith(reply_mail("<r1@contoso.test>") + ".dot\r\n"));
    EXPECT_THAT(messages("sales@contoso.test", "Sent%20Items"), HasSubstr("<r1@contoso.test>"));
    EXPECT_EQ(api("counters").at("accepted_by_message_id").at("<r1@contoso.test>"), 1);

    EXPECT_THAT(send(*visitor, reply_mail("<r2@contoso.test>"), "sales@contoso.test", "Support@contoso.test"),
                StartsWith("250 "));
    EXPECT_THAT(messages("support@contoso.test", "INBOX"), HasSubstr("<r2@contoso.test>"));
    EXPECT_EQ(api("outside").as_array().size(), 1U);
    EXPECT_THAT(send(*visitor, "From: sales@contoso.test\r\n\r\nx\r\n"), HasSubstr("@LAB0PR01MB0001"))
        << "a Message-ID is made where there is none";
}

TEST_F(SmtpTest, TakesChunksAndPipelines)
{
    auto const visitor = smtp();
    auto const mail = reply_mail("<c1@contoso.test>");
    visitor->send("MAIL FROM:<sales@contoso.test>\r\nRCPT TO:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT " +
                  std::to_string(mail.size()) + "\r\n" + mail + "BDAT 5 LAST\r\n.\r\n.\n");
    EXPECT_EQ(visitor->reply(), "250 2.1.0 Sender OK");
    EXPECT_EQ(visitor->reply(), "250 2.1.5 Recipient OK");
    EXPECT_EQ(visitor->reply(), "250 2.1.5 Recipient OK");
    EXPECT_THAT(visitor->reply(), StartsWith("250 "));
    EXPECT_THAT(visitor->reply(), StartsWith("250 2.0.0 OK <c1@contoso.test>"));
    EXPECT_THAT(http("GET", "/lab/api/outside/1").body, testing::EndsWith("way.\r\n.\r\n.\n"));
}

TEST_F(SmtpTest, ForgetsWhatWasSaidAheadOfTls)
{
    Visitor visitor(lab_->endpoints().smtp.port, facts_.anchor_file, false);
    visitor.reply();
    visitor.smtp("EHLO x");
    visitor.send("STARTTLS\r\nRSET\r\n");
    EXPECT_THAT(visitor.line(), StartsWith("220 "));
    visitor.start_tls();
    EXPECT_EQ(visitor.smtp("NOOP"), "250 2.0.0 OK") << "the RSET was not carried over";
}

TEST_F(SmtpTest, ChecksWhoMaySendAsWhom)
{
    auto const visitor = smtp();
    EXPECT_THAT(
        send(*visitor, reply_mail("<1@x>", "support@contoso.test")),
        StartsWith("554 5.2.252 SendAsDenied; sales@contoso.test not allowed to send as support@contoso.test; "));
    api("mailboxes", {{"address", "support@contoso.test"}, {"full_access", {"sales@contoso.test"}}});
    EXPECT_THAT(send(*visitor, reply_mail("<1@x>", "support@contoso.test")), StartsWith("554 5.2.252 "))
        << "Full Access is not Send As";
    api("mailboxes", {{"address", "support@contoso.test"}, {"send_as", {"sales@contoso.test"}}});
    EXPECT_THAT(send(*visitor, reply_mail("<1@x>", "support@contoso.test")), StartsWith("250 "));
    EXPECT_THAT(messages("sales@contoso.test", "Sent%20Items"), HasSubstr("<1@x>"))
        << "the copy stays with who signed in";
    auto const other = smtp(false);
    EXPECT_THAT(other->smtp("AUTH XOAUTH2 " + xoauth2("support@contoso.test", access_token())),
                StartsWith("535 5.7.3 "))
        << "the delegate signs in as himself";
}

TEST_F(SmtpTest, PlaysRefusalsOfSignIn)
{
    auto const try_once = [this] {
        return smtp(false)->smtp("AUTH XOAUTH2 " + xoauth2("sales@contoso.test", access_token()));
    };
    fault("smtp-disabled-tenant", "", 1);
    EXPECT_THAT(try_once(),
                StartsWith("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for "
                           "the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. ["));
    fault("smtp-disabled-mailbox", "", 1);
    EXPECT_THAT(try_once(), HasSubstr(" for the Mailbox. "));
    fault("smtp-sign-in-refused", "", 1);
    EXPECT_THAT(try_once(), StartsWith("535 5.7.3 "));
    fault("smtp-temporary", "", 1);
    EXPECT_THAT(try_once(), StartsWith("451 4.7.0 Temporary server error. Please try again later. PRX4 ["));
    api("settings", {{"smtp_auth_disabled", true}});
    EXPECT_THAT(try_once(), HasSubstr(" for the Tenant. "));
    api("mailboxes", {{"address", "sales@contoso.test"}, {"smtp_auth_disabled", false}});
    EXPECT_THAT(try_once(), StartsWith("235 ")) << "the mailbox wins over the tenant";
}

TEST_F(SmtpTest, RefusesTheFourthConnection)
{
    auto const one = smtp(), two = smtp(), three = smtp(), four = smtp();
    EXPECT_THAT(send(*four, reply_mail("<4@x>")), StartsWith("432 4.3.2 Concurrent connections limit exceeded. "));
    EXPECT_THAT(send(*three, reply_mail("<3@x>")), StartsWith("250 "));
}

TEST_F(SmtpTest, DelaysWhatExceedsAMinute)
{
    api("settings", {{"smtp_messages_a_minute", 1}});
    auto const visitor = smtp();
    EXPECT_THAT(send(*visitor, reply_mail("<1@x>")), StartsWith("250 "));
    visitor->send("MAIL FROM:<sales@contoso.test>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n");
    for (auto const* const each : {"250 2.1.0", "250 2.1.5", "354 "}) EXPECT_THAT(visitor->reply(), StartsWith(each));
    visitor->send(reply_mail("<2@x>") + ".\r\n");
    EXPECT_EQ(api("counters").at("accepted"), 1);
    api("clock", {{"advance_s", 61}});
    EXPECT_THAT(visitor->reply(), StartsWith("250 2.0.0 OK <2@x>")) << "carried over, and not refused";
}

TEST_F(SmtpTest, PlaysRefusalsOfMail)
{
    auto const visitor = smtp();
    fault("smtp-mailbox-full", "", 1);
    EXPECT_THAT(send(*visitor, reply_mail("<1@x>")), StartsWith("554 5.2.2 mailbox full; "));
    fault("smtp-temporary", "data", 1);
    EXPECT_THAT(send(*visitor, reply_mail("<1@x>")), StartsWith("451 4.7.0 "));
    fault("smtp-send-as-denied", "", 1);
    EXPECT_THAT(send(*visitor, reply_mail("<1@x>")), StartsWith("554 5.2.252 "));
    fault("smtp-connections", "", 1);
    EXPECT_THAT(send(*visitor, reply_mail("<1@x>")), StartsWith("432 "));
    EXPECT_EQ(api("counters").at("accepted"), 0);
}

TEST_F(SmtpTest, LeavesTheClientInDoubt)
{
    fault("smtp-lost-before-accepting", "", 1);
    EXPECT_EQ(send(*smtp(), reply_mail("<before@x>")), "(closed)");
    EXPECT_TRUE(api("outside").as_array().empty());
    EXPECT_THAT(messages("sales@contoso.test", "Sent%20Items"), Not(HasSubstr("<before@x>")));
    fault("smtp-lost-after-accepting", "", 1);
    EXPECT_EQ(send(*smtp(), reply_mail("<after@x>")), "(closed)");
    EXPECT_EQ(api("outside").as_array().size(), 1U);
    EXPECT_THAT(messages("sales@contoso.test", "Sent%20Items"), HasSubstr("<after@x>"));
}

TEST_F(SmtpTest, TakesCustomersMailWithoutSignIn)
{
    Visitor visitor(lab_->endpoints().inbound.port, facts_.anchor_file, false);
    visitor.reply();
    EXPECT_THAT(visitor.smtp("EHLO mail.customer.example"), Not(HasSubstr("STARTTLS")));
    visitor.smtp("MAIL FROM:<ada@customer.example>");
    EXPECT_THAT(visitor.smtp("RCPT TO:<nobody@contoso.test>"), StartsWith("550 "));
    EXPECT_THAT(visitor.smtp("RCPT TO:<sales@contoso.test>"), StartsWith("250 "));
    visitor.smtp("DATA");
    EXPECT_THAT(visitor.smtp("Subject: Hello\r\nMessage-ID: <in@customer.example>\r\n\r\nHi\r\n."), StartsWith("250 "));
    EXPECT_THAT(messages("sales@contoso.test", "INBOX"), HasSubstr("<in@customer.example>"));
}

TEST_F(SmtpTest, TakesADotAtEverySplit)
{
    auto const visitor = smtp();
    std::string const end = "a\r\n..b\r\n.c\r\n.\r\n";
    for (std::size_t i = 1; i < end.size(); ++i) {
        visitor->smtp("MAIL FROM:<sales@contoso.test>");
        visitor->smtp("RCPT TO:<a@b.example>");
        visitor->smtp("DATA");
        visitor->send("Message-ID: <x>\r\n\r\n" + end.substr(0, i));
        visitor->send(end.substr(i));
        ASSERT_THAT(visitor->reply(), StartsWith("250 ")) << i;
        ASSERT_THAT(http("GET", "/lab/api/outside/" + std::to_string(i)).body,
                    testing::EndsWith("\r\na\r\n.b\r\nc\r\n"));
    }
}

TEST_F(SmtpTest, SurvivesHostileInput)
{
    for (auto const& bytes :
         {std::string(100'000, 'x'), std::string("\0\r\n", 3), std::string("MAIL FROM:<\r\n"),
          std::string("BDAT 99999999999999 LAST\r\n"), std::string("BDAT -1\r\n"), std::string("BDAT\r\n"),
          std::string("MAIL FROM:<a@b> SIZE=99999999999999999999\r\n"), std::string("AUTH\r\n"),
          std::string("RCPT TO:<a@b>\r\nDATA\r\n"), std::string("BDAT 3\r\nabcBDAT 0 LAST\r\n")}) {
        auto const visitor = smtp();
        visitor->send(bytes);
        visitor->send("QUIT\r\n");
        visitor->rest();
    }
    EXPECT_THAT(send(*smtp(), reply_mail("<1@x>")), StartsWith("250 "));
}

}  // namespace postroom::lab
