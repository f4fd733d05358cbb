// Mails that only memory holds: whom each still has to reach, and which goes first.
#include "alarms/unwritten.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::alarms {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class UnwrittenTest : public testing::Test {
protected:
    Letter add(std::string subject)
    {
        Letter letter{.id = model::NotificationId::make()};
        letter.recipients = {"ann@contoso.com", "bob@contoso.com"};
        letter.subject = std::move(subject);
        unwritten.add(letter, now);
        return letter;
    }
    std::string due()
    {
        auto const letter = unwritten.due(now);
        return letter ? letter->subject : "";
    }

    Unwritten::Time now{1000h};
    Unwritten unwritten;
};

TEST_F(UnwrittenTest, WaitsForThoseWhomItDidNotReach)
{
    auto const letter = add("begins");
    unwritten.settle(letter.id, {"ann@contoso.com"}, now);
    EXPECT_EQ(due(), "") << "not at once";
    now += 10s;
    ASSERT_EQ(due(), "begins");
    EXPECT_THAT(unwritten.due(now)->recipients, ElementsAre("bob@contoso.com"));
    unwritten.settle(letter.id, {"bob@contoso.com"}, now);
    now += 1h;
    EXPECT_EQ(due(), "");
}

TEST_F(UnwrittenTest, KeepsItsOrderButForThoseWhomNobodyTakes)
{
    auto const first = add("begins");
    auto const second = add("ends");
    unwritten.settle(first.id, {}, now);
    EXPECT_EQ(due(), "") << "nobody is told of an end whose beginning waits";
    now += 10s;
    EXPECT_EQ(due(), "begins");
    unwritten.settle(first.id, {"ann@contoso.com"}, now);
    EXPECT_EQ(due(), "ends");
    unwritten.settle(second.id, second.recipients, now);
    EXPECT_EQ(due(), "");
    now += 1min;
    EXPECT_EQ(due(), "begins");
}

TEST_F(UnwrittenTest, WhatMadeRoomWhileItWasUnderWaySettlesNoOther)
{
    auto const first = add("first");
    for (int i = 0; i < 10; ++i) (void)add("later");
    unwritten.settle(first.id, first.recipients, now);
    for (int i = 0; i < 10; ++i) {
        auto const letter = unwritten.due(now);
        ASSERT_TRUE(letter) << i;
        EXPECT_EQ(letter->subject, "later");
        unwritten.settle(letter->id, letter->recipients, now);
    }
    EXPECT_EQ(due(), "");
}

TEST_F(UnwrittenTest, IsGivenUpAfterThreeDays)
{
    auto const letter = add("begins");
    now += 71h;
    unwritten.settle(letter.id, {}, now);
    now += 30min;
    EXPECT_EQ(due(), "begins");
    now += 1h;
    unwritten.settle(letter.id, {}, now);
    now += 1h;
    EXPECT_EQ(due(), "");
}

}  // namespace
}  // namespace postroom::alarms
