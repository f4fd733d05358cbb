// What can't be noted in the store: when which server tells it.
#include "alarms/standstill.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::alarms {
namespace {

using namespace std::chrono_literals;
using model::Telling;

class StandstillTest : public testing::Test {
protected:
    std::optional<Telling> after(Duration time, bool first = true)
    {
        now += time;
        auto const told = standstill.look(trouble, {.quiet = 1min}, 4h, first, now);
        if (!told) return std::nullopt;
        EXPECT_EQ(told->call.cause, "store-standstill");
        EXPECT_EQ(told->call.words, "the disk is full");
        EXPECT_EQ(told->call.amount, 1);
        return told->what;
    }
    void begin() { trouble = {now, "the disk is full"}; }

    Instant now{std::chrono::hours(1000)};
    std::optional<store::Store::Standstill> trouble;
    Standstill standstill;
};

TEST_F(StandstillTest, BeginsOnceItLastsAndRemindsAndEnds)
{
    EXPECT_EQ(after(1h), std::nullopt);
    begin();
    EXPECT_EQ(after(5s), std::nullopt);
    EXPECT_EQ(after(1min), Telling::begins);
    EXPECT_EQ(after(1h), std::nullopt);
    EXPECT_EQ(after(3h), Telling::reminds);
    trouble.reset();
    EXPECT_EQ(after(5s), std::nullopt);
    EXPECT_EQ(after(1min), Telling::ends);
    EXPECT_EQ(after(1h), std::nullopt);
    begin();
    EXPECT_EQ(after(1min), Telling::begins) << "the next one is another";
}

TEST_F(StandstillTest, IsToldToNobodyWhereItIsShort)
{
    begin();
    EXPECT_EQ(after(30s), std::nullopt);
    trouble.reset();
    EXPECT_EQ(after(5s), std::nullopt);
    EXPECT_EQ(after(1h), std::nullopt);
}

TEST_F(StandstillTest, AServerThatIsNotTheFirstWaitsForTheOne)
{
    begin();
    EXPECT_EQ(after(5min, false), std::nullopt);
    EXPECT_EQ(after(6min, false), Telling::begins);
    trouble.reset();
    EXPECT_EQ(after(5s, false), std::nullopt);
    EXPECT_EQ(after(1min, false), Telling::ends);
}

TEST_F(StandstillTest, AServerThatIsNotTheFirstWaitsAnewForWhatComesBack)
{
    begin();
    EXPECT_EQ(after(2min, false), std::nullopt);
    trouble.reset();
    EXPECT_EQ(after(5s, false), std::nullopt);
    EXPECT_EQ(after(9min, false), std::nullopt);
    begin();
    EXPECT_EQ(after(5s, false), std::nullopt);
    EXPECT_EQ(after(10min, false), std::nullopt);
    EXPECT_EQ(after(1min, false), Telling::begins);
}

}  // namespace
}  // namespace postroom::alarms
