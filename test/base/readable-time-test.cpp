#include "base/readable-time.hpp"

#include <gtest/gtest.h>

namespace postroom {
namespace {

using namespace std::chrono_literals;

TEST(ReadableTime, IsInWholeSecondsOfUtc)
{
    EXPECT_EQ(to_readable(from_rfc3339("2026-11-22T10:54:41.665Z").value()), "2026-11-22 10:54:41 UTC");
    EXPECT_EQ(to_readable(from_rfc3339("2026-11-22T00:00:00+02:00").value()), "2026-11-21 22:00:00 UTC");
    EXPECT_EQ(to_readable(Instant(-1ms)), "1969-12-31 23:59:59 UTC");
}

}  // namespace
}  // namespace postroom
