#include "imap/codec/uid-set.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <set>

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

TEST(UidRanges, StaysJoinedInWhateverOrder)
{
    UidRanges known;
    EXPECT_EQ(known.highest(), 0U);
    for (Uid const uid : {7U, 9U, 1U, 2U, 8U, 4U, 3U, 8U}) known.add(uid);
    EXPECT_EQ(known.ranges(), (std::vector<UidRange>{{1, 4}, {7, 9}}));
    known.add({4, 8});
    EXPECT_EQ(known.ranges(), (std::vector<UidRange>{{1, 9}}));
    known.add({20, 30});
    known.add({40, 50});
    known.add({10, 45});
    EXPECT_EQ(known.ranges(), (std::vector<UidRange>{{1, 50}}));
    known.add(UINT32_MAX);
    known.add(52);
    EXPECT_EQ(known.ranges(), (std::vector<UidRange>{{1, 50}, {52, 52}, {UINT32_MAX, UINT32_MAX}}));
    EXPECT_EQ(known.highest(), UINT32_MAX);
    EXPECT_TRUE(known.contains(1) && known.contains(50) && known.contains(52));
    EXPECT_FALSE(known.contains(0) || known.contains(51) || known.contains(UINT32_MAX - 1));
    EXPECT_EQ(known.without({1, 49, 50, 51, 52, 53, UINT32_MAX}), (std::vector<Uid>{51, 53}));
}

TEST(UidRanges, AgreesWithASetOfNumbers)
{
    std::minstd_rand random(7);
    UidRanges known;
    std::set<Uid> numbers;
    for (int i = 0; i < 2'000; ++i) {
        Uid const first = 1 + static_cast<Uid>(random() % 500), last = first + static_cast<Uid>(random() % 4);
        known.add({first, last});
        for (Uid uid = first; uid <= last; ++uid) numbers.insert(uid);
        ASSERT_EQ(count(known.ranges()), numbers.size());
        for (std::size_t r = 1; r < known.ranges().size(); ++r)
            ASSERT_GT(known.ranges()[r].first, known.ranges()[r - 1].last + 1);
        auto const probe = static_cast<Uid>(random() % 505);
        ASSERT_EQ(known.contains(probe), numbers.contains(probe));
    }
}

TEST(UidRanges, AsksForTheOthersInLinesThatFit)
{
    UidRanges known;
    EXPECT_EQ(to_search_of_others(known, 8'000), std::vector<std::string>{"ALL"});
    known.add({1, 100'000});
    EXPECT_EQ(to_search_of_others(known, 8'000), std::vector<std::string>{"NOT UID 1:100000"});
    known.add(100'002);
    EXPECT_EQ(to_search_of_others(known, 8'000), std::vector<std::string>{"NOT UID 1:100000,100002"});

    UidRanges odd;
    for (Uid uid = 1; uid < 100; uid += 2) odd.add(uid);
    auto const several = to_search_of_others(odd, 100);
    ASSERT_GT(several.size(), 2U);
    EXPECT_EQ(several.front().substr(0, 23), "UID 1:43 NOT UID 1,3,5,");
    EXPECT_EQ(several[1].substr(0, 20), "UID 44:83 NOT UID 45");
    EXPECT_EQ(several.back(), "UID 84:* NOT UID 85,87,89,91,93,95,97,99");
    for (auto const& each : several) EXPECT_LE(each.size(), 100U);
}

}  // namespace
}  // namespace postroom::imap
