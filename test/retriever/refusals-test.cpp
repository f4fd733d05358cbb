#include "retriever/refusals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::retriever {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Instant noon{hours(12)};

TEST(RefusalsTest, ManyLooksInAShortTimeAreAnOutage)
{
    Refusals refusals;
    for (int i = 0; i < 24 * 60; ++i) EXPECT_THAT(refusals.look({"a"}, noon + minutes(i)), IsEmpty()) << i;
    EXPECT_THAT(refusals.look({"a"}, noon + hours(24)), ElementsAre("a"));
    EXPECT_THAT(refusals.look({"a"}, noon + hours(25)), IsEmpty()) << "what was said is forgotten";
}

TEST(RefusalsTest, ALongTimeWithFewLooksIsNoProof)
{
    Refusals refusals;
    for (int i = 0; i < Refusals::looks - 1; ++i) EXPECT_THAT(refusals.look({"a"}, noon + hours(100 * i)), IsEmpty());
    EXPECT_THAT(refusals.look({"a"}, noon + hours(500)), ElementsAre("a"));
}

TEST(RefusalsTest, EachMailCountsByItselfAndInARow)
{
    Refusals refusals;
    for (int i = 0; i < 5; ++i) EXPECT_THAT(refusals.look({"a"}, noon + hours(i)), IsEmpty());
    EXPECT_THAT(refusals.look({"b"}, noon + hours(5)), IsEmpty()) << "a was given";
    EXPECT_THAT(refusals.look({"a", "b"}, noon + hours(25)), IsEmpty());
    for (int i = 26; i < 29; ++i) EXPECT_THAT(refusals.look({"a", "b"}, noon + hours(i)), IsEmpty());
    EXPECT_THAT(refusals.look({"a", "b"}, noon + hours(29)), ElementsAre("b"));
}

}  // namespace
}  // namespace postroom::retriever
