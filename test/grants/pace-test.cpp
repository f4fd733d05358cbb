#include "grants/pace.hpp"

#include <gtest/gtest.h>

namespace postroom::grants {
namespace {

using namespace std::chrono_literals;

Instant const now{1'800'000'000s};

// A provider that takes `limit` calls a second and has a backlog of accounts; what came of some seconds.
struct Outcome {
    int answered = 0, refused = 0, in_the_last_second = 0;
};
Outcome ask_for(Pace& pace, Duration time, int limit)
{
    Outcome outcome;
    Pace::Tick tick{1'000s};
    auto const begun = tick;
    std::int64_t second = 0;
    int in_this = 0;
    while (tick - begun < time) {
        auto const clock = [&] { return now + std::chrono::duration_cast<Duration>(tick - begun); };
        if (auto const until = pace.closed_until(clock())) tick += *until - clock();
        tick = std::max(tick, pace.take(tick));
        auto const at = std::chrono::duration_cast<std::chrono::seconds>(tick - begun).count();
        if (at != second) in_this = 0;
        second = at;
        if (++in_this <= limit) {
            ++outcome.answered;
            if (tick - begun >= time - 1s) ++outcome.in_the_last_second;
            pace.answered();
        } else {
            ++outcome.refused;
            pace.slow_down(1s, clock());
        }
    }
    return outcome;
}

TEST(Pace, IsLearntFromAProviderThatHasALimit)
{
    Pace pace;
    auto const outcome = ask_for(pace, 30s, 500);
    EXPECT_GT(outcome.answered, 10'000) << "in half a minute";
    EXPECT_LT(outcome.refused, 20);
    EXPECT_GT(outcome.in_the_last_second, 300);
}

TEST(Pace, GetsFasterWhileAllGoesWell)
{
    Pace pace;
    (void)ask_for(pace, 10s, 1'000'000);
    EXPECT_GT(pace.calls_a_second(), 500);
}

TEST(Pace, StaysAsItIsWhereItIsNotUsed)
{
    Pace pace;
    for (int i = 0; i < 1'000; ++i) {
        (void)pace.take(Pace::Tick(std::chrono::seconds(i)));
        pace.answered();
    }
    EXPECT_EQ(pace.calls_a_second(), 100);
}

TEST(Pace, IsClosedForAsLongAsTheProviderSays)
{
    Pace pace;
    EXPECT_EQ(pace.closed_until(now), std::nullopt);
    pace.slow_down(30s, now);
    auto const slower = pace.calls_a_second();
    EXPECT_LT(slower, 100);
    EXPECT_EQ(pace.closed_until(now + 29s), now + 30s);
    EXPECT_EQ(pace.closed_until(now + 30s), std::nullopt);
    pace.slow_down(40s, now + 1s);
    EXPECT_EQ(pace.closed_until(now + 1s), now + 41s);
    pace.slow_down(1s, now + 2s);
    EXPECT_EQ(pace.closed_until(now + 2s), now + 41s) << "the longest of them";
    EXPECT_EQ(pace.calls_a_second(), slower) << "they were sent before it was known";
    EXPECT_EQ(pace.closed_until(now - 24h), std::nullopt) << "the clock was set back";
    Pace endless;
    endless.slow_down(9000h, now);
    EXPECT_EQ(endless.closed_until(now), now + 1h);
}

TEST(Pace, TakesSeveralSilencesInARowForAProviderOutOfReach)
{
    Pace pace;
    pace.failed(now, 0.5);
    pace.failed(now, 0.5);
    EXPECT_EQ(pace.closed_until(now), std::nullopt) << "a connection may be cut";
    pace.failed(now, 0.5);
    auto const until = pace.closed_until(now);
    ASSERT_TRUE(until);
    EXPECT_LE(*until, now + 5s);
    for (int i = 0; i < 100; ++i) pace.failed(now, 0.999);
    EXPECT_LE(pace.closed_until(now).value(), now + 1min);
    Pace other;
    other.out_of_reach(now, 0.5);
    EXPECT_TRUE(other.closed_until(now));
    Pace answering;
    for (int i = 0; i < 100; ++i) {
        answering.failed(now, 0.5);
        answering.answered();
    }
    EXPECT_EQ(answering.closed_until(now), std::nullopt);
}

}  // namespace
}  // namespace postroom::grants
