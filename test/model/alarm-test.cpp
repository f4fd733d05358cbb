#include "model/alarm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::model {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(AlarmTest, ReadsARule)
{
    auto const time = parse_alarm_rule(Measure::time, "15m quiet 30s").value();
    EXPECT_TRUE(time.on);
    EXPECT_EQ(time.time, 15min);
    EXPECT_EQ(time.quiet, 30s);
    EXPECT_EQ(parse_alarm_rule(Measure::number, "20").value().number, 20);
    EXPECT_EQ(parse_alarm_rule(Measure::none, "on quiet 2h").value().quiet, 2h);
    EXPECT_FALSE(parse_alarm_rule(Measure::time, "off").value().on);
    EXPECT_FALSE(parse_alarm_rule(Measure::number, "off quiet 1m").value().on);
}

TEST(AlarmTest, RefusesWhatIsNone)
{
    for (auto const* wrong : {"", " ", "15", "m", "-1m", "15m quiet", "15m loud 1m", "15m quiet 1m more", "on",
                              "99999999d", "1.5h", "15m quiet x", "15M"})
        EXPECT_FALSE(parse_alarm_rule(Measure::time, wrong)) << wrong;
    for (auto const* wrong : {"", "on", "15m", "-1", "1e3", "9999999999"})
        EXPECT_FALSE(parse_alarm_rule(Measure::number, wrong)) << wrong;
    for (auto const* wrong : {"", "20", "15m", "ON"}) EXPECT_FALSE(parse_alarm_rule(Measure::none, wrong)) << wrong;
    EXPECT_THAT(parse_alarm_rule(Measure::none, "20").error().message, HasSubstr("on or off"));
}

TEST(AlarmTest, EveryKindIsThereOnce)
{
    for (auto const& kind : alarm_kinds()) EXPECT_EQ(find_alarm_kind(kind.cause), &kind);
    EXPECT_EQ(find_alarm_kind("nothing"), nullptr);
}

}  // namespace
}  // namespace postroom::model
