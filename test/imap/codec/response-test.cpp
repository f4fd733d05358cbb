// Responses as RFC 3501, RFC 4315 and RFC 6154 show them, and as Exchange Online and Dovecot send them.
#include "imap/codec/response.hpp"

#include "imap/codec/framer.hpp"

#include <gtest/gtest.h>

namespace postroom::imap {
namespace {

using namespace std::chrono_literals;

Response read(std::string bytes)
{
    return parse(Frame{.bytes = std::move(bytes), .streamed = {}});
}

template <class T>
T as(std::string bytes)
{
    auto response = read(std::move(bytes));
    if (auto* value = std::get_if<T>(&response)) return std::move(*value);
    if (auto* wrong = std::get_if<Malformed>(&response)) ADD_FAILURE() << wrong->why;
    ADD_FAILURE() << "another kind of response, number " << response.index();
    return {};
}

TEST(Response, Tagged)
{
    EXPECT_EQ(as<Tagged>("A01 NO AUTHENTICATE failed."), (Tagged{"A01", Status::no, {}, "AUTHENTICATE failed."}));
    EXPECT_EQ(as<Tagged>("a2 ok [read-write] SELECT completed."),
              (Tagged{"a2", Status::ok, {"READ-WRITE", ""}, "SELECT completed."}));
    EXPECT_EQ(as<Tagged>("A1 NO [BADCHARSET (US-ASCII)] The specified charset is not supported."),
              (Tagged{"A1", Status::no, {"BADCHARSET", "(US-ASCII)"}, "The specified charset is not supported."}));
    EXPECT_EQ(as<Tagged>("A1 OK"), (Tagged{"A1", Status::ok, {}, ""}));
    EXPECT_EQ(as<Tagged>("A1 OK [never closed"), (Tagged{"A1", Status::ok, {}, "[never closed"}));
}

TEST(Response, Continue)
{
    EXPECT_EQ(as<Continue>("+"), Continue{});
    EXPECT_EQ(as<Continue>("+ "), Continue{});
    EXPECT_EQ(as<Continue>("+ IDLE accepted, awaiting DONE command."),
              Continue{"IDLE accepted, awaiting DONE command."});
}

TEST(Response, Conditions)
{
    using Kind = Condition::Kind;
    EXPECT_EQ(as<Condition>("* OK [UIDVALIDITY 3857529045] UIDs valid"),
              (Condition{Kind::ok, {"UIDVALIDITY", "3857529045"}, "UIDs valid"}));
    EXPECT_EQ(as<Condition>("* BYE Session invalidated - AccessTokenExpired"),
              (Condition{Kind::bye, {}, "Session invalidated - AccessTokenExpired"}));
    EXPECT_EQ(as<Condition>("* PREAUTH IMAP4rev1 server logged in as Smith").kind, Kind::preauth);
    EXPECT_EQ(as<Condition>("* NO Disk is 98% full, please delete unnecessary data").kind, Kind::no);
    EXPECT_EQ(as<Condition>("* BAD Empty command line").kind, Kind::bad);
    // The classic front end's greeting: brackets at the end are no code.
    EXPECT_EQ(as<Condition>("* OK The Microsoft Exchange IMAP4 service is ready. [QQBNAA==]").code, Code{});
}

TEST(Response, CapabilityAndFlags)
{
    EXPECT_EQ(as<Capability>("* CAPABILITY IMAP4rev1 StartTLS AUTH=GSSAPI ").names,
              (std::vector<std::string>{"IMAP4REV1", "STARTTLS", "AUTH=GSSAPI"}));
    EXPECT_EQ(as<Flags>("* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)").flags.size(), 6U);
    EXPECT_EQ(flag_list("(\\Deleted \\Seen \\*)"), (std::vector<std::string>{"\\Deleted", "\\Seen", "\\*"}));
    EXPECT_EQ(flag_list("()"), std::vector<std::string>{});
    EXPECT_FALSE(flag_list("\\Seen"));
    EXPECT_FALSE(flag_list("(\\Seen"));
}

TEST(Response, Numbers)
{
    EXPECT_EQ(as<Exists>("* 23 EXISTS").count, 23U);
    EXPECT_EQ(as<Recent>("* 5 recent").count, 5U);
    EXPECT_EQ(as<Expunge>("* 44 EXPUNGE").sequence, 44U);
    EXPECT_TRUE(std::holds_alternative<Malformed>(read("* 44 EXPLODE")));
    EXPECT_EQ(as<Search>("* SEARCH 2 3 6").numbers, (std::vector<std::uint32_t>{2, 3, 6}));
    EXPECT_EQ(as<Search>("* SEARCH").numbers.size(), 0U);
    EXPECT_EQ(as<Search>("* SEARCH 2 5 (MODSEQ 917162500)").numbers, (std::vector<std::uint32_t>{2, 5}));
    EXPECT_TRUE(std::holds_alternative<Malformed>(read("* SEARCH 2 x")));
    EXPECT_TRUE(std::holds_alternative<Malformed>(read("* SEARCH 4294967296")));
}

TEST(Response, FetchWithAttributesInAnyOrder)
{
    // RFC 3501 section 8 (12 FETCH), less its body structure; then the order in which Exchange has been seen to answer.
    auto const fetch = as<Fetch>(
        "* 12 FETCH (FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4286 "
        "ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 (WG) mtg\" "
        "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) NIL) UID 99)");
    EXPECT_EQ(fetch.sequence, 12U);
    EXPECT_EQ(fetch.uid, 99U);
    EXPECT_EQ(fetch.size, 4286U);
    EXPECT_EQ(fetch.flags, std::vector<std::string>{"\\Seen"});
    EXPECT_EQ(fetch.internal_date, Instant(837596665s));
    EXPECT_EQ(fetch.body.kind, Body::Kind::absent);

    auto const other = as<Fetch>("* 1 FETCH (RFC822.SIZE 19189 UID 7 BODY[] {5}\r\nhello FLAGS ())");
    EXPECT_EQ(other.uid, 7U);
    EXPECT_EQ(other.flags, std::vector<std::string>{});
    EXPECT_EQ(other.body, (Body{Body::Kind::held, "hello", 5}));
}

TEST(Response, FetchBodies)
{
    EXPECT_EQ(as<Fetch>("* 1 FETCH (BODY[] NIL UID 1)").body, (Body{Body::Kind::nil, "", 0}));
    EXPECT_EQ(as<Fetch>("* 1 FETCH (BODY[] \"a\\\"b\" UID 1)").body, (Body{Body::Kind::held, "a\"b", 3}));
    EXPECT_EQ(as<Fetch>("* 1 FETCH (BODY[]<0> {0}\r\n)").body, (Body{Body::Kind::held, "", 0}));
    auto const streamed = parse(Frame{.bytes = "* 1 FETCH (BODY[] {157286400}\r\n UID 3)", .streamed = {18}});
    EXPECT_EQ(std::get<Fetch>(streamed).body, (Body{Body::Kind::streamed, "", 157286400}));
    EXPECT_EQ(std::get<Fetch>(streamed).uid, 3U);
}

TEST(Response, FetchSkipsWhatIsUnknown)
{
    // The body structures that Exchange has got wrong (MailKit #919), a literal in a list, and a section with a list.
    auto const fetch = as<Fetch>(
        "* 2 FETCH (BODYSTRUCTURE ((\"TEXT\" \"PLAIN\" (NIL NIL) NIL NIL \"7BIT\" 3 1 NIL \"inline\" NIL) \"MIXED\") "
        "X-NAME {3}\r\n)))  BODY[HEADER.FIELDS (FROM \"To\")] {4}\r\n\r\n\r\n MODSEQ (65402) X-GM-LABELS (\"a)\" b) "
        "UID 5)");
    EXPECT_EQ(fetch.uid, 5U);
    EXPECT_EQ(fetch.body.kind, Body::Kind::absent);
    // However deep: no recursion to exhaust.
    auto const deep = std::string(100'000, '(') + "x" + std::string(100'000, ')');
    EXPECT_EQ(as<Fetch>("* 2 FETCH (X " + deep + " UID 6)").uid, 6U);
}

TEST(Response, FetchThatMakesNoSense)
{
    for (std::string const text :
         {"* 1 FETCH", "* 1 FETCH (", "* 1 FETCH (UID)", "* 1 FETCH (UID x)", "* 1 FETCH (UID 4294967296)",
          "* 1 FETCH (UID -1)", "* 1 FETCH (RFC822.SIZE x)", "* 1 FETCH (FLAGS x)", "* 1 FETCH (BODY[] x)",
          "* 1 FETCH (BODY[] {5}\r\nhell)", "* 1 FETCH (BODY[] \"x)", "* 1 FETCH (BODY[] NIL BODY[] NIL)",
          "* 1 FETCH (UID 1) x", "* 1 FETCH (X (((", "* 1 FETCH (X ) UID 1)", "* 1 FETCH (\"UID\" 1)"}) {
        EXPECT_TRUE(std::holds_alternative<Malformed>(read(text))) << text;
    }
    // A date that can't be read is no reason to lose the mail.
    auto const fetch = as<Fetch>("* 1 FETCH (UID 1 INTERNALDATE \"sometime\")");
    EXPECT_FALSE(fetch.internal_date);
    EXPECT_EQ(fetch.uid, 1U);
}

TEST(Response, NothingOfAMailIsInAnError)
{
    auto const response = read("* 1 FETCH (X {20}\r\nDear Sir, my secret) UID x)");
    EXPECT_EQ(std::get<Malformed>(response).why.find("secret"), std::string::npos);
}

TEST(Response, List)
{
    EXPECT_EQ(as<List>("* LIST (\\Noselect) \"/\" ~/Mail/foo"), (List{{"\\Noselect"}, '/', "~/Mail/foo"}));
    // RFC 6154 section 5.1
    EXPECT_EQ(as<List>("* LIST (\\Marked \\HasNoChildren \\Sent) \"/\" \"Sent Items\""),
              (List{{"\\Marked", "\\HasNoChildren", "\\Sent"}, '/', "Sent Items"}));
    EXPECT_EQ(as<List>("* LIST () NIL INBOX"), (List{{}, std::nullopt, "INBOX"}));
    EXPECT_EQ(as<List>("* LIST () \"\\\\\" {3}\r\na\"b"), (List{{}, '\\', "a\"b"}));
    EXPECT_EQ(as<List>("* LIST () \"/\" foo (\"CHILDINFO\" (\"SUBSCRIBED\"))").name, "foo");
    EXPECT_EQ(as<List>("* LIST (\\HasNoChildren) \"/\" Sync Issues").name, "Sync Issues");
    for (std::string const text : {"* LIST", "* LIST ()", "* LIST () \"/\"", "* LIST () \"//\" x", "* LIST x \"/\" x"})
        EXPECT_TRUE(std::holds_alternative<Malformed>(read(text))) << text;
}

TEST(Response, WhatIsUnknownIsKeptShort)
{
    EXPECT_EQ(as<Other>("* NAMESPACE ((\"\" \"/\")) NIL NIL").name, "NAMESPACE");
    EXPECT_EQ(as<Other>("* Server Unavailable. 15"), (Other{"SERVER", "Unavailable. 15"}));
    EXPECT_EQ(as<Other>("* X " + std::string(1000, 'y')).text.size(), 200U);
}

TEST(Response, Nonsense)
{
    for (std::string const text : {"", " ", "*", "* ", "x", "A1 MAYBE", "HTTP/1.1 400 Bad Request", "\x16\x03\x01 OK"})
        EXPECT_TRUE(std::holds_alternative<Malformed>(read(text))) << text;
}

TEST(CopyUid, IsTolerant)
{
    // RFC 4315 section 4; then with empty sets, as Exchange sends it (MailKit #555).
    auto const copied = copyuid({"COPYUID", "38505 304,319:320 3956:3958"});
    ASSERT_TRUE(copied);
    EXPECT_EQ(*copied, (CopyUid{38505, {{304, 304}, {319, 320}}, {{3956, 3958}}}));
    EXPECT_EQ(copyuid({"COPYUID", "443  "}), (CopyUid{443, {}, {}}));
    EXPECT_EQ(copyuid({"COPYUID", "443"}), (CopyUid{443, {}, {}}));
    EXPECT_FALSE(copyuid({"COPYUID", ""}));
    EXPECT_FALSE(copyuid({"COPYUID", "1 a b"}));
    EXPECT_FALSE(copyuid({"APPENDUID", "1 2"}));
    EXPECT_EQ(appenduid({"APPENDUID", "38505 3955"}), (AppendUid{38505, 3955}));
    EXPECT_FALSE(appenduid({"APPENDUID", "38505"}));
}

}  // namespace
}  // namespace postroom::imap
