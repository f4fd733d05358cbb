// What is on one side only. Comparing with real servers is test/integration/ledger.test.mjs.
#include "retriever/sides.hpp"

#include <gtest/gtest.h>

namespace postroom::retriever {
namespace {

using Names = Sides::Names;

TEST(SidesTest, EachSideHasItsOwn)
{
    auto const sides = sides_of(
        {2, 3, 5, 7, 9}, {{.uid = 1}, {.uid = 2}, {.uid = 4, .gone = true}, {.uid = 5}, {.uid = 7, .gone = true}});
    EXPECT_EQ(sides.only_on_server, (Names{{"", 3}, {"", 9}}));
    EXPECT_EQ(sides.only_in_ledger, (Names{{"", 1}}));
    EXPECT_EQ(sides.back, (Names{{"", 7}}));
}

TEST(SidesTest, NothingOnEither)
{
    EXPECT_TRUE(sides_of(std::vector<std::uint32_t>{}, {}).only_on_server.empty());
    EXPECT_EQ(sides_of({1, 2}, {}).only_on_server.size(), 2U);
    EXPECT_EQ(sides_of(std::vector<std::uint32_t>{}, {{.uid = 1}, {.uid = 2, .gone = true}}).only_in_ledger,
              (Names{{"", 1}}));
}

TEST(SidesTest, OverPop3TheIdsTell)
{
    Pop3Listing const listing({{1, "c"}, {2, "a"}, {3, "d"}});
    auto const sides = sides_of(listing, {{.uid = 1, .unique_id = "a"},
                                          {.uid = 2, .gone = true},
                                          {.uid = 3, .due = true, .unique_id = "b"},
                                          {.uid = 4, .unique_id = "c"}});
    EXPECT_EQ(sides.only_on_server, (Names{{"d", 0}}));
    EXPECT_EQ(sides.only_in_ledger, (Names{{"b", 3}}));
    EXPECT_TRUE(sides.back.empty());
}

TEST(SidesTest, WhatOneLookSaysIsNotBelieved)
{
    Sides const first{{{"", 1}, {"", 2}}, {{"", 3}}, {{"", 4}, {"", 5}}};
    Sides const second{{{"", 2}, {"", 6}}, {}, {{"", 5}}};
    auto const sides = in_both(first, second);
    EXPECT_EQ(sides.only_on_server, (Names{{"", 2}}));
    EXPECT_TRUE(sides.only_in_ledger.empty());
    EXPECT_EQ(sides.back, (Names{{"", 5}}));
}

}  // namespace
}  // namespace postroom::retriever
