#include "retriever/withheld.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::retriever {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Instant noon{hours(12)};

class WithheldTest : public testing::Test {
protected:
    Withheld::Names refused(Withheld::Names const& names, Instant now)
    {
        Withheld::Names given_up;
        for (auto const& mail : withheld.count(names, where_refused, "NO", now)) given_up.push_back(mail.name);
        return given_up;
    }
    Withheld withheld;
};

TEST_F(WithheldTest, ManyLooksInAShortTimeAreAnOutage)
{
    for (int i = 0; i < 24 * 60; ++i) EXPECT_THAT(refused({"a"}, noon + minutes(i)), IsEmpty()) << i;
    EXPECT_THAT(refused({"a"}, noon + hours(24)), ElementsAre("a"));
    EXPECT_THAT(refused({"a"}, noon + hours(25)), IsEmpty()) << "what was said is forgotten";
}

TEST_F(WithheldTest, ALongTimeWithFewLooksIsNoProof)
{
    for (int i = 0; i < where_refused.looks - 1; ++i) EXPECT_THAT(refused({"a"}, noon + hours(100 * i)), IsEmpty());
    EXPECT_THAT(refused({"a"}, noon + hours(500)), ElementsAre("a"));
}

TEST_F(WithheldTest, EachMailCountsByItselfAndInARow)
{
    for (int i = 0; i < 5; ++i) EXPECT_THAT(refused({"a"}, noon + hours(i)), IsEmpty());
    withheld.given("a");
    EXPECT_THAT(refused({"b"}, noon + hours(5)), IsEmpty());
    EXPECT_THAT(refused({"a", "b"}, noon + hours(25)), IsEmpty());
    for (int i = 26; i < 29; ++i) EXPECT_THAT(refused({"a", "b"}, noon + hours(i)), IsEmpty());
    EXPECT_THAT(refused({"a", "b"}, noon + hours(29)), ElementsAre("b"));
}

TEST_F(WithheldTest, AnEmptyMailIsGivenUpAfterAFewLooks)
{
    EXPECT_THAT(withheld.count({"a"}, where_empty, "nothing", noon), IsEmpty());
    EXPECT_THAT(withheld.count({"a"}, where_empty, "nothing", noon + minutes(1)), IsEmpty());
    auto const given_up = withheld.count({"a"}, where_empty, "nothing", noon + minutes(2));
    ASSERT_EQ(given_up.size(), 1U);
    EXPECT_EQ(given_up[0].looks, 3);
    EXPECT_TRUE(withheld.empty());
}

TEST_F(WithheldTest, AsksLessOftenTheLongerItLasts)
{
    EXPECT_FALSE(withheld.waits("a", noon));
    (void)refused({"a"}, noon);
    EXPECT_TRUE(withheld.waits("a", noon + seconds(59)));
    EXPECT_FALSE(withheld.waits("a", noon + minutes(1)));
    // People ask every second, and that makes it wait no longer.
    for (int i = 0; i < 30; ++i) (void)refused({"a"}, noon + seconds(i));
    EXPECT_FALSE(withheld.waits("a", noon + seconds(90)));
    (void)refused({"a"}, noon + minutes(30));
    EXPECT_TRUE(withheld.waits("a", noon + minutes(59)));
    EXPECT_FALSE(withheld.waits("a", noon + minutes(60)));
    (void)refused({"b"}, noon + minutes(31));
    EXPECT_EQ(withheld.soonest(), noon + minutes(32));
    (void)refused({"a"}, noon + hours(20));
    EXPECT_FALSE(withheld.waits("a", noon + hours(21))) << "an hour is the most";
}

TEST_F(WithheldTest, CountsOnAfterARestart)
{
    for (int i = 0; i < 4; ++i) (void)refused({"a", "b"}, noon + hours(i));
    withheld.given("b");
    auto const told = withheld.take_changes();
    ASSERT_EQ(told.kept.size(), 1U);
    EXPECT_EQ(told.kept[0].looks, 4);
    EXPECT_EQ(told.kept[0].since, noon);
    EXPECT_EQ(told.kept[0].words, "NO");
    EXPECT_THAT(told.forgotten, ElementsAre("b"));
    EXPECT_TRUE(withheld.take_changes().empty()) << "said once";

    Withheld another;
    another.read(told.kept);
    EXPECT_TRUE(another.counted("a"));
    auto const given_up = another.count({"a"}, where_refused, "NO", noon + hours(24));
    ASSERT_EQ(given_up.size(), 1U);
    EXPECT_EQ(given_up[0].looks, 5);
    EXPECT_THAT(another.take_changes().forgotten, ElementsAre("a"));
}

TEST_F(WithheldTest, WhatMayBeTheServersDoingCountsAgainstNoMailButComesLast)
{
    withheld.tried({"a"});
    EXPECT_TRUE(withheld.comes_last("a"));
    EXPECT_FALSE(withheld.counted("a"));
    EXPECT_FALSE(withheld.waits("a", noon));
    EXPECT_TRUE(withheld.take_changes().empty());
    EXPECT_EQ(withheld.remark(), "");
    withheld.read({});
    EXPECT_TRUE(withheld.comes_last("a")) << "the next session asks for the others first";
    withheld.given("a");
    EXPECT_TRUE(withheld.empty());
}

TEST_F(WithheldTest, ForgetsWhatIsNotListedAnyMore)
{
    (void)refused({"a", "b"}, noon);
    withheld.tried({"c", "d"});
    withheld.keep_only([](std::string const& name) { return name == "b" || name == "d"; });
    EXPECT_FALSE(withheld.comes_last("a") || withheld.comes_last("c"));
    EXPECT_TRUE(withheld.comes_last("b") && withheld.comes_last("d"));
    EXPECT_EQ(withheld.remark(), "1 mails that the server lists are not retrieved so far: NO");
}

}  // namespace
}  // namespace postroom::retriever
