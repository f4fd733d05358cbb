#include "grants/refresh-state.hpp"

#include <gtest/gtest.h>

namespace postroom::grants {
namespace {

using namespace std::chrono_literals;

Instant const now{1'000'000s};

TEST(RenewAt, IsTheSmallerOfTenMinutesAndAQuarterOfTheLifeAhead)
{
    EXPECT_EQ(renew_at(now + 75min, 75min, 0), now + 65min);
    EXPECT_EQ(renew_at(now + 20min, 20min, 0), now + 15min);
    EXPECT_EQ(renew_at(now + 24h, 24h, 0), now + 24h - 10min);
    EXPECT_EQ(renew_at(now + 60s, 60s, 0), now + 60s - least_left) << "never so late that nobody may use the token";
}

TEST(RenewAt, IsSpreadByChance)
{
    EXPECT_LT(renew_at(now + 75min, 75min, 0.999), renew_at(now + 75min, 75min, 0));
    EXPECT_GE(renew_at(now + 75min, 75min, 0.999), now + 65min - 150s);
}

TEST(After, ForgetsEverythingOnceRenewed)
{
    EXPECT_EQ(after({.refusals = 3, .failures = 2, .next_try = now + 1h}, Answer::renewed, std::nullopt, now, 0.5),
              RefreshState{});
}

TEST(After, TriesARefusedGrantHourlySixTimesThenDaily)
{
    RefreshState state;
    auto at = now;
    for (int i = 0; i < 6; ++i) {
        state = after(state, Answer::refused, std::nullopt, at, 0.5);
        EXPECT_EQ(state.next_try, at + 1h) << i;
        at = state.next_try;
    }
    for (int i = 0; i < 3; ++i) {
        state = after(state, Answer::refused, std::nullopt, at, 0.5);
        EXPECT_EQ(state.next_try, at + 24h);
        at = state.next_try;
    }
}

TEST(After, KeepsCountOfRefusalsThroughAnOutage)
{
    auto state = after({.refusals = 6}, Answer::transient, std::nullopt, now, 0);
    EXPECT_EQ(after(state, Answer::refused, std::nullopt, now, 0).next_try, now + 24h);
}

TEST(After, BacksOffFromTrouble)
{
    RefreshState state;
    Duration last{};
    for (int i = 0; i < 20; ++i) {
        state = after(state, Answer::transient, std::nullopt, now, 0);
        auto const wait = state.next_try - now;
        EXPECT_GE(wait, last);
        EXPECT_GT(wait, 0s);
        EXPECT_LE(wait, 5min);
        last = wait;
    }
    EXPECT_GE(last, 150s);
}

TEST(After, HonoursRetryAfterWithinReason)
{
    EXPECT_EQ(after({}, Answer::transient, 120s, now, 0.5).next_try, now + 120s);
    EXPECT_GT(after({}, Answer::transient, 0s, now, 0.5).next_try, now);
    EXPECT_GT(after({}, Answer::transient, -5s, now, 0.5).next_try, now);
    EXPECT_EQ(after({}, Answer::transient, 9000h, now, 0.5).next_try, now + 1h);
}

}  // namespace
}  // namespace postroom::grants
