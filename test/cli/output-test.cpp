#include "cli/output.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace postroom::cli {
namespace {

TEST(Output, LinesUpWhatPeopleWrite)
{
    auto const items = json::parse(R"([{"name":"Größe","open":true,"to":["a","b"],"n":7},
                                       {"name":"x\ny","open":false,"to":[],"n":null}])");
    EXPECT_EQ(table(items.as_array(), {{"NAME", "name"}, {"OPEN", "open"}, {"N", "n"}, {"TO", "to"}}, "None."),
              "NAME   OPEN  N  TO\n"
              "Größe  yes   7  a, b\n"
              "x y    no\n");
    EXPECT_EQ(table({}, {{"NAME", "name"}}, "None."), "None.\n");
}

TEST(Output, CutsLongTextBetweenCharacters)
{
    std::string wide;
    for (int i = 0; i < 60; ++i) wide += "ü";
    json::array const items{json::object{{"a", wide}, {"b", "x"}}};
    auto const text = table(items, {{"A", "a"}, {"B", "b"}}, "");
    auto const line = text.substr(text.find('\n') + 1);
    EXPECT_EQ(line, wide.substr(0, 2 * 47) + "…  x\n");
    EXPECT_EQ(table(items, {{"A", "a"}}, ""), "A\n" + wide + "\n") << "the last has room";
}

// A subject that would move the cursor, colour the screen or set the window's title.
TEST(Output, LetsNoMailSpeakToTheTerminal)
{
    EXPECT_EQ(for_terminal("a\x1b[31mb\x07"), "a\xef\xbf\xbd[31mb\xef\xbf\xbd");
    EXPECT_EQ(for_terminal("\xc2\x9b"
                           "31m"),
              "\xef\xbf\xbd"
              "31m");
    EXPECT_EQ(for_terminal("a\r\nb\tc\x7f é"), "a\nb\tc\xef\xbf\xbd é");
    EXPECT_EQ(for_terminal("overwrites\rthis"), "overwrites\xef\xbf\xbdthis");
}

TEST(Output, NamesTheLikeliestCause)
{
    auto const item = json::parse(R"({"causes":[{"title":"IMAP is off","remedy":"Switch\nit on.",
                                                 "owner":"exchange-administrator","check":"inbound-enabled"},{"title":"Another"}]})");
    EXPECT_EQ(first_cause(item.as_object(), "  "),
              "  Likely: IMAP is off\n"
              "  Remedy: Switch it on.\n"
              "  Whose:  Exchange administrator\n"
              "  Check:  inbound-enabled\n");
    EXPECT_EQ(first_cause(json::object{{"causes", json::array{}}}), "");
    EXPECT_EQ(first_cause({}), "");
}

}  // namespace
}  // namespace postroom::cli
