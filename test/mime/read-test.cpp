#include "mails.hpp"

#include "base/text.hpp"
#include "mime/compose.hpp"

#include <fmt/format.h>

namespace postroom::mime {
namespace {

// RFC 5322 appendix A.1.1
TEST(Read, SimpleMessage)
{
    auto const mail = read_ok(
        "From: John Doe <jdoe@machine.example>\nTo: Mary Smith <mary@example.net>\n"
        "Subject: Saying Hello\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n"
        "Message-ID: <1234@local.machine.example>\n\n"
        "This is a message just to say hello.\nSo, \"Hello\".\n");
    ASSERT_EQ(mail.from.size(), 1U);
    EXPECT_EQ(first(mail.from), (Address{"John Doe", "jdoe@machine.example"}));
    EXPECT_EQ(first(mail.to), (Address{"Mary Smith", "mary@example.net"}));
    EXPECT_EQ(mail.subject, "Saying Hello");
    EXPECT_EQ(to_rfc3339(*mail.date), "1997-11-21T15:55:06.000Z");
    EXPECT_EQ(mail.message_id, "1234@local.machine.example");
    EXPECT_EQ(mail.text, "This is a message just to say hello.\nSo, \"Hello\".\n");
    EXPECT_EQ(mail.automatic, Automatic::no);
    ASSERT_EQ(mail.parts.size(), 1U);
    EXPECT_TRUE(mail.parts[0].shown);
}

// RFC 5322 appendix A.1.2 and A.1.3
TEST(Read, QuotedNamesAndGroups)
{
    auto const mail = read_ok(
        "From: \"Joe Q. Public\" <john.q.public@example.com>\n"
        "To: Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>\n"
        "Cc: <boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>\n"
        "Subject: x\n\nHi.\n");
    EXPECT_EQ(first(mail.from).name, "Joe Q. Public");
    ASSERT_EQ(mail.to.size(), 3U);
    EXPECT_EQ(mail.to[1].address, "jdoe@example.org");
    EXPECT_EQ(mail.to[2].address, "one@y.test");
    ASSERT_EQ(mail.cc.size(), 2U);
    EXPECT_EQ(mail.cc[1].name, "Giant; \"Big\" Box");
    auto const groups = read_ok(
        "From: Pete <pete@silly.example>\n"
        "To: A Group:Ed Jones <joe@where.test>,joe@where.test,John <jdoe@one.test>;\n"
        "Cc: Undisclosed recipients:;\n\nx\n");
    ASSERT_EQ(groups.to.size(), 3U);
    EXPECT_EQ(first(groups.to).name, "Ed Jones");
    EXPECT_TRUE(groups.cc.empty());
}

// RFC 5322 appendix A.2 (replies), A.5 (white space and comments), A.6.3 (obsolete white space)
TEST(Read, RepliesCommentsAndObsoleteForms)
{
    auto const reply = read_ok(
        "From: Mary Smith <mary@example.net>\nReply-To: \"Mary: Personal\" <smith@home.example>\n"
        "Subject: Re: Saying Hello\nIn-Reply-To: <1234@local.machine.example>\n"
        "References: <1234@local.machine.example>\n <3456@example.net>\n\nx\n");
    EXPECT_EQ(first(reply.reply_to), (Address{"Mary: Personal", "smith@home.example"}));
    EXPECT_EQ(reply.in_reply_to, std::vector<std::string>{"1234@local.machine.example"});
    EXPECT_EQ(reply.references, (std::vector<std::string>{"1234@local.machine.example", "3456@example.net"}));

    auto const comments = read_ok(
        "From: Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>\n"
        "Date: Thu,\n      13\n        Feb\n          1969\n      23:32\n"
        "               -0330 (Newfoundland Time)\nMessage-ID:              <testabcd.1234@silly.test>\n"
        "\nTesting.\n");
    EXPECT_EQ(first(comments.from).address, "pete@silly.test");
    EXPECT_EQ(comments.message_id, "testabcd.1234@silly.test");
    EXPECT_EQ(to_rfc3339(*comments.date), "1969-02-14T03:02:00.000Z");

    auto const obsolete = read_ok("From  : John Doe <jdoe@machine.example>\nSubject : Saying Hello\n\nx\n");
    EXPECT_EQ(first(obsolete.from).address, "jdoe@machine.example");
    EXPECT_EQ(obsolete.subject, "Saying Hello");
}

// RFC 2047 section 8, and the forms that mail programs really write
TEST(Read, EncodedWords)
{
    auto const subject = [](std::string_view raw) {
        return read_ok(fmt::format("From: a@example.com\nSubject: {}\n\nx\n", raw)).subject;
    };
    EXPECT_EQ(subject("=?ISO-8859-1?Q?a?="), "a");
    EXPECT_EQ(subject("=?ISO-8859-1?Q?a?= b"), "a b");
    EXPECT_EQ(subject("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?="), "ab");
    EXPECT_EQ(subject("=?ISO-8859-1?Q?a?=\n    =?ISO-8859-1?Q?b?="), "ab");
    EXPECT_EQ(subject("=?ISO-8859-1?Q?a_b?="), "a b");
    EXPECT_EQ(subject("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\n "
                      "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?="),
              "If you can read this you understand the example.");
    EXPECT_EQ(subject("=?utf-8?B?2YXYsdit2KjYpw==?="), "مرحبا");
    EXPECT_EQ(subject("=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?="), "Grüße");  // RFC 2231 section 5
    EXPECT_EQ(subject("Re:=?utf-8?Q?=C3=A9t=C3=A9?="), "Re:été");   // no blank before
    EXPECT_EQ(subject("=?utf-8?Q?=C3=A9t?= =?utf-8?Q?=C3=A9?="), "été");
    EXPECT_EQ(subject("=?utf-8?B?w6l0w?= =?utf-8?B?6k=?="), "été");  // cut within a character
    EXPECT_EQ(subject("=?utf-8?Q?50 % off?="), "50 % off");          // blanks inside
    EXPECT_EQ(subject("=?windows-1252?Q?=80_10?="), "€ 10");
    EXPECT_EQ(subject("=?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?="), "こんにちは");
    EXPECT_EQ(subject("=?gb2312?B?xOO6ww==?="), "你好");
    EXPECT_EQ(subject("=?koi8-r?B?8NLJ18XU?="), "Привет");
}

// GMime 3.2.13 alone gives "ا" for the first of them: it stops at the padding of the word before.
TEST(Read, PaddedBase64WordsInARow)
{
    auto const mail = read_ok(
        "From: =?utf-8?b?2Kc=?= =?utf-8?b?2Kk=?= <a@example.com>\nTo: \"=?utf-8?B?2Kc=?=\n =?utf-8?B?2Kk=?=\" "
        "<b@example.com>\n"
        "Subject: x =?utf-8?b?2Kc=?=\n =?utf-8?B?2Kk=?= =?iso-8859-1?Q?=E9?= y =?broken\nMIME-Version: 1.0\n"
        "Content-Type: application/pdf; name=\"=?utf-8?B?2Kc=?= =?utf-8?B?2Kk=?=.pdf\"\n\nx\n");
    EXPECT_EQ(first(mail.from), (Address{"اة", "a@example.com"}));
    EXPECT_EQ(first(mail.to).address, "b@example.com");
    EXPECT_EQ(first(mail.to).name, "اة");
    EXPECT_EQ(mail.subject, "x اةé y =?broken");
    ASSERT_EQ(mail.parts.size(), 1U);
    EXPECT_EQ(mail.parts[0].name, "اة.pdf");
}

TEST(Read, UnknownCharsetOfAnEncodedWordIsNoError)
{
    auto const mail = read_ok("From: =?x-martian?Q?Caf=E9?= <a@example.com>\nSubject: =?x-martian?Q?Caf=E9?=\n\nx\n");
    EXPECT_EQ(to_valid_utf8(mail.subject), mail.subject);
    EXPECT_NE(mail.subject.find("Caf"), std::string::npos);
    EXPECT_EQ(first(mail.from).address, "a@example.com");
}

TEST(Read, EightBitHeaders)
{
    EXPECT_EQ(read_ok("From: Jos\xE9 <jose@example.com>\nSubject: ma\xF1"
                      "ana\n\nx\n")
                  .subject,
              "mañana");
    auto const utf8 = read_ok("From: José <jose@example.com>\nSubject: mañana\n\nx\n");
    EXPECT_EQ(utf8.subject, "mañana");
    EXPECT_EQ(first(utf8.from), (Address{"José", "jose@example.com"}));
    EXPECT_EQ(read_ok("From: a@example.com\nSubject: \x1b$B$3$s$K$A$O\x1b(B\n\nx\n").subject, "こんにちは");
    EXPECT_EQ(first(read_ok("From: 用户@例え.test\nSubject: x\n\nx\n").from).address, "用户@例え.test");
}

// RFC 2231 sections 3 and 4
TEST(Read, ParametersInPieces)
{
    auto const mail = read_ok(
        "From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
        "text/plain\n\nx\n"
        "--b\nContent-Type: application/pdf\nContent-Disposition: attachment;\n filename*0*=UTF-8''r%C3%A9su;\n "
        "filename*1*=m%C3%A9;\n filename*2=\".pdf\"\n\nq\n"
        "--b\nContent-Type: application/pdf; name=\"=?utf-8?Q?r=C3=A9sum=C3=A9=2Epdf?=\"\nContent-Disposition: "
        "attachment\n\nq\n"
        "--b\nContent-Type: application/pdf\nContent-Disposition: attachment; "
        "filename=\"..\\..\\etc/pass\x01wd.pdf\"\n\nq\n"
        "--b\nContent-Type: application/pdf\nContent-Disposition: attachment;\n "
        "filename*=UTF-8''invoice%E2%80%AEgnp%E2%81%A9.exe\n\nq\n--b--\n");
    ASSERT_EQ(mail.parts.size(), 5U);
    EXPECT_EQ(mail.parts[4].name, "invoicegnp.exe") << "shown as invoiceexe.png otherwise";
    EXPECT_EQ(mail.parts[1].name, "résumé.pdf");
    EXPECT_EQ(mail.parts[2].name, "résumé.pdf");
    EXPECT_EQ(mail.parts[3].name, "passwd.pdf");
}

TEST(Read, WrongOrMissingCharset)
{
    auto const body = [](std::string_view charset, std::string_view bytes) {
        return read_ok(fmt::format("From: a@example.com\nMIME-Version: 1.0\nContent-Type: text/plain{}\n"
                                   "Content-Transfer-Encoding: 8bit\n\n{}\n",
                                   charset, bytes))
            .text;
    };
    EXPECT_EQ(body("; charset=utf-8", "caf\xE9 cr\xE8me"), "café crème\n");  // windows-1252 that says UTF-8
    EXPECT_EQ(body("; charset=iso-8859-1", "café"), "café\n");               // UTF-8 that says ISO 8859-1
    EXPECT_EQ(body("; charset=iso-8859-1",
                   "\x93quoted\x94 \x80"
                   "5"),
              "“quoted” €5\n");
    EXPECT_EQ(body("; charset=us-ascii", "caf\xE9"), "café\n");
    EXPECT_EQ(body("", "caf\xE9"), "café\n");
    EXPECT_EQ(body("; charset=x-unknown-8bit", "caf\xE9"), "café\n");
    EXPECT_EQ(body("; charset=\"//TRANSLIT\"", "café"), "café\n");
    EXPECT_EQ(body("; charset=koi8-r", "\xF0\xD2\xC9\xD7\xC5\xD4"), "Привет\n");
    EXPECT_EQ(body("; charset=Shift_JIS", "\x82\xB1\x82\xF1"), "こん\n");
    EXPECT_EQ(body("; charset=iso-2022-jp", "\x1b$B$3$s\x1b(B"), "こん\n");
    EXPECT_EQ(body("; charset=utf-8", "caf\xC3\xA9 na\xC3\xAFve \xFF"), "café naïve \uFFFD\n");  // one stray byte
    EXPECT_EQ(body("; charset=utf-8", std::string_view("a\0b\x07", 4)), "ab\n");
}

// RFC 2046 section 5.1.1, with its preamble and epilogue
TEST(Read, MultipartMixed)
{
    auto const mail = read_ok(
        "From: Nathaniel Borenstein <nsb@bellcore.com>\nTo: Ned Freed <ned@innosoft.com>\nMIME-Version: 1.0\n"
        "Content-type: multipart/mixed; boundary=\"simple boundary\"\n\nThis is the preamble.\n--simple boundary\n\n"
        "This is implicitly typed plain US-ASCII text.\nIt does NOT end with a linebreak.\n--simple boundary\n"
        "Content-type: text/plain; charset=us-ascii\n\nThis is explicitly typed plain US-ASCII text.\n"
        "It DOES end with a linebreak.\n\n--simple boundary--\n\nThis is the epilogue.\n");
    EXPECT_EQ(mail.text,
              "This is implicitly typed plain US-ASCII text.\nIt does NOT end with a linebreak.\n"
              "This is explicitly typed plain US-ASCII text.\nIt DOES end with a linebreak.\n");
    EXPECT_EQ(mail.parts.size(), 2U);
}

TEST(Read, AlternativeWithRelatedPictures)
{
    auto const text =
        "From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n"
        "--m\nContent-Type: multipart/alternative; boundary=a\n\n"
        "--a\nContent-Type: text/plain\n\nplain words\n"
        "--a\nContent-Type: multipart/related; boundary=r\n\n"
        "--r\nContent-Type: text/html; charset=utf-8\n\n<p>HTML words <img src=\"cid:logo@x\"></p>\n"
        "--r\nContent-Type: image/png; name=logo.png\nContent-ID: <logo@x>\nContent-Disposition: inline\n"
        "Content-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--r--\n--a--\n"
        "--m\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=bill.pdf\n\n%PDF-1.4\n--m--\n";
    auto const mail = read_ok(text);
    EXPECT_EQ(mail.text, "plain words");
    EXPECT_EQ(mail.html, "<p>HTML words <img src=\"cid:logo@x\"></p>");
    EXPECT_FALSE(mail.text_from_html);
    ASSERT_EQ(mail.parts.size(), 4U);
    EXPECT_EQ(mail.parts[2].content_id, "logo@x");
    EXPECT_EQ(mail.parts[2].size, 8);
    EXPECT_TRUE(mail.parts[2].inline_);
    EXPECT_FALSE(mail.parts[2].shown);
    EXPECT_EQ(mail.parts[3].name, "bill.pdf");
    EXPECT_FALSE(mail.parts[3].inline_);

    auto const png = [](std::string_view type) { return type == "image/png"; };
    auto const by_id = parts_by_id(crlf(text), 8, png);
    ASSERT_TRUE(by_id.has_value());
    ASSERT_EQ(by_id->size(), 1U);
    EXPECT_EQ(by_id->at("logo@x").bytes, "\x89PNG\r\n\x1a\n");
    EXPECT_EQ(by_id->at("logo@x").name, "logo.png");
    EXPECT_TRUE(parts_by_id(crlf(text), 7, png)->empty());
    EXPECT_TRUE(parts_by_id(crlf(text), 8, [](std::string_view) { return false; })->empty());
    auto const by_number = part(crlf(text), 4);
    ASSERT_TRUE(by_number.has_value());
    EXPECT_EQ(by_number->bytes, "%PDF-1.4");
    EXPECT_EQ(part(crlf(text), 5).error().kind, Trouble::not_found);
    EXPECT_EQ(part(crlf(text), 0).error().kind, Trouble::not_found);
}

TEST(Read, TextPictureTextAsAppleMailWritesIt)
{
    auto const mail = read_ok(
        "From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n"
        "--m\nContent-Type: text/plain\n\nbefore & <b>\n"
        "--m\nContent-Type: image/png; name=a.png\nContent-Disposition: inline; filename=a.png\n\nx\n"
        "--m\nContent-Type: text/html\n\n<p>after</p>\n--m--\n");
    EXPECT_EQ(mail.text, "before & <b>\nafter");
    EXPECT_NE(mail.html.find("before &amp; &lt;b>"), std::string::npos);
    EXPECT_NE(mail.html.find("<p>after</p>"), std::string::npos);
}

TEST(Read, HtmlOnlyBecomesText)
{
    auto const mail = read_ok(
        "From: a@example.com\nMIME-Version: 1.0\nContent-Type: text/html; charset=iso-8859-1\n"
        "Content-Transfer-Encoding: quoted-printable\n\n<p>caf=E9</p><p>deux</p>\n");
    EXPECT_EQ(mail.text, "café\n\ndeux");
    EXPECT_TRUE(mail.text_from_html);
    EXPECT_EQ(mail.html, "<p>café</p><p>deux</p>\n");
}

TEST(Read, MissingBoundaryAndMissingEnd)
{
    auto const mbox =
        read_ok("From a@example.com Sun Nov 22 09:00:00 2026\nFrom: b@example.com\nContent-Type: text/html\n\n<p>x\n");
    EXPECT_EQ(first(mbox.from).address, "b@example.com");
    EXPECT_EQ(mbox.text, "x");
    auto const none = read_ok(
        "From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed\n\n--b\nContent-Type: "
        "text/plain\n\nx\n");
    EXPECT_TRUE(none.parts.size() <= 1U);
    auto const cut = read_ok(
        "From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
        "text/plain\n\nwords that end");
    EXPECT_EQ(cut.text, "words that end");
    auto const header_only = read_ok("From: a@example.com\nSubject: nothing more\n");
    EXPECT_EQ(header_only.subject, "nothing more");
    EXPECT_TRUE(header_only.message_id.empty());
}

TEST(Read, EmbeddedMessageIsOneAttachment)
{
    auto const text =
        "From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nsee below\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: inner@example.org\nSubject: inner\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=c\n\n--c\n\ninner words\n--c\nContent-Type: "
        "image/png\n\nx\n--c--\n\n--b--\n";
    auto const mail = read_ok(text);
    EXPECT_EQ(mail.text, "see below");
    ASSERT_EQ(mail.parts.size(), 2U);
    EXPECT_EQ(mail.parts[1].type, "message/rfc822");
    EXPECT_FALSE(mail.parts[1].shown);
    auto const inner = part(crlf(text), 2);
    ASSERT_TRUE(inner.has_value());
    auto const inner_mail = read(inner->bytes);
    ASSERT_TRUE(inner_mail.has_value());
    EXPECT_EQ(inner_mail->subject, "inner");
    EXPECT_EQ(inner_mail->text, "inner words");
}

TEST(Read, CalendarAndWinmailAreAttachments)
{
    auto const mail = read_ok(
        "From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n"
        "--m\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain\n\nan invitation\n"
        "--a\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\n\nBEGIN:VCALENDAR\n--a--\n"
        "--m\nContent-Type: application/ms-tnef; name=\"winmail.dat\"\nContent-Transfer-Encoding: "
        "base64\n\neJ8+Ig==\n--m--\n");
    EXPECT_EQ(mail.text, "an invitation");
    ASSERT_EQ(mail.parts.size(), 3U);
    EXPECT_EQ(mail.parts[1].type, "text/calendar");
    EXPECT_FALSE(mail.parts[1].shown);
    EXPECT_EQ(mail.parts[2].name, "winmail.dat");
}

TEST(Read, AutomaticMailIsKnownByItsStructure)
{
    auto const of = [](std::string_view fields) {
        return read_ok(fmt::format("From: a@example.com\nSubject: Automatic reply\n{}\nx\n", fields)).automatic;
    };
    EXPECT_EQ(of(""), Automatic::no);  // the subject says nothing
    EXPECT_EQ(of("Auto-Submitted: no\n"), Automatic::no);
    EXPECT_EQ(of("Auto-Submitted: auto-replied (vacation)\n"), Automatic::auto_submitted);
    EXPECT_EQ(of("Auto-Submitted: Auto-Generated; owner-email=\"x\"\n"), Automatic::auto_submitted);
    EXPECT_EQ(of("X-Auto-Response-Suppress: DR, OOF, AutoReply\n"), Automatic::auto_submitted);
    EXPECT_EQ(of("X-Auto-Response-Suppress: All\n"), Automatic::auto_submitted);
    EXPECT_EQ(of("X-Auto-Response-Suppress: DR, RN, NRN\n"), Automatic::no);
    EXPECT_EQ(of("Return-Path: <>\n"), Automatic::null_sender);
    EXPECT_EQ(of("Return-Path: <a@example.com>\n"), Automatic::no);
    EXPECT_EQ(of("Precedence: Bulk\n"), Automatic::bulk);
    EXPECT_EQ(of("Precedence: first-class\n"), Automatic::no);
    EXPECT_EQ(of("List-Id: <x.example.com>\n"), Automatic::list);
    EXPECT_EQ(of("List-Unsubscribe: <mailto:x@example.com>\n"), Automatic::list);
    // RFC 3464 section 2, shortened
    EXPECT_EQ(
        of("MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n--b\n\n"
           "The mail could not be delivered.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
           "Final-Recipient: rfc822; y@z.test\nAction: failed\nStatus: 5.1.1\n\n--b--\n"),
        Automatic::report);
}

TEST(Read, ExchangeLikeMail)
{
    auto const mail = read_ok(
        "Received: from AM0PR01MB1234.eurprd01.prod.exchangelabs.com (2603:10a6:208::1) by\n "
        "AM0PR01MB9999.eurprd01.prod.exchangelabs.com with HTTPS; Sun, 22 Nov 2026\n 08:00:01 +0000\n"
        "From: \"M\xC3\xBCller, J\xC3\xB6rg\" <joerg@example.org>\nThread-Topic: Bestellung\nThread-Index: AdnQ\n"
        "Message-ID:\n\t<AM0PR01MB12345678901234567890ABCDEF@AM0PR01MB1234.eurprd01.prod.exchangelabs.com>\n"
        "X-MS-Exchange-Organization-Network-Message-Id: 1\nX-MS-Has-Attach:\nX-MS-TNEF-Correlator:\n"
        "Content-Type: multipart/alternative;\n\tboundary=\"_000_AM0PR01MB1234_\"\nMIME-Version: 1.0\n\n"
        "--_000_AM0PR01MB1234_\nContent-Type: text/plain; charset=\"iso-8859-1\"\nContent-Transfer-Encoding: "
        "quoted-printable\n\nGr=FC=DFe\n\n"
        "--_000_AM0PR01MB1234_\nContent-Type: text/html; charset=\"iso-8859-1\"\nContent-Transfer-Encoding: "
        "quoted-printable\n\n<p>Gr=FC=DFe</p>\n\n--_000_AM0PR01MB1234_--\n");
    EXPECT_EQ(first(mail.from), (Address{"Müller, Jörg", "joerg@example.org"}));
    EXPECT_EQ(mail.message_id, "AM0PR01MB12345678901234567890ABCDEF@AM0PR01MB1234.eurprd01.prod.exchangelabs.com");
    EXPECT_EQ(trim(mail.text), "Grüße");
    EXPECT_EQ(trim(mail.html), "<p>Grüße</p>");
}

TEST(Read, OddMessageIds)
{
    auto const with = [](std::string_view fields) {
        return read_ok(fmt::format("From: a@example.com\n{}\nx\n", fields));
    };
    EXPECT_EQ(with("Message-ID: bare@example.com\n").message_id, "bare@example.com");
    EXPECT_EQ(with("Message-ID: <a b@example.com>\n").message_id, "ab@example.com");
    EXPECT_EQ(with("Message-ID: two words\n").message_id, "");
    EXPECT_EQ(with("In-Reply-To: Your message of Sunday <1@x> (from me)\n").in_reply_to,
              std::vector<std::string>{"1@x"});
    EXPECT_EQ(with("References: <1@x><2@x>, <3@x>\n").references, (std::vector<std::string>{"1@x", "2@x", "3@x"}));
    EXPECT_EQ(with("References: <<1@x> <2@x\n").references, std::vector<std::string>{"1@x"});
    std::string many = "References:";
    for (int i = 0; i < 1000; ++i) many += fmt::format("\n <{}@x>", i);
    auto const references = with(many + "\n").references;
    EXPECT_EQ(references.size(), 200U);
    EXPECT_EQ(references.back(), "999@x");
}

TEST(Read, WhatIsNoMailIsRefusedWithWords)
{
    for (std::string const& bytes :
         {std::string(), std::string("\r\n\r\nhello"), std::string(1000, '\0'), std::string("%PDF-1.4\n1 0 obj\n"),
          std::string("just words\nand more\n"), std::string("\x89PNG\r\n\x1a\n\0\0\0", 11),
          std::string("From: a\0b@example.com\n\nx", 25), std::string("To be: or not\n\nx")}) {
        auto const mail = read(bytes);
        ASSERT_FALSE(mail.has_value()) << printable(bytes, 40);
        EXPECT_EQ(mail.error().kind, Trouble::invalid);
        EXPECT_FALSE(mail.error().message.empty());
    }
}

TEST(Read, BeyondALimitItIsReadUpToThere)
{
    auto const cut_of = [](std::string const& bytes) {
        auto const mail = read(bytes);
        EXPECT_TRUE(mail.has_value());
        if (mail)
            for (auto const& one : mail->parts)
                if (one.number % 100 == 1) EXPECT_TRUE(part(bytes, one.number).has_value());  // each parses anew
        return mail ? mail->cut : std::vector<Cut>{};
    };
    std::string header = "From: a@example.com\r\nSubject: long\r\nContent-Type: text/html\r\n";
    for (int i = 0; i < 12'000; ++i) header += fmt::format("X-Field-{}: {}\r\n", i, std::string(40, 'x'));
    auto const long_header = read(header + "From: b@example.com\r\n\r\n<b>words</b>");
    ASSERT_TRUE(long_header.has_value());
    EXPECT_EQ(long_header->cut, std::vector{Cut::header});
    EXPECT_EQ(long_header->subject, "long");
    EXPECT_EQ(long_header->text, "words");
    auto const endless = read("From: a@example.com\r\n" + std::string(header_limit * 2, 'x'));
    ASSERT_TRUE(endless.has_value());
    EXPECT_EQ(endless->cut, std::vector{Cut::header});
    EXPECT_EQ(endless->text, "");

    auto const parts = [](int count, std::string_view part_header = {}) {
        std::string mail =
            "From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
        for (int i = 0; i < count; ++i) mail += fmt::format("--b\r\n{}\r\nx\r\n", part_header);
        return mail + "--b--\r\n";
    };
    EXPECT_EQ(cut_of(parts(part_limit)), std::vector<Cut>{});
    EXPECT_EQ(cut_of(parts(part_limit + 1)), std::vector{Cut::parts});
    EXPECT_EQ(cut_of(parts(100'000)), std::vector{Cut::parts});
    EXPECT_EQ(read(parts(part_limit + 1))->parts.size(), std::size_t{part_limit});
    // GMime would make an object of some hundred octets of each of these fields
    std::string fields;
    for (int i = 0; i < 100'000; ++i) fields += "a:\r\n";
    EXPECT_EQ(cut_of(parts(1, fields)), std::vector{Cut::header});
    EXPECT_EQ(cut_of(parts(2, "A: " + std::string(header_limit, 'x') + "\r\nB: c\r\n")), std::vector{Cut::header});

    auto const nested = [](int depth) {
        std::string mail = "From: a@example.com\r\nMIME-Version: 1.0\r\n";
        for (int i = 0; i < depth; ++i)
            mail += fmt::format("Content-Type: multipart/mixed; boundary=b{}\r\n\r\n--b{}\r\n", i, i);
        return mail + "\r\ndeep\r\n";
    };
    auto const deep = read(nested(depth_limit));
    ASSERT_TRUE(deep.has_value()) << deep.error().message;
    EXPECT_EQ(trim(deep->text), "deep");
    EXPECT_EQ(deep->cut, std::vector<Cut>{});
    EXPECT_EQ(cut_of(nested(depth_limit + 1)), std::vector{Cut::depth});
    EXPECT_EQ(cut_of(nested(5'000)), std::vector{Cut::depth});
    EXPECT_EQ(cut_of(nested(30'000)), std::vector{Cut::depth});

    std::string messages = "From: a@example.com\r\nMIME-Version: 1.0\r\n";
    for (int i = 0; i < 20'000; ++i)
        messages += "Content-Type: message/rfc822\r\n\r\nFrom: b@example.com\r\nMIME-Version: 1.0\r\n";
    EXPECT_TRUE(read(messages).has_value());  // one attachment, whatever is inside
}

// Each of these once ended the stack, or took time that grew with its square.
TEST(Read, HostileHeadersEnd)
{
    auto const repeated = [](std::string_view piece, std::size_t octets) {
        std::string text;
        while (text.size() < octets) text += piece;
        return text;
    };
    for (std::string_view const piece : {"g:", "(", "<", "\"", "a@b,", "=?a?q?", "g:a,", "@", "\\", ";", "<a@b> "}) {
        auto const list = repeated(piece, 400'000);
        EXPECT_TRUE(read("From: a@example.com\r\nTo: " + list + "\r\nSubject: " + list.substr(0, 100'000) + "\r\n\r\nx")
                        .has_value())
            << piece;
        auto const embedded = read(
            "From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\nFrom: b@c\r\nTo: " + list +
            "\r\n\r\nx");
        EXPECT_TRUE(embedded.has_value()) << piece;
    }
}

TEST(Read, LongTextIsCutAtACharacter)
{
    std::string text = "From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
    for (std::size_t i = 0; i < shown_limit; ++i) text += "é";
    auto const mail = read(text);
    ASSERT_TRUE(mail.has_value());
    EXPECT_EQ(mail->cut, std::vector{Cut::words});
    EXPECT_LE(mail->text.size(), shown_limit);
    EXPECT_GT(mail->text.size(), shown_limit - 4);
    EXPECT_EQ(to_valid_utf8(mail->text), mail->text);
}

// Whatever is cut off at whatever place, reading ends, and what it gives is UTF-8.
TEST(Read, CutAtEveryByte)
{
    auto const whole = crlf(
        "From: =?utf-8?B?w6k=?= <a@example.com>\nTo: \"b\" <b@example.com>, g:c@d;\nSubject: =?utf-8?Q?=C3=A9?=\n"
        "Date: Fri, 21 Nov 1997 09:55:06 -0600\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n\n"
        "--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\nPHA+w6k8L3A+\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: x\n\ny\n--b--\n");
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        auto const bytes = whole.substr(0, length);
        auto const mail = read(bytes);
        if (!mail) continue;
        for (auto const& text : {mail->text, mail->subject, mail->html}) ASSERT_EQ(to_valid_utf8(text), text);
        for (auto const& one : mail->parts) ASSERT_TRUE(part(bytes, one.number).has_value());
        (void)fingerprint(bytes);
    }
}

TEST(Received, IsWhatTheNewestServerSays)
{
    std::string const date = "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n";
    auto const at = [](std::string_view text) { return received(text); };
    EXPECT_EQ(at("Received: from a (x; y) by b;\r\n Sun, 22 Nov 2026 12:00:00 +0100\r\n"
                 "Received: from c by d; Sun, 22 Nov 2026 09:00:00 +0000\r\n" +
                 date + "\r\n"),
              *from_rfc3339("2026-11-22T11:00:00Z"));
    EXPECT_EQ(at(date + "\r\n"), *from_rfc3339("2026-11-22T10:00:00Z"));
    EXPECT_EQ(at("Received: without a date\r\n" + date + "\r\n"), *from_rfc3339("2026-11-22T10:00:00Z"));
    EXPECT_EQ(at("Subject: x\r\n\r\n" + date), std::nullopt);
    EXPECT_EQ(at(""), std::nullopt);
}

TEST(Fingerprint, IsOfStableHeadersOnly)
{
    auto const of = [](std::string_view text) { return fingerprint(crlf(text)); };
    auto const base =
        of("Received: by b\nReceived: by a\nFrom: a@example.com\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n"
           "Message-ID: <1@x>\nSubject: s\n\nbody\n");
    // another rendering: a hop more, folded elsewhere, another subject line and body
    EXPECT_EQ(base, of("Received: by c\nReceived: by b\nReceived: by\n a\nfrom:  a@example.com\n"
                       "Date: Fri, 21 Nov 1997\n\t09:55:06 -0600\nMessage-ID:\n <1@x>\nSubject: S\n\nother\n"));
    EXPECT_NE(base, of("Received: by b\nReceived: by z\nFrom: a@example.com\nDate: Fri, 21 Nov 1997 09:55:06 "
                       "-0600\nMessage-ID: <1@x>\n\n"));
    EXPECT_NE(base,
              of("Received: by a\nFrom: a@example.com\nDate: Fri, 21 Nov 1997 09:55:06 -0600\nMessage-ID: <2@x>\n\n"));
    EXPECT_EQ(of("Subject: nothing of these\n\nx"), (std::array<std::uint8_t, 32>{}));
    EXPECT_EQ(fingerprint(std::string(100, '\0')), (std::array<std::uint8_t, 32>{}));
}

TEST(AnswerTo, ReplyToBeforeFrom)
{
    EXPECT_EQ(answer_to("From: a@example.com\r\nReply-To: B <b@example.com>\r\n\r\n")[0],
              (Address{"B", "b@example.com"}));
    EXPECT_EQ(answer_to("From: a@example.com\r\n\r\n")[0].address, "a@example.com");
    EXPECT_TRUE(answer_to("garbage").empty());
}

}  // namespace
}  // namespace postroom::mime
