#include "imap/codec/uid-set.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace postroom::imap {
namespace {

TEST(UidSet, SortsJoinsAndDropsDoubles)
{
    auto const sets = to_uid_sets({9, 2, 4, 3, 1, 7, 10, 11, 12, 4, 0});
    ASSERT_EQ(sets.size(), 1U);
    EXPECT_EQ(sets[0].text, "1:4,7,9:12");
    EXPECT_EQ(sets[0].uids, (std::vector<Uid>{1, 2, 3, 4, 7, 9, 10, 11, 12}));
    EXPECT_TRUE(to_uid_sets({}).empty());
    EXPECT_TRUE(to_uid_sets({0}).empty());
    EXPECT_EQ(to_uid_sets({4294967294, 4294967295})[0].text, "4294967294:4294967295");
}

TEST(UidSet, StaysWithinTheLine)
{
    std::vector<Uid> odd;
    for (Uid uid = 4'000'000'001; uid < 4'000'020'000; uid += 2) odd.push_back(uid);
    auto const sets = to_uid_sets(odd);
    std::vector<Uid> all;
    for (auto const& set : sets) {
        EXPECT_LE(set.text.size(), longest_command_line - 300);
        EXPECT_FALSE(set.text.empty());
        all.insert(all.end(), set.uids.begin(), set.uids.end());
    }
    EXPECT_GT(sets.size(), 10U);
    EXPECT_EQ(all, odd);
}

TEST(UidSet, HoldsAtMostSoMany)
{
    std::vector<Uid> uids(100);
    std::iota(uids.begin(), uids.end(), 1U);
    uids.push_back(200);
    auto const sets = to_uid_sets(uids, 7'000, 40);
    ASSERT_EQ(sets.size(), 3U);
    EXPECT_EQ(sets[0].text, "1:40");
    EXPECT_EQ(sets[1].text, "41:80");
    EXPECT_EQ(sets[2].text, "81:100,200");
    EXPECT_EQ(sets[2].uids.size(), 21U);
}

TEST(UidSet, ReadsRangesWithoutSpellingThemOut)
{
    auto const ranges = parse_uid_set("1:4294967295,7,9:8");
    ASSERT_TRUE(ranges);
    EXPECT_EQ(*ranges, (std::vector<UidRange>{{1, 4294967295}, {7, 7}, {8, 9}}));
    EXPECT_EQ(count(*ranges), 4294967298U);
    EXPECT_TRUE(parse_uid_set("")->empty());
    for (auto const text : {",", "1,", "1:", ":1", "*", "1:*", "0", "4294967296", "1 2", "a"})
        EXPECT_FALSE(parse_uid_set(text)) << text;
}

}  // namespace
}  // namespace postroom::imap
