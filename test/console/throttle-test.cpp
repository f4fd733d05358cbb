#include "console/throttle.hpp"

#include <gtest/gtest.h>

namespace postroom::console {
namespace {

using std::chrono::seconds;

TEST(Throttle, WaitsLongerWithEachFailureUpToABound)
{
    Throttle throttle({.free = 3, .first = seconds(1), .most = seconds(8)});
    Instant now(seconds(1'000));
    for (auto const expected : {0, 0, 1, 2, 4, 8, 8}) {
        EXPECT_EQ(throttle.wait("anna", now), Duration::zero());
        throttle.failed("anna", now);
        EXPECT_EQ(throttle.wait("anna", now), seconds(expected));
        EXPECT_EQ(throttle.wait("bert", now), Duration::zero());
        now += seconds(expected);
    }
    throttle.succeeded("anna");
    EXPECT_EQ(throttle.wait("anna", now), Duration::zero());
}

TEST(Throttle, ForgetsAfterAQuietTime)
{
    Throttle throttle({.free = 2, .forget = seconds(60)});
    Instant const start(seconds(1'000));
    throttle.failed("anna", start);
    throttle.failed("anna", start + seconds(61));
    EXPECT_EQ(throttle.wait("anna", start + seconds(61)), Duration::zero());
    throttle.failed("anna", start + seconds(62));
    EXPECT_GT(throttle.wait("anna", start + seconds(62)), Duration::zero());
}

TEST(Throttle, RemembersABoundedNumberOfKeys)
{
    Throttle throttle({.free = 1, .most = seconds(60), .keys = 3});
    Instant now(seconds(1'000));
    for (auto const* const name : {"a", "b", "c", "d"}) throttle.failed(name, now += Duration(1));
    EXPECT_EQ(throttle.wait("a", now), Duration::zero());  // the oldest made room
    EXPECT_GT(throttle.wait("b", now), Duration::zero());
    EXPECT_GT(throttle.wait("d", now), Duration::zero());
}

}  // namespace
}  // namespace postroom::console
