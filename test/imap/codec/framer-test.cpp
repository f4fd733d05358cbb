// Where responses end, at every split of the input, and what the bounds do to a hostile server.
#include "imap/codec/framer.hpp"

#include "support/splits.hpp"

#include <gtest/gtest.h>

namespace postroom::imap {
namespace {

struct Seen {
    std::vector<std::string> frames;
    std::vector<std::uint64_t> bodies;
    std::string body;
    std::optional<Error> error;
};

Seen run(test::Pieces const& pieces, bool stream = false, FramerLimits limits = {})
{
    Framer framer(limits);
    framer.stream_bodies(stream);
    Seen seen;
    for (auto const piece : pieces) {
        framer.feed(piece);
        for (;;) {
            auto next = framer.next();
            if (!next) {
                seen.error = next.error();
                return seen;
            }
            if (!*next) break;
            if (auto* frame = std::get_if<Frame>(&**next))
                seen.frames.push_back(frame->bytes);
            else if (auto* begin = std::get_if<BodyBegin>(&**next))
                seen.bodies.push_back(begin->size);
            else
                seen.body += std::get<BodyPart>(**next).bytes;
        }
    }
    return seen;
}

TEST(Framer, FindsTheEndOfLinesAndLiterals)
{
    // RFC 3501 section 8, with a literal that holds what looks like responses.
    std::string const input =
        "* OK IMAP4rev1 Service Ready\r\n"
        "* 12 FETCH (BODY[HEADER] {14}\r\n"
        "A1 OK\r\n* {3}\r\n"
        " UID 7 X {0}\r\n"
        ")\r\n"
        "a004 OK FETCH completed\r\n";
    test::at_every_split(input, [](test::Pieces const& pieces) {
        auto const seen = run(pieces, true);
        ASSERT_FALSE(seen.error);
        EXPECT_EQ(seen.frames, (std::vector<std::string>{
                                   "* OK IMAP4rev1 Service Ready",
                                   "* 12 FETCH (BODY[HEADER] {14}\r\nA1 OK\r\n* {3}\r\n UID 7 X {0}\r\n)",
                                   "a004 OK FETCH completed",
                               }));
        EXPECT_TRUE(seen.bodies.empty());
    });
}

TEST(Framer, HandsOutBodiesAheadOfTheirFrame)
{
    std::string const input =
        "* 1 FETCH (UID 7 BODY[] {12}\r\nSubject: a\r\n FLAGS (\\Seen))\r\n"
        "* 2 fetch (body[]<0> {0}\r\n UID 8)\r\n"
        "* 3 FETCH (BODY[] \"quoted\" UID 9)\r\n";
    test::at_every_split(input, [](test::Pieces const& pieces) {
        auto const seen = run(pieces, true);
        ASSERT_FALSE(seen.error);
        EXPECT_EQ(seen.frames, (std::vector<std::string>{
                                   "* 1 FETCH (UID 7 BODY[] {12}\r\n FLAGS (\\Seen))",
                                   "* 2 fetch (body[]<0> {0}\r\n UID 8)",
                                   "* 3 FETCH (BODY[] \"quoted\" UID 9)",
                               }));
        EXPECT_EQ(seen.bodies, (std::vector<std::uint64_t>{12, 0}));
        EXPECT_EQ(seen.body, "Subject: a\r\n");
    });
}

TEST(Framer, SaysWhereTheStreamedLiteralStood)
{
    Framer framer;
    framer.stream_bodies(true);
    framer.feed("* 1 FETCH (BODY[] {2}\r\nab UID 1)\r\n");
    ASSERT_TRUE(std::holds_alternative<BodyBegin>(**framer.next()));
    ASSERT_TRUE(std::holds_alternative<BodyPart>(**framer.next()));
    auto const piece = framer.next();
    auto const& frame = std::get<Frame>(**piece);
    EXPECT_EQ(frame.streamed, std::vector<std::size_t>{18});
    EXPECT_EQ(frame.bytes[18], '{');
    EXPECT_TRUE(framer.empty());
}

TEST(Framer, HoldsBodiesWhereStreamingIsOff)
{
    auto const seen = run({"* 1 FETCH (BODY[] {2}\r\nab)\r\n"});
    EXPECT_EQ(seen.frames, std::vector<std::string>{"* 1 FETCH (BODY[] {2}\r\nab)"});
}

TEST(Framer, TakesTextsThatEndLikeALiteralForTexts)
{
    auto const seen = run({"* BYE see you {5}\r\nA1 NO {3}\r\n+ {1}\r\n* X {a}\r\n"});
    EXPECT_EQ(seen.frames, (std::vector<std::string>{"* BYE see you {5}", "A1 NO {3}", "+ {1}", "* X {a}"}));
}

TEST(Framer, EndsALineWithoutEnd)
{
    std::string const input = "* OK " + std::string(100, 'x');
    test::at_every_split(input, [](test::Pieces const& pieces) {
        auto const seen = run(pieces, false, {.response = 64});
        ASSERT_TRUE(seen.error);
        EXPECT_EQ(seen.error->kind, Trouble::limit);
        EXPECT_NE(seen.error->message.find("response without end"), std::string::npos);
    });
    EXPECT_TRUE(run({input + "\r\n"}, false, {.response = 64}).error);
    EXPECT_FALSE(run({input + "\r\n"}, false, {.response = 107}).error);
}

TEST(Framer, EndsALiteralOfFourGibibytesAtOnce)
{
    for (bool const stream : {false, true}) {
        for (std::string const size : {"4294967296", "99999999999999999999999999"}) {
            auto const seen = run({"* 1 FETCH (BODY[] {" + size + "}\r\n"}, stream);
            ASSERT_TRUE(seen.error);
            EXPECT_EQ(seen.error->kind, Trouble::limit);
            EXPECT_NE(seen.error->message.find("literal of " + size), std::string::npos) << seen.error->message;
        }
    }
    // Held literals count towards the response, all of them together.
    std::string many = "* 1 FETCH (";
    for (int i = 0; i < 10; ++i) many += "X {30}\r\n" + std::string(30, 'y') + " ";
    EXPECT_TRUE(run({many}, true, {.response = 256}).error);
}

TEST(Framer, StreamsOnlyTheFirstBodyOfAResponse)
{
    auto const seen = run({"* 1 FETCH (BODY[] {2}\r\nab BODY[] {2}\r\ncd)\r\n"}, true);
    EXPECT_EQ(seen.body, "ab");
    EXPECT_EQ(seen.frames, std::vector<std::string>{"* 1 FETCH (BODY[] {2}\r\n BODY[] {2}\r\ncd)"});
}

TEST(Framer, LetsOnlySearchBeLong)
{
    std::string search = "* SEARCH";
    for (int i = 0; i < 100; ++i) search += " 4294967295";
    EXPECT_EQ(run(test::pieces_of(search + "\r\n", 7), false, {.response = 64}).frames.size(), 1U);
    EXPECT_TRUE(run({"* SEARCHX" + search + "\r\n"}, false, {.response = 64, .search = 64}).error);
}

TEST(Framer, HoldsNoMoreOfABodyThanWasFed)
{
    Framer framer;
    framer.stream_bodies(true);
    framer.feed("* 1 FETCH (BODY[] {104857600}\r\n");
    ASSERT_TRUE(std::holds_alternative<BodyBegin>(**framer.next()));
    std::string const chunk(64 * 1024, 'm');
    for (int i = 0; i < 1600; ++i) {
        framer.feed(chunk);
        auto const part = framer.next();
        ASSERT_EQ(std::get<BodyPart>(**part).bytes.size(), chunk.size());
        ASSERT_LE(framer.inbox().capacity(), 4 * chunk.size());
    }
    framer.feed(")\r\n");
    ASSERT_TRUE(std::holds_alternative<Frame>(**framer.next()));
    framer.shrink();
    EXPECT_LT(framer.inbox().capacity(), 64U);
}

}  // namespace
}  // namespace postroom::imap
