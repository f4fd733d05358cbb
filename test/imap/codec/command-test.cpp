#include "imap/codec/command.hpp"

#include <gtest/gtest.h>

namespace postroom::imap {
namespace {

TEST(Command, QuotesWhatItCan)
{
    auto const parts = Command("LIST").string("").string("a \"b\" \\c").word("RETURN (X)").encode("A1", 0);
    ASSERT_EQ(parts.size(), 1U);
    EXPECT_EQ(parts[0].bytes(), "A1 LIST \"\" \"a \\\"b\\\" \\\\c\" RETURN (X)\r\n");
}

TEST(Command, SendsTheRestAsLiterals)
{
    Command command("X");
    command.string("a\r\nb").word("Y").string("\xc3\xa9");
    auto const parts = command.encode("A1", 0);
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(parts[0].bytes(), "A1 X {4}\r\n");
    EXPECT_EQ(parts[1].bytes(), "a\r\nb Y {2}\r\n");
    EXPECT_EQ(parts[2].bytes(), "\xc3\xa9\r\n");

    auto const whole = command.encode("A1", SIZE_MAX);
    ASSERT_EQ(whole.size(), 1U);
    EXPECT_EQ(whole[0].bytes(), "A1 X {4+}\r\na\r\nb Y {2+}\r\n\xc3\xa9\r\n");
}

TEST(Command, WaitsForTheLargeOnlyWhereShortLiteralsNeedNot)
{
    std::string const large(4'097, '\xe9'), at_most(4'096, '\xe9');
    auto const parts = Command("X").string(at_most).string(large).encode("A1", 4'096);
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts[0].bytes(), "A1 X {4096+}\r\n" + at_most + " {4097}\r\n");
    EXPECT_EQ(parts[1].bytes(), large + "\r\n");
    EXPECT_EQ(Command("X").string("\xe9").encode("A1", 1).size(), 1U);
}

TEST(Command, MarksSecrets)
{
    auto const parts = Command("AUTHENTICATE XOAUTH2").secret("dG9rZW4=").encode("A2", SIZE_MAX);
    EXPECT_EQ(parts[0].bytes(), "A2 AUTHENTICATE XOAUTH2 dG9rZW4=\r\n");
    EXPECT_EQ(parts[0].masked(), "A2 AUTHENTICATE XOAUTH2 [secret, 8 bytes]\r\n");
}

TEST(Command, QuotesSecretsAndMarksThemWhole)
{
    auto const quoted = Command("LOGIN").string("a").secret_string("p\"w\\").encode("A2", 0);
    ASSERT_EQ(quoted.size(), 1U);
    EXPECT_EQ(quoted[0].bytes(), "A2 LOGIN \"a\" \"p\\\"w\\\\\"\r\n");
    EXPECT_EQ(quoted[0].masked(), "A2 LOGIN \"a\" [secret, 8 bytes]\r\n");

    auto const literal = Command("LOGIN").string("a").secret_string("\xc3\xa9").encode("A2", 0);
    ASSERT_EQ(literal.size(), 2U);
    EXPECT_EQ(literal[0].bytes(), "A2 LOGIN \"a\" {2}\r\n");
    EXPECT_EQ(literal[1].bytes(), "\xc3\xa9\r\n");
    EXPECT_EQ(literal[1].masked(), "[secret, 2 bytes]\r\n");
}

TEST(Command, LetsNoFlagBreakOut)
{
    EXPECT_EQ(flags_in_brackets({"\\Seen", "$MDNSent"}), "(\\Seen $MDNSent)");
    EXPECT_EQ(flags_in_brackets({"a) b", "a\r\n", "", "\\", "ok", "\xc3\xa9"}), "(ok)");
}

}  // namespace
}  // namespace postroom::imap
