// RFC 1939, RFC 2449 section 8, RFC 5034, and what servers say instead.
#include "pop3/codec/reply.hpp"

#include <gtest/gtest.h>

namespace postroom::pop3 {
namespace {

using enum Reply::Status;

TEST(Pop3Reply, ReadsEveryKind)
{
    EXPECT_EQ(*parse_reply("+OK The Microsoft Exchange POP3 service is ready. [QQBNAA==]"),
              (Reply{ok, "", "The Microsoft Exchange POP3 service is ready. [QQBNAA==]"}));
    EXPECT_EQ(*parse_reply("+OK"), (Reply{ok}));
    EXPECT_EQ(*parse_reply("-ERR [IN-USE] Do you have another POP session running?"),
              (Reply{error, "IN-USE", "Do you have another POP session running?"}));
    EXPECT_EQ(*parse_reply("-err [sys/temp] later"), (Reply{error, "SYS/TEMP", "later"}));
    EXPECT_EQ(*parse_reply("-ERR [not closed"), (Reply{error, "", "[not closed"}));
    EXPECT_EQ(*parse_reply("-ERR Protocol error. 14"), (Reply{error, "", "Protocol error. 14"}));
    EXPECT_EQ(*parse_reply("+"), (Reply{challenge}));
    EXPECT_EQ(*parse_reply("+ eyJzdGF0dXMiOiI0MDAifQ=="), (Reply{challenge, "", "eyJzdGF0dXMiOiI0MDAifQ=="}));
}

TEST(Pop3Reply, WhatIsNoReplyIsNotTakenForOne)
{
    for (auto const line : {"", "OK", "+OKAY then", "220 ready", "* OK IMAP4", "++", " +OK", "-ERROR", "\x16\x03\x01"})
        EXPECT_EQ(parse_reply(line).error().kind, Trouble::protocol) << line;
}

TEST(Pop3Reply, WordsAreTheServersAndPrintable)
{
    EXPECT_EQ((Reply{error, "IN-USE", "locked\r\x1b[1m"}).words(), "-ERR [IN-USE] locked\\x0d\\x1b[1m");
    EXPECT_EQ(Reply{ok}.words(), "+OK");
}

TEST(Pop3Line, IsTakenOnceItIsWhole)
{
    std::string buffer = "+O";
    EXPECT_EQ(*take_line(buffer, 10), std::nullopt);
    buffer += "K\r\n\n+OK\n";
    EXPECT_EQ(*take_line(buffer, 10), "+OK");
    EXPECT_EQ(*take_line(buffer, 10), "");
    EXPECT_EQ(*take_line(buffer, 10), "+OK");
    EXPECT_TRUE(buffer.empty());
    buffer = std::string(11, 'x');
    EXPECT_EQ(take_line(buffer, 10).error().kind, Trouble::limit);
}

TEST(Pop3Listed, ReadsNumbersAndIds)
{
    EXPECT_EQ(parse_listed("1 whqtswO00WBw418f9t5JxYwZ"), (Listed{1, "whqtswO00WBw418f9t5JxYwZ"}));
    EXPECT_EQ(parse_listed("4294967295  x "), (Listed{4'294'967'295U, "x"}));
    EXPECT_EQ(parse_listed("7 " + std::string(255, 'u'))->said.size(), 255U);
    for (auto const& line : {std::string("0 x"), std::string("x 1"), std::string("1"), std::string("1 "),
                             std::string("-1 x"), std::string("4294967296 x"), std::string("1 a b"),
                             std::string("1 a\x01"), "1 " + std::string(256, 'u'), std::string()})
        EXPECT_EQ(parse_listed(line), std::nullopt) << line;
}

}  // namespace
}  // namespace postroom::pop3
