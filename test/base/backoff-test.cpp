#include "base/backoff.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace postroom {
namespace {

using namespace std::chrono_literals;

double const almost_one = std::nextafter(1.0, 0.0);

TEST(Backoff, doubles_with_each_try_and_never_exceeds_the_most)
{
    Backoff const backoff{1s, 1min};
    for (auto const& [attempt, full] : {std::pair{1U, 1s}, {2U, 2s}, {3U, 4s}, {6U, 32s}, {7U, 60s}, {8U, 60s}}) {
        EXPECT_EQ(backoff.before(attempt, 0.0), Duration(full) / 2) << attempt;
        EXPECT_LE(backoff.before(attempt, almost_one), Duration(full)) << attempt;
        EXPECT_GE(backoff.before(attempt, almost_one), Duration(full) - 1ms) << attempt;
    }
}

TEST(Backoff, counts_a_try_number_of_0_as_the_first)
{
    EXPECT_EQ(Backoff{}.before(0, 0.5), Backoff{}.before(1, 0.5));
}

TEST(Backoff, does_not_overflow_however_long_it_has_failed)
{
    Backoff const days{std::chrono::days(30), std::chrono::days(300)};
    for (unsigned const attempt : {31U, 32U, 64U, std::numeric_limits<unsigned>::max()}) {
        EXPECT_EQ(Backoff{}.before(attempt, 0.0), 150s) << attempt;
        EXPECT_EQ(days.before(attempt, 0.0), std::chrono::days(150)) << attempt;
    }
}

TEST(Backoff, a_first_wait_above_the_most_is_the_most)
{
    EXPECT_EQ((Backoff{10s, 4s}.before(1, 0.0)), 2s);
    EXPECT_LE((Backoff{10s, 4s}.before(1, almost_one)), 4s);
}

}  // namespace
}  // namespace postroom
