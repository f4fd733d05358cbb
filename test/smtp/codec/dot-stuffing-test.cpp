#include "smtp/codec/dot-stuffing.hpp"

#include "support/splits.hpp"

#include <gtest/gtest.h>

namespace postroom::smtp {
namespace {

TEST(DotStuffing, AtEverySplit)
{
    std::pair<std::string, std::string> const cases[] = {
        {"", ".\r\n"},
        {"a", "a\r\n.\r\n"},
        {"a\r\n", "a\r\n.\r\n"},
        {".", "..\r\n.\r\n"},
        {".\r\n", "..\r\n.\r\n"},
        {"..a\r\n.b\r\nc.\r\n", "...a\r\n..b\r\nc.\r\n.\r\n"},
        {"a\n.b\n", "a\r\n..b\r\n.\r\n"},      // bare LF: a smuggled end (SMTP smuggling, 2023) is none
        {"a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"},  // bare CR
        {"a\n.\r\nMAIL FROM:<x>", "a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n"},
        {"a\r\r\n\n\rb", "a\r\n\r\n\r\n\r\nb\r\n.\r\n"},
        {"a\r", "a\r\n.\r\n"},
        {"\r\n.\r\n", "\r\n..\r\n.\r\n"},
    };
    for (auto const& [message, expected] : cases) {
        test::at_every_split(message, [&](test::Pieces const& pieces) {
            DotStuffer stuffer;
            std::string sent;
            for (auto const piece : pieces) sent += stuffer.feed(piece);
            sent += stuffer.finish();
            ASSERT_EQ(sent, expected);
        });
    }
}

TEST(DotStuffing, KeepsEverythingElse)
{
    std::string all;
    for (int c = 0; c < 256; ++c)
        if (c != '\r' && c != '\n') all += static_cast<char>(c);
    DotStuffer stuffer;
    EXPECT_EQ(stuffer.feed(all) + stuffer.finish(), all + "\r\n.\r\n");
}

TEST(DotStuffing, TakesLinesOfAnyLength)
{
    for (std::size_t length = 990; length < 2'010; ++length) {
        // Dots within a line, wherever it is taken in pieces, are no line's first.
        std::string const line(length, '.');
        DotStuffer stuffer;
        ASSERT_EQ(stuffer.feed(line + "\r\n.\n" + line), '.' + line + "\r\n..\r\n." + line) << length;
        ASSERT_EQ(stuffer.finish(), "\r\n.\r\n");
    }
}

}  // namespace
}  // namespace postroom::smtp
