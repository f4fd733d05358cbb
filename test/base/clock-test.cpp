#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace postroom {
namespace {

using namespace std::chrono_literals;

Instant at(std::chrono::year_month_day day, Duration time)
{
    return Instant(std::chrono::sys_days(day)) + time;
}

TEST(Clock, the_system_clock_is_of_this_century_and_goes_on)
{
    Instant const first = system_clock().now();
    EXPECT_GT(first, at(std::chrono::year(2026) / 1 / 1, 0ms));
    EXPECT_GE(system_clock().now(), first);
}

TEST(Clock, a_manual_clock_stands_still_until_it_is_moved)
{
    Instant const start = at(std::chrono::year(2026) / 11 / 22, 9h);
    ManualClock clock(start);
    EXPECT_EQ(clock.now(), start);
    clock.advance(90s);
    EXPECT_EQ(clock.now(), start + 90s);
}

TEST(Rfc3339, is_written_in_utc_with_milliseconds)
{
    EXPECT_EQ(to_rfc3339(at(std::chrono::year(2026) / 11 / 22, 9h + 30min + 125ms)), "2026-11-22T09:30:00.125Z");
    EXPECT_EQ(to_rfc3339(Instant{}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(to_rfc3339(Instant(-1ms)), "1969-12-31T23:59:59.999Z");
}

struct Reading {
    char const* text;
    char const* same;
};
class ReadableTime : public testing::TestWithParam<Reading> {};

TEST_P(ReadableTime, gives_the_instant)
{
    auto const read = from_rfc3339(GetParam().text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(to_rfc3339(*read), GetParam().same);
}

// The first five are the examples of RFC 3339, section 5.8.
INSTANTIATE_TEST_SUITE_P(Rfc3339, ReadableTime,
                         testing::Values(Reading{"1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520Z"},
                                         Reading{"1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000Z"},
                                         Reading{"1990-12-31T23:59:60Z", "1990-12-31T23:59:59.000Z"},
                                         Reading{"1990-12-31T15:59:60-08:00", "1990-12-31T23:59:59.000Z"},
                                         Reading{"1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870Z"},
                                         Reading{"2024-02-29t00:00:00z", "2024-02-29T00:00:00.000Z"},
                                         Reading{"2026-11-22 09:30:00Z", "2026-11-22T09:30:00.000Z"},
                                         Reading{"2026-11-22T09:30:00.1239999Z", "2026-11-22T09:30:00.123Z"}));

class UnreadableTime : public testing::TestWithParam<char const*> {};

TEST_P(UnreadableTime, is_refused_with_what_would_be_right)
{
    auto const read = from_rfc3339(GetParam());
    ASSERT_FALSE(read) << to_rfc3339(*read);
    EXPECT_EQ(read.error().kind, Trouble::invalid);
    EXPECT_NE(read.error().message.find("2026-11-22T09:30:00Z"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Rfc3339, UnreadableTime,
                         testing::Values("", "now", "2026-11-22", "2026-11-22T09:30:00", "2026-11-22T09:30Z",
                                         "2026-11-22T09:30:00.Z", "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z",
                                         "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-22T24:00:00Z",
                                         "2026-11-22T09:60:00Z", "2026-11-22T09:30:61Z", "2026-11-22T09:30:00+24:00",
                                         "2026-11-22T09:30:00+0100", "2026-11-22T09:30:00Z ", "+026-11-22T09:30:00Z",
                                         "2026-11-22T09:-1:00Z", "2026-11-22T-9:30:00Z", " 2026-11-22T09:30:00Z"));

TEST(Rfc3339, refuses_every_cut)
{
    std::string const whole = "2026-11-22T09:30:00.125+01:00";
    ASSERT_TRUE(from_rfc3339(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(from_rfc3339(whole.substr(0, size))) << size;
}

TEST(Rfc3339, an_error_shows_control_characters_harmlessly)
{
    auto const read = from_rfc3339("\x1b[2J\r\nSet-Cookie: a" + std::string(9'000, 'x'));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().message.find('\x1b'), std::string::npos);
    EXPECT_EQ(read.error().message.find('\n'), std::string::npos);
    EXPECT_LT(read.error().message.size(), 300U);
}

}  // namespace
}  // namespace postroom
