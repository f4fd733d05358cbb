// RFC 1939 section 3, however the bytes are cut.
#include "pop3/codec/multi-line.hpp"

#include <gtest/gtest.h>

namespace postroom::pop3 {
namespace {

struct Read {
    std::string text;
    std::string rest;
    bool ended = false;
    friend bool operator==(Read const&, Read const&) = default;
};

Read read(std::string_view bytes, std::size_t piece)
{
    DotReader reader;
    Read read;
    for (std::size_t at = 0; at < bytes.size() && !reader.ended();) {
        auto const part = bytes.substr(at, piece);
        auto const taken = reader.feed(part, read.text);
        EXPECT_TRUE(taken == part.size() || reader.ended());
        at += taken;
        if (reader.ended()) read.rest = bytes.substr(at);
    }
    read.ended = reader.ended();
    return read;
}

TEST(Pop3MultiLine, DotsComeOffAndTheEndIsSeenWhereverItIsCut)
{
    struct Case {
        std::string_view bytes;
        Read expected;
    };
    for (auto const& [bytes, expected] : {
             Case{".\r\n+OK", {"", "+OK", true}},
             Case{"a\r\n.\r\n", {"a\r\n", "", true}},
             Case{"..\r\n...\r\n..a\r\n.\r\n+", {".\r\n..\r\n.a\r\n", "+", true}},
             Case{"\r\n.\r\n", {"\r\n", "", true}},
             // Bare line feeds are the mail's: nobody doubled a dot after them, and none ends it.
             Case{"a\n.\n.b\n.\r\n\r\n.\r\nx", {"a\n.\n.b\n.\r\n\r\n", "x", true}},
             Case{"a\r\r\n.\r\n", {"a\r\r\n", "", true}},
             // A dot that was not doubled, by a server that should have.
             Case{".a\r\n.\r\n", {"a\r\n", "", true}},
             Case{".\ra\r\n.\r\n", {"\ra\r\n", "", true}},
             Case{".\r\r\n.\r\n", {"\r\r\n", "", true}},
             Case{"a\r\n.", {"a\r\n", "", false}},
             Case{"a\r\n.\r", {"a\r\n", "", false}},
         })
        for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
            EXPECT_EQ(read(bytes, piece), expected) << bytes << " in pieces of " << piece;
}

}  // namespace
}  // namespace postroom::pop3
