#include "base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom {
namespace {

using testing::ElementsAre;

TEST(Ascii, letters_change_case_and_other_bytes_stay)
{
    EXPECT_EQ(to_lower("INBOX-Éa@[`{"), "inbox-Éa@[`{");
    EXPECT_EQ(to_upper("inbox-éA@[`{"), "INBOX-éA@[`{");
    EXPECT_TRUE(equal_ignoring_case("Content-Type", "content-TYPE"));
    EXPECT_FALSE(equal_ignoring_case("a", "ab"));
    EXPECT_FALSE(equal_ignoring_case("[", "{"));  // 0x20 apart, and no letters
    EXPECT_FALSE(equal_ignoring_case("É", "é"));
    EXPECT_TRUE(starts_ignoring_case("* OK hello", "* ok"));
    EXPECT_TRUE(starts_ignoring_case("x", ""));
    EXPECT_FALSE(starts_ignoring_case("x", "xy"));
}

TEST(Trim, takes_blanks_from_both_ends_only)
{
    EXPECT_EQ(trim(" \t a b \r\n"), "a b");
    EXPECT_EQ(trim(" \r\n\t"), "");
    EXPECT_EQ(trim(""), "");
}

TEST(Split, gives_one_part_more_than_there_are_separators)
{
    EXPECT_THAT(split("a,b,,c", ','), ElementsAre("a", "b", "", "c"));
    EXPECT_THAT(split(",", ','), ElementsAre("", ""));
    EXPECT_THAT(split("", ','), ElementsAre(""));
}

struct Pair {
    char const* bytes;
    char const* text;
};
class Base64 : public testing::TestWithParam<Pair> {};

TEST_P(Base64, is_written_and_read)
{
    EXPECT_EQ(to_base64(GetParam().bytes), GetParam().text);
    EXPECT_EQ(from_base64(GetParam().text), GetParam().bytes);
    std::string bare = GetParam().text;
    while (bare.ends_with('=')) bare.pop_back();
    EXPECT_EQ(to_base64url(GetParam().bytes), bare);
    EXPECT_EQ(from_base64(bare), GetParam().bytes);
}

// RFC 4648, section 10.
INSTANTIATE_TEST_SUITE_P(Rfc4648, Base64,
                         testing::Values(Pair{"", ""}, Pair{"f", "Zg=="}, Pair{"fo", "Zm8="}, Pair{"foo", "Zm9v"},
                                         Pair{"foob", "Zm9vYg=="}, Pair{"fooba", "Zm9vYmE="},
                                         Pair{"foobar", "Zm9vYmFy"}));

TEST(Base64, either_alphabet_and_every_byte)
{
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    EXPECT_EQ(from_base64(to_base64(all)), all);
    EXPECT_EQ(from_base64(to_base64url(all)), all);
    EXPECT_EQ(to_base64("\xfb\xff"), "+/8=");
    EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
}

TEST(Base64, refuses_nonsense)
{
    for (char const* const text :
         {"Z", "Zm9vY", "Zm 9v", "Zm9v\r\n", "Zm9v!", "Zg==Zg==", "=Zg", "====", "Zg===", "Zm9v=", "Zh", "Zm9vYh"})
        EXPECT_FALSE(from_base64(text)) << text;  // "Zh": bits behind the end that are not zero (section 3.5)
    EXPECT_FALSE(from_base64(std::string_view("Zm\0v", 4)));
}

TEST(Hex, is_lower_case)
{
    EXPECT_EQ(to_hex(std::string_view("\x00\x7f\xff", 3)), "007fff");
    EXPECT_EQ(to_hex(""), "");
}

TEST(Random, has_the_length_asked_for_and_is_never_the_same)
{
    EXPECT_EQ(random_bytes(0), "");
    EXPECT_EQ(random_bytes(32).size(), 32U);
    EXPECT_NE(random_bytes(16), random_bytes(16));
}

TEST(Printable, shows_control_characters_and_what_is_no_utf8)
{
    EXPECT_EQ(printable("535 5.7.3 Authentication unsuccessful\r\n"),
              "535 5.7.3 Authentication unsuccessful\\x0d\\x0a");
    EXPECT_EQ(printable("Zürich 東京 🙂"), "Zürich 東京 🙂");
    EXPECT_EQ(printable("a\xff\x1b[31m\x7f"), "a\\xff\\x1b[31m\\x7f");
    EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

TEST(Printable, shows_the_second_set_of_control_characters_and_the_marks_that_turn_text_round)
{
    EXPECT_EQ(printable("a\xc2\x9b"
                        "31m"),
              "a\\xc2\\x9b31m");  // U+009B begins a terminal's sequences as ESC [ does
    EXPECT_EQ(printable("a\xe2\x80\xae"
                        "b"),
              "a\\xe2\\x80\\xaeb");  // U+202E: what follows reads from right to left
    EXPECT_EQ(printable("a\xe2\x80\xa8"
                        "b"),
              "a\\xe2\\x80\\xa8b");  // U+2028: a new line to some
    EXPECT_EQ(printable("a\xe2\x81\xa6"
                        "b"),
              "a\\xe2\\x81\\xa6b");  // U+2066
    EXPECT_EQ(printable("\xc2\xa0\xe2\x80\xa6\xe2\x82\xac"), "\xc2\xa0\xe2\x80\xa6\xe2\x82\xac");
}

TEST(Printable, never_exceeds_its_limit_and_never_cuts_a_character)
{
    EXPECT_EQ(printable("abcdef", 6), "abcdef");
    EXPECT_EQ(printable("abcdefg", 6), "abcdef…");
    EXPECT_EQ(printable("aéé", 4), "aé…");
    EXPECT_EQ(printable("a\r\n", 4), "a…");
    EXPECT_EQ(printable(std::string(100'000, '\xff'), 512).size(), 512U + std::string_view("…").size());
}

struct Sequence {
    char const* bytes;
    char const* valid;
};
class Utf8 : public testing::TestWithParam<Sequence> {};

TEST_P(Utf8, is_made_valid)
{
    EXPECT_EQ(to_valid_utf8(GetParam().bytes), GetParam().valid);
    EXPECT_EQ(to_valid_utf8(GetParam().valid), GetParam().valid);
}

#define U "\xEF\xBF\xBD"
INSTANTIATE_TEST_SUITE_P(
    Rfc3629, Utf8,
    testing::Values(Sequence{"", ""}, Sequence{"plain", "plain"}, Sequence{"\xC2\x80\xDF\xBF", "\xC2\x80\xDF\xBF"},
                    Sequence{"\xE0\xA0\x80\xEF\xBF\xBF", "\xE0\xA0\x80\xEF\xBF\xBF"},
                    Sequence{"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"},
                    Sequence{"a\x80z", "a" U "z"}, Sequence{"\xC0\xAF", U U},                // overlong
                    Sequence{"\xE0\x9F\xBF", U U U}, Sequence{"\xF0\x8F\xBF\xBF", U U U U},  // overlong
                    Sequence{"\xED\xA0\x80", U U U},                                         // a surrogate
                    Sequence{"\xF4\x90\x80\x80", U U U U}, Sequence{"\xF8\x88\x80\x80\x80", U U U U U},
                    Sequence{"\xC3", U}, Sequence{"\xE2\x82", U U}, Sequence{"\xF0\x9F\x99", U U U},  // cut
                    Sequence{"\xC3(", U "("}, Sequence{"\xE2\x82(", U U "("}));
#undef U

TEST(Utf8, keeps_nul)
{
    EXPECT_EQ(to_valid_utf8(std::string_view("a\0b", 3)), std::string_view("a\0b", 3));
}

}  // namespace
}  // namespace postroom
