#include "grants/refresh-state.hpp"

#include <gtest/gtest.h>

namespace postroom::grants {
namespace {

using namespace std::chrono_literals;

Instant const now{1'800'000'000s};

TEST(RenewAt, IsTheSmallerOfTenMinutesAndAQuarterOfTheLifeAhead)
{
    EXPECT_EQ(renew_at(now + 75min, 75min, 0), now + 65min);
    EXPECT_EQ(renew_at(now + 20min, 20min, 0), now + 15min);
    EXPECT_EQ(renew_at(now + 24h, 24h, 0), now + 24h - 10min);
    EXPECT_EQ(renew_at(now + 60s, 60s, 0), now + 45s);
}

TEST(RenewAt, IsSpreadByChance)
{
    EXPECT_LT(renew_at(now + 75min, 75min, 0.999), renew_at(now + 75min, 75min, 0));
    EXPECT_GE(renew_at(now + 75min, 75min, 0.999), now + 65min - 150s);
}

TEST(RenewAt, IsNeverSoLateThatNobodyMayUseTheToken)
{
    for (Duration life : {Duration(1), Duration(1s), Duration(1min), Duration(8min), Duration(1h), Duration(24h)})
        EXPECT_LE(renew_at(now + life, life, 0), now + life - least_left(life)) << life.count();
}

TEST(RenewAt, IsDailyHoweverLongATokenLasts)
{
    EXPECT_EQ(renew_at(now + 90 * 24h, 90 * 24h, 0), now + 24h - 10min);
    EXPECT_LE(renew_at(now + 25h, 25h, 0.999), now + 24h);
}

TEST(After, ForgetsEverythingOnceRenewed)
{
    EXPECT_EQ(after({.refusals = 3, .failures = 2, .next_try = now + 1h}, Answer::renewed, std::nullopt, now, 0.5),
              Tries{});
}

TEST(After, TriesARefusedGrantHourlySixTimesThenDaily)
{
    Tries tries;
    auto at = now;
    for (int i = 0; i < 6; ++i) {
        tries = after(tries, Answer::refused, std::nullopt, at, 0.5);
        EXPECT_EQ(tries.next_try, at + 1h) << i;
        at = tries.next_try;
    }
    for (int i = 0; i < 3; ++i) {
        tries = after(tries, Answer::refused, std::nullopt, at, 0.5);
        EXPECT_EQ(tries.next_try, at + 24h);
        at = tries.next_try;
    }
}

TEST(After, KeepsCountOfRefusalsThroughAnOutage)
{
    auto tries = after({.refusals = 6}, Answer::transient, std::nullopt, now, 0);
    EXPECT_EQ(after(tries, Answer::refused, std::nullopt, now, 0).next_try, now + 24h);
}

TEST(After, BacksOffFromTrouble)
{
    Tries tries;
    Duration last{};
    for (int i = 0; i < 20; ++i) {
        tries = after(tries, Answer::transient, std::nullopt, now, 0);
        auto const wait = tries.next_try - now;
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

TEST(MayTry, DisbelievesWhatOnlyAClockThatWasSetBackExplains)
{
    EXPECT_TRUE(may_try({.refusals = 1, .next_try = now}, now));
    EXPECT_FALSE(may_try({.refusals = 1, .next_try = now + 1h}, now));
    EXPECT_FALSE(may_try({.refusals = 1, .next_try = now + 1h + 3min}, now)) << "another server's clock";
    EXPECT_TRUE(may_try({.refusals = 1, .next_try = now + 2h}, now));
    EXPECT_FALSE(may_try({.refusals = 7, .next_try = now + 24h}, now));
    EXPECT_TRUE(may_try({.refusals = 7, .next_try = now + 30h}, now));
}

Standing lasting()
{
    return {.version = 3, .ends = now + 50min, .life = 1h};
}

TEST(Judge, TakesWhatIsStoredWhileItServes)
{
    auto standing = lasting();
    EXPECT_EQ(judge(standing, Why::asked, {}, now), Verdict::serves);
    EXPECT_EQ(judge(standing, Why::ahead, {}, now), Verdict::serves);
    EXPECT_EQ(judge(standing, Why::refused, {}, now), Verdict::serves) << "it is not the one that was refused";
    standing.rejected = true;
    EXPECT_EQ(judge(standing, Why::refused, {}, now), Verdict::due);
    EXPECT_EQ(judge(standing, Why::refused, now - 4min, now), Verdict::in_vain);
    EXPECT_EQ(judge(standing, Why::tried, now - 4min, now), Verdict::due) << "somebody wants to see it";
    standing.tries.next_try = now + 1h;
    EXPECT_EQ(judge(standing, Why::tried, {}, now), Verdict::due);
    EXPECT_EQ(judge(standing, Why::refused, {}, now), Verdict::not_yet);
    standing.tries.next_try = {};
    EXPECT_EQ(judge(standing, Why::refused, now - 5min, now), Verdict::due);
    EXPECT_EQ(judge(standing, Why::refused, now + 1h, now), Verdict::due) << "the clock was set back";
    standing.tries.next_try = now + 1min;
    EXPECT_EQ(judge(standing, Why::refused, {}, now), Verdict::not_yet);
    standing = lasting();
    standing.ends = now + 2min - 1ms;
    EXPECT_EQ(judge(standing, Why::asked, {}, now), Verdict::due);
}

TEST(DueAt, IsAtOnceWhereTheClockWasSetBack)
{
    auto standing = lasting();
    EXPECT_EQ(due_at(standing, now, 0), now + 40min);
    EXPECT_LT(due_at(standing, now - 3min, 0), now + 40min + 1ms) << "another server's clock";
    EXPECT_EQ(due_at(standing, now - 24h, 0), now - 24h);
    standing.tries.next_try = now + 45min;
    EXPECT_EQ(due_at(standing, now, 0), now + 45min);
}

TEST(Renewal, GoesFromLookingToGivingWhatIsStored)
{
    Renewal renewal{.why = Why::ahead};
    Standing const standing{.version = 3, .ends = now, .life = 1h};
    EXPECT_EQ(renewal.step(seen::Looked{standing}, now, 0), Do::queue);
    EXPECT_EQ(renewal.step(seen::Turn{}, now, 0), Do::claim);
    EXPECT_TRUE(renewal.asks(standing, now));
    EXPECT_EQ(renewal.step(seen::Claimed{true, standing, now}, now, 0), Do::ask);
    EXPECT_EQ(renewal.step(seen::Answered{}, now, 0), Do::keep);
    EXPECT_EQ(renewal.in_hand, 3);
    EXPECT_EQ(renewal.step(seen::Kept{}, now, 0), Do::give_kept);
    EXPECT_EQ(renewal.in_hand, std::nullopt);
}

TEST(Renewal, StoresFirstWhatAnEarlierOneBrought)
{
    Renewal renewal{.why = Why::asked, .in_hand = 3};
    Standing standing{.version = 3, .ends = now, .life = 1h, .tries = {.next_try = now + 1h}};
    EXPECT_EQ(renewal.step(seen::Looked{standing}, now, 0), Do::claim);
    EXPECT_FALSE(renewal.asks(standing, now));
    EXPECT_EQ(renewal.step(seen::Claimed{true, standing, now}, now, 0), Do::keep);

    // Another one is in force when it is to be stored, and nobody has a turn to ask.
    Renewal overtaken{.why = Why::asked, .in_hand = 3};
    EXPECT_EQ(overtaken.step(seen::Looked{standing}, now, 0), Do::claim);
    Standing const another{.version = 4, .ends = now, .life = 1h};
    EXPECT_FALSE(overtaken.asks(another, now));
    EXPECT_EQ(overtaken.step(seen::Claimed{true, another, now}, now, 0), Do::queue);

    standing.version = 4;  // somebody accepted another grant
    Renewal late{.why = Why::asked, .in_hand = 3};
    EXPECT_EQ(late.step(seen::Looked{standing}, now, 0), Do::say_not_yet);
    EXPECT_EQ(late.in_hand, std::nullopt);
}

TEST(Renewal, ClaimsAgainAfterASleep)
{
    Renewal renewal{.why = Why::ahead};
    Standing const standing{.version = 3, .ends = now, .life = 1h};
    (void)renewal.step(seen::Looked{standing}, now, 0);
    (void)renewal.step(seen::Turn{}, now, 0);
    EXPECT_EQ(renewal.step(seen::Claimed{true, standing, now}, now + 11s, 0), Do::claim)
        << "whoever slept may not have the lease any more";
    EXPECT_EQ(renewal.step(seen::Claimed{true, standing, now + 11s}, now + 11s, 0), Do::ask);
}

TEST(Renewal, LeavesToAnotherServerWhatThatOneRenews)
{
    Standing const standing{.version = 3, .ends = now, .life = 1h};
    Renewal ahead{.why = Why::ahead, .has_turn = true};
    EXPECT_EQ(ahead.step(seen::Claimed{false, standing, now}, now, 0), Do::say_busy);
    Renewal asked{.why = Why::asked, .has_turn = true};
    EXPECT_EQ(asked.step(seen::Claimed{false, standing, now}, now, 0), Do::wait);
    EXPECT_EQ(asked.step(seen::Waited{}, now, 0), Do::look);
    auto theirs = lasting();
    EXPECT_EQ(asked.step(seen::Looked{theirs}, now, 0), Do::give_stored);
}

TEST(Renewal, IsInVainOnlyAfterOneThatBroughtAToken)
{
    auto standing = lasting();
    standing.rejected = true;
    Renewal renewal{.why = Why::refused, .has_turn = true};
    ASSERT_EQ(renewal.step(seen::Claimed{true, standing, now}, now, 0), Do::ask);
    EXPECT_EQ(renewal.step(seen::Answered{Answer::transient}, now, 0), Do::note);
    EXPECT_EQ(judge(standing, Why::refused, renewal.replaced, now + 10s), Verdict::due);
    renewal = {.why = Why::refused, .has_turn = true};
    ASSERT_EQ(renewal.step(seen::Claimed{true, standing, now}, now, 0), Do::ask);
    EXPECT_EQ(renewal.step(seen::Answered{}, now, 0), Do::keep);
    EXPECT_EQ(judge(standing, Why::refused, renewal.replaced, now + 10s), Verdict::in_vain);
}

TEST(Renewal, RemembersAnAnswerThatWasLostThroughWhatComesAfter)
{
    Standing standing{.version = 3, .ends = now, .life = 1h};
    Renewal first{.why = Why::ahead, .has_turn = true};
    ASSERT_EQ(first.step(seen::Claimed{true, standing, now}, now, 0), Do::ask);
    EXPECT_EQ(first.step(seen::Answered{Answer::transient, true}, now + 30s, 0), Do::note);
    EXPECT_EQ(first.lost, now);
    standing.asked = first.lost;
    auto const later = now + 1h;
    Renewal second{.why = Why::ahead, .has_turn = true};
    ASSERT_EQ(second.step(seen::Claimed{true, standing, later}, later, 0), Do::ask);
    EXPECT_EQ(second.step(seen::Answered{Answer::transient}, later, 0), Do::note);
    EXPECT_EQ(second.lost, now) << "that the provider is busy doesn't bring the answer back";
    Renewal third{.why = Why::ahead, .has_turn = true};
    ASSERT_EQ(third.step(seen::Claimed{true, standing, later}, later, 0), Do::ask);
    EXPECT_EQ(third.step(seen::Answered{Answer::refused}, later, 0), Do::note);
    EXPECT_EQ(third.lost, now);
    EXPECT_EQ(third.tries.refusals, 1U);
}

}  // namespace
}  // namespace postroom::grants
