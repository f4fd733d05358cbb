#include "retriever/suspects.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>

namespace postroom::retriever {
namespace {

using Names = Suspects::Names;

Names names(std::initializer_list<int> numbers)
{
    Names all;
    for (auto const number : numbers) all.push_back(std::to_string(number));
    return all;
}
Names up_to(int last)
{
    Names all;
    for (int number = 1; number <= last; ++number) all.push_back(std::to_string(number));
    return all;
}

// A server that breaks the connection at each of `poison`, however it is asked. Returns what came, and what was given
// up.
struct Outcome {
    Names came, given_up;
    int connections = 0;
};
Outcome fetch_all(Names all, Names const& poison)
{
    Suspects suspects;
    Outcome outcome;
    auto const poisoned = [&](std::string const& uid) { return std::ranges::find(poison, uid) != poison.end(); };
    auto const done = [&](std::string const& uid) { std::erase(all, uid); };
    for (; !all.empty() && outcome.connections < 1'000; ++outcome.connections) {
        auto const plan = suspects.plan(all);
        Names came;
        bool broke = false;
        for (auto const& uid : plan.together) {
            if (poisoned(uid)) {
                broke = true;
                break;
            }
            came.push_back(uid);
            outcome.came.push_back(uid);
            done(uid);
        }
        if (broke) {
            suspects.broke(plan.together, came);
            continue;
        }
        for (auto const& uid : plan.alone) {
            if (!poisoned(uid)) {
                suspects.cleared(uid);
                outcome.came.push_back(uid);
                done(uid);
                continue;
            }
            if (suspects.broke_at(uid)) {
                suspects.cleared(uid);
                outcome.given_up.push_back(uid);
                done(uid);
            }
            break;
        }
    }
    return outcome;
}

TEST(Suspects, OnePoisonedMailHoldsUpNoOther)
{
    auto const outcome = fetch_all(up_to(5), names({3}));
    EXPECT_EQ(outcome.came, names({1, 2, 4, 5}));
    EXPECT_EQ(outcome.given_up, names({3}));
    EXPECT_EQ(outcome.connections, 4) << "one that breaks among others, and three alone";
}

TEST(Suspects, TheOthersComeBeforeTheSuspectsAreTriedAgain)
{
    auto const all = up_to(1'000);
    auto const outcome = fetch_all(all, names({1, 500, 501, 1'000}));
    EXPECT_EQ(outcome.came.size(), 996U);
    EXPECT_EQ(outcome.given_up.size(), 4U);
    EXPECT_LT(outcome.connections, 25);
}

TEST(Suspects, WhatComesAloneIsClearedAndForgotten)
{
    Suspects suspects;
    suspects.broke({"7", "8"}, {"7"});
    EXPECT_EQ(suspects.plan({"7", "8"}).alone, names({8}));
    EXPECT_FALSE(suspects.broke_at("8"));
    EXPECT_FALSE(suspects.broke_at("8"));
    suspects.cleared("8");
    EXPECT_TRUE(suspects.empty());
    EXPECT_FALSE(suspects.broke_at("8")) << "counted from the beginning";
}

TEST(Suspects, BlamesOnlyWhatCanHaveBeenUnderWay)
{
    auto const all = up_to(1'000);
    Suspects suspects;
    suspects.broke(all, {});
    EXPECT_EQ(suspects.plan(all).alone.size(), 100U);
    EXPECT_EQ(suspects.plan(all).together.front(), "101");
}

}  // namespace
}  // namespace postroom::retriever
