#include "mime/compose.hpp"

#include "base/text.hpp"
#include "mails.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postroom::mime {
namespace {

Draft draft()
{
    return {.from = {"Contoso Sales", "sales@contoso.test"},
            .to = {{"Jane", "jane@example.com"}},
            .subject = "Re: Order",
            .date = *from_rfc3339("2026-11-22T09:30:00Z"),
            .message_id = "abc@contoso.test",
            .text = "Hello\nJane\n"};
}

void expect_lines_are_sound(std::string const& bytes)
{
    for (std::size_t at = 0; at < bytes.size();) {
        auto const end = bytes.find('\n', at);
        ASSERT_NE(end, std::string::npos) << "the last line has no end";
        ASSERT_GT(end, 0U);
        ASSERT_EQ(bytes[end - 1], '\r') << "a bare LF";
        ASSERT_LE(end - 1 - at, 998U);
        ASSERT_EQ(bytes.substr(at, end - 1 - at).find('\r'), std::string::npos) << "a bare CR";
        at = end + 1;
    }
}

TEST(Compose, WhatIsReadIsWhatWasWritten)
{
    auto mail = draft();
    mail.from.name = "Contoso \"Sales\" & Söhne, GmbH";
    mail.reply_to = {{"", "answers@contoso.test"}};
    mail.to = {{"محمد علي", "m@example.com"}, {"", "b@example.com"}};
    mail.cc = {{"山田太郎", "yamada@example.org"}, {"", "B@EXAMPLE.COM"}};
    mail.subject = "Re: Commande n° 12 — été 日本語 " + std::string(200, 'x') + " [Case 12-ABCDEF]";
    mail.in_reply_to = "q@example.com";
    for (int i = 0; i < 30; ++i) mail.references.push_back(fmt::format("{}{}@example.com", std::string(60, 'r'), i));
    mail.text = "Grüße,\r\n.\r\nFrom here\n" + std::string(5000, 'y') + "\n\ttab = sign \n日本語";
    mail.html = "<p>Grüße</p>";
    mail.attachments = {{"résumé.pdf", "application/pdf", std::string("\0\x01\xFF\r\n\n", 6)},
                        {"mail.eml", "message/rfc822", "From: x\n\ny"},
                        {"", "not a type", "z"}};
    auto const composed = compose(mail);
    ASSERT_TRUE(composed.has_value()) << composed.error().message;
    expect_lines_are_sound(composed->bytes);
    EXPECT_FALSE(composed->needs_smtputf8);
    EXPECT_EQ(composed->recipients, (std::vector<std::string>{"m@example.com", "b@example.com", "yamada@example.org"}));
    EXPECT_TRUE(std::all_of(composed->bytes.begin(), composed->bytes.end(), [](char c) { return c > 0; }));

    auto const back = read(composed->bytes);
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_EQ(back->from, std::vector{mail.from});
    EXPECT_EQ(back->reply_to, mail.reply_to);
    EXPECT_EQ(back->to, mail.to);
    EXPECT_EQ(back->cc, mail.cc);
    EXPECT_EQ(back->subject, mail.subject);
    EXPECT_EQ(back->date, mail.date);
    EXPECT_EQ(back->message_id, mail.message_id);
    EXPECT_EQ(back->in_reply_to, std::vector{mail.in_reply_to});
    EXPECT_EQ(back->references, mail.references);
    EXPECT_EQ(back->text, "Grüße,\n.\nFrom here\n" + std::string(5000, 'y') + "\n\ttab = sign \n日本語\n");
    EXPECT_EQ(back->html, "<p>Grüße</p>\n");
    ASSERT_EQ(back->parts.size(), 5U);
    EXPECT_EQ(back->parts[2].name, "résumé.pdf");
    EXPECT_EQ(back->parts[2].type, "application/pdf");
    EXPECT_EQ(part(composed->bytes, 3)->bytes, mail.attachments[0].bytes);
    EXPECT_EQ(back->parts[3].type, "application/octet-stream");  // RFC 2046 section 5.2.1 forbids base64 of it
    EXPECT_EQ(part(composed->bytes, 4)->bytes, mail.attachments[1].bytes);
    EXPECT_EQ(back->automatic, Automatic::no);
}

TEST(Compose, PlainMailIsPlain)
{
    auto const composed = compose(draft());
    ASSERT_TRUE(composed.has_value());
    expect_lines_are_sound(composed->bytes);
    EXPECT_NE(composed->bytes.find("From: Contoso Sales <sales@contoso.test>\r\n"), std::string::npos);
    EXPECT_NE(composed->bytes.find("Message-Id: <abc@contoso.test>\r\n"), std::string::npos);
    EXPECT_NE(composed->bytes.find("Date: Sun, 22 Nov 2026 09:30:00 +0000\r\n"), std::string::npos);
    EXPECT_NE(composed->bytes.find("Content-Type: text/plain; charset=utf-8\r\n"), std::string::npos);
    EXPECT_TRUE(composed->bytes.ends_with("\r\n\r\nHello\r\nJane\r\n")) << composed->bytes;
}

// The line that would do harm stands in every field that takes text.
TEST(Compose, NoHeaderCanBeInjected)
{
    for (std::string const& evil : {"x\r\nBcc: victim@example.com", "x\nBcc: victim@example.com",
                                    "x\rBcc: victim@example.com", "x\r\n\r\nbody"}) {
        std::vector<Draft> drafts(9, draft());
        drafts[0].subject = evil;
        drafts[1].from.name = evil;
        drafts[2].to[0].name = evil;
        drafts[3].to[0].address = "a@example.com" + evil;
        drafts[4].message_id = evil;
        drafts[5].in_reply_to = evil;
        drafts[6].references = {evil};
        drafts[7].attachments = {{evil, "text/plain", "x"}};
        drafts[8].auto_submitted = evil;
        for (std::size_t i = 0; i < drafts.size(); ++i) {
            auto const composed = compose(drafts[i]);
            ASSERT_FALSE(composed.has_value()) << i;
            EXPECT_EQ(composed.error().kind, Trouble::invalid);
        }
    }
    auto typed = draft();
    typed.attachments = {{"a", "text/plain\r\nBcc: victim@example.com", "x"}};
    auto const composed = compose(typed);
    ASSERT_TRUE(composed.has_value());
    EXPECT_EQ(composed->bytes.find("victim"), std::string::npos);
}

// An encoded word in a name that we write must come back as it was, not as what it would decode to.
TEST(Compose, WordsThatLookEncodedAreKept)
{
    auto mail = draft();
    mail.subject = "what does =?utf-8?Q?=0D=0ABcc:x?= mean";
    auto const composed = compose(mail);
    ASSERT_TRUE(composed.has_value());
    expect_lines_are_sound(composed->bytes);
    EXPECT_EQ(composed->bytes.find("\r\nBcc"), std::string::npos);
}

TEST(Compose, InternationalAddresses)
{
    auto mail = draft();
    mail.to = {{"", "info@bücher.example"}};
    auto const domain = compose(mail);
    ASSERT_TRUE(domain.has_value()) << domain.error().message;
    EXPECT_EQ(domain->recipients, std::vector<std::string>{"info@xn--bcher-kva.example"});
    EXPECT_FALSE(domain->needs_smtputf8);
    mail.to = {{"", "用户@example.com"}};
    auto const local = compose(mail);
    ASSERT_TRUE(local.has_value()) << local.error().message;
    EXPECT_TRUE(local->needs_smtputf8);
    EXPECT_EQ(local->recipients, std::vector<std::string>{"用户@example.com"});
    EXPECT_EQ(read(local->bytes)->to[0].address, "用户@example.com");
}

TEST(Compose, NobodyToWriteToAndOddText)
{
    auto mail = draft();
    mail.to.clear();
    EXPECT_EQ(compose(mail).error().kind, Trouble::invalid);
    mail = draft();
    mail.text = "caf\xE9";
    EXPECT_EQ(compose(mail).error().kind, Trouble::invalid);
    mail = draft();
    mail.auto_submitted = "auto-replied";
    EXPECT_EQ(read(compose(mail)->bytes)->automatic, Automatic::auto_submitted);
}

TEST(CheckAddress, SaysWhatIsWrong)
{
    for (auto const* good :
         {"a@b", "first.last+tag@example.com", "o'neil@example.com", "用户@例え.test", "a_b-c=d@x-y.example"})
        EXPECT_TRUE(check_address(good).has_value()) << good;
    for (auto const* bad : {"",
                            "a",
                            "@b",
                            "a@",
                            "a b@c",
                            "a@b c",
                            "a@@b",
                            "a@b@c",
                            "a@b,c@d",
                            "<a@b>",
                            "a@b\r\nRCPT TO:<c@d>",
                            "a..b@c",
                            ".a@b",
                            "a@.b",
                            "a@b..c",
                            "a@-b",
                            "\"a b\"@c",
                            "a@[127.0.0.1]",
                            "a@b\x01",
                            "caf\xE9@b"})
        EXPECT_FALSE(check_address(bad).has_value()) << bad;
    EXPECT_FALSE(check_address(std::string(65, 'a') + "@example.com").has_value());
}

TEST(ParseAddress, AsAPersonTypesIt)
{
    EXPECT_EQ(*parse_address(" jane@example.com "), (Address{"", "jane@example.com"}));
    EXPECT_EQ(*parse_address("Jane Doe <jane@example.com>"), (Address{"Jane Doe", "jane@example.com"}));
    EXPECT_EQ(*parse_address("\"Doe, Jane\" < jane@example.com >"), (Address{"Doe, Jane", "jane@example.com"}));
    EXPECT_FALSE(parse_address("Jane Doe").has_value());
    EXPECT_FALSE(parse_address("Jane\nDoe <jane@example.com>").has_value());
}

TEST(MakeMessageId, IsOfTheAddressesDomain)
{
    auto const one = make_message_id("sales@contoso.test");
    EXPECT_TRUE(one.ends_with("@contoso.test"));
    EXPECT_NE(one, make_message_id("sales@contoso.test"));
    EXPECT_TRUE(make_message_id("x@bücher.example").ends_with("@xn--bcher-kva.example"));
    EXPECT_TRUE(is_message_id(make_message_id("a@b c")));
}

}  // namespace
}  // namespace postroom::mime
