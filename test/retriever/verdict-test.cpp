#include "retriever/verdict.hpp"

#include <gtest/gtest.h>

namespace postroom::retriever {
namespace {

TEST(Verdict, ObeysTheServersOwnMilliseconds)
{
    // imapsync, imapflow: what Exchange Online says, tagged and untagged.
    Error const throttled{Trouble::refused, "NO Request is throttled. Suggested Backoff Time: 299961 milliseconds"};
    EXPECT_EQ(judge(throttled, 1, 0.0, true).wait, Duration(299'961));
    EXPECT_EQ(judge(throttled, 9, 0.9, true).wait, Duration(299'961));
    EXPECT_EQ(suggested_backoff("Suggested Backoff Time: 99999999 milliseconds"), Duration(600'000));
    EXPECT_EQ(suggested_backoff("Suggested Backoff Time: soon"), std::nullopt);
    EXPECT_EQ(suggested_backoff("Suggested Backoff Time: -5 milliseconds"), std::nullopt);
    EXPECT_EQ(suggested_backoff(""), std::nullopt);
}

TEST(Verdict, TakesTheEndOfATokenForNoTrouble)
{
    Error const expired{Trouble::closed, "the server said BYE Session invalidated - AccessTokenExpired"};
    auto const verdict = judge(expired, 5, 0.5, true);
    EXPECT_FALSE(verdict.counts);
    EXPECT_EQ(verdict.wait, Duration(0));
}

TEST(Verdict, ASessionThatEndsBeforeItsFirstLookIsTrouble)
{
    // A server whose clock is wrong says so at every sign-in.
    Error const expired{Trouble::closed, "the server said BYE Session invalidated - AccessTokenExpired"};
    auto const verdict = judge(expired, 1, 0.0, false);
    EXPECT_TRUE(verdict.counts);
    EXPECT_GT(verdict.wait, Duration(0));
}

TEST(Verdict, WaitsLongerEachTimeAndLongerForARefusal)
{
    Error const cut{Trouble::closed, "the server closed the connection"};
    Error const refused{Trouble::refused, "NO AUTHENTICATE failed."};
    EXPECT_LT(judge(cut, 1, 0.5, true).wait, judge(cut, 3, 0.5, true).wait);
    EXPECT_LT(judge(cut, 1, 0.5, true).wait, judge(refused, 1, 0.5, true).wait);
    for (unsigned failures = 1; failures < 100; ++failures) {
        EXPECT_LE(judge(cut, failures, 0.999, true).wait, Duration(120'000));
        EXPECT_LE(judge(refused, failures, 0.999, true).wait, Duration(300'000));
        EXPECT_GT(judge(cut, failures, 0.0, true).wait, Duration(0));
    }
}

}  // namespace
}  // namespace postroom::retriever
