#include "smtp/codec/envelope.hpp"

#include <gmock/gmock.h>

namespace postroom::smtp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Extensions everything()
{
    // Exchange Online after STARTTLS.
    return parse_extensions({"AM3PR05CA0094.outlook.office365.com Hello [203.0.113.5]", "SIZE 157286400", "PIPELINING",
                             "DSN", "ENHANCEDSTATUSCODES", "AUTH LOGIN XOAUTH2", "8BITMIME", "BINARYMIME", "CHUNKING",
                             "SMTPUTF8"});
}

TEST(Extensions, AsExchangeTellsThem)
{
    auto const told = everything();
    EXPECT_TRUE(told.esmtp && told.pipelining && told.dsn && told.eight_bit_mime && told.smtputf8 && told.chunking &&
                told.enhanced_codes);
    EXPECT_FALSE(told.starttls);
    EXPECT_EQ(told.size, 157286400U);
    EXPECT_THAT(told.auth, ElementsAre("LOGIN", "XOAUTH2"));
    EXPECT_TRUE(told.has_auth("xoauth2"));
    // The first line is the server's name, even one such as this.
    EXPECT_FALSE(parse_extensions({"PIPELINING"}).pipelining);
    EXPECT_EQ(parse_extensions({"x", "size"}).size, 0U);
    EXPECT_EQ(parse_extensions({"x", "SIZE 99999999999999999999999"}).size, 0U);
    EXPECT_THAT(parse_extensions({"x", "AUTH PLAIN", "AUTH=PLAIN LOGIN", ""}).auth, ElementsAre("PLAIN", "LOGIN"));
}

TEST(Envelope, SaysAllThatTheServerTakes)
{
    Envelope envelope{.from = "sales@contoso.com",
                      .to = {},
                      .size = 1234,
                      .eight_bit = true,
                      .utf8 = true,
                      .give_back = Envelope::Return::headers,
                      .id = "a+b=c d"};
    EXPECT_EQ(mail_from(envelope, everything()),
              "MAIL FROM:<sales@contoso.com> SIZE=1234 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb+3Dc+20d\r\n");
    Recipient recipient{.address = "b@example.com",
                        .notify = Notify{.success = true, .failure = true, .delay = true},
                        .original = "b@example.com"};
    EXPECT_EQ(rcpt_to(recipient, envelope, everything()),
              "RCPT TO:<b@example.com> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;b@example.com\r\n");
    recipient.notify = Notify{};
    recipient.original.clear();
    EXPECT_EQ(rcpt_to(recipient, envelope, everything()), "RCPT TO:<b@example.com> NOTIFY=NEVER\r\n");
}

TEST(Envelope, LeavesOutWhatTheServerDoesNotKnow)
{
    Envelope const envelope{.from = "", .to = {}, .size = 10, .give_back = Envelope::Return::full, .id = "x"};
    Recipient const recipient{.address = "b@example.com", .notify = Notify{.failure = true}, .original = "b"};
    EXPECT_EQ(mail_from(envelope, {}), "MAIL FROM:<>\r\n");
    EXPECT_EQ(rcpt_to(recipient, envelope, {}), "RCPT TO:<b@example.com>\r\n");
}

TEST(Envelope, RefusesWhatTheServerCanNotTake)
{
    Envelope envelope{.from = "a@b", .to = {}, .size = 101};
    Extensions server{.size = 100};
    auto const large = mail_from(envelope, server);
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().kind, Trouble::limit);
    EXPECT_THAT(large.error().message, HasSubstr("101"));
    server.size = 0;  // told without a limit
    EXPECT_TRUE(mail_from(envelope, server));
    envelope.eight_bit = true;
    EXPECT_FALSE(mail_from(envelope, server));
    envelope.eight_bit = false;
    envelope.utf8 = true;
    EXPECT_FALSE(mail_from(envelope, server));
}

TEST(Envelope, LetsNoAddressBreakOut)
{
    using namespace std::string_literals;
    for (std::string const& address :
         {""s, "a"s, "@b"s, "a@"s, "a@b>"s, "a@b> SIZE=1"s, "<a@b"s, "a@b\r\nRSET"s, "a@b\nDATA"s, "a\0@b"s, "a b@c"s,
          "a\t@b"s, "\"a\"@b"s, "a\\@b"s, "a@b\x7f"s, "jörg@example.com"s, std::string(251, 'a') + "@b.c"}) {
        auto const checked = check_address(address, false);
        ASSERT_FALSE(checked) << address;
        EXPECT_EQ(checked.error().kind, Trouble::invalid);
        Recipient const recipient{.address = address};
        EXPECT_FALSE(rcpt_to(recipient, {}, everything()));
        if (!address.empty()) {
            Envelope const envelope{.from = address, .to = {}};
            EXPECT_FALSE(mail_from(envelope, everything()));
        }
    }
    EXPECT_TRUE(check_address("jörg@example.com", true));
    EXPECT_FALSE(check_address("j\xf6rg@example.com", true));
    EXPECT_TRUE(check_address("o'brien+tag=x@sub.example.com", false));
    Recipient const recipient{.address = "a@b", .notify = {}, .original = "x\r\nDATA"};
    EXPECT_EQ(rcpt_to(recipient, {}, everything()), "RCPT TO:<a@b> ORCPT=rfc822;x+0D+0ADATA\r\n");
}

}  // namespace
}  // namespace postroom::smtp
