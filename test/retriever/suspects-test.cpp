#include "retriever/suspects.hpp"

#include "imap/session.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace postroom::retriever {
namespace {

using Uids = Suspects<imap::Uid>::Names;

// A server that breaks the connection at each of `poison`, however it is asked. Returns what came, and what was given
// up.
struct Outcome {
    Uids came, given_up;
    int connections = 0;
};
Outcome fetch_all(Uids all, Uids const& poison)
{
    Suspects<imap::Uid> suspects;
    Outcome outcome;
    auto const poisoned = [&](imap::Uid uid) { return std::ranges::find(poison, uid) != poison.end(); };
    auto const done = [&](imap::Uid uid) { std::erase(all, uid); };
    for (; !all.empty() && outcome.connections < 1'000; ++outcome.connections) {
        auto const plan = suspects.plan(all);
        Uids came;
        bool broke = false;
        for (auto const uid : plan.together) {
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
        for (auto const uid : plan.alone) {
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
    auto const outcome = fetch_all({1, 2, 3, 4, 5}, {3});
    EXPECT_EQ(outcome.came, (Uids{1, 2, 4, 5}));
    EXPECT_EQ(outcome.given_up, Uids{3});
    EXPECT_EQ(outcome.connections, 4) << "one that breaks among others, and three alone";
}

TEST(Suspects, TheOthersComeBeforeTheSuspectsAreTriedAgain)
{
    Uids all;
    for (imap::Uid uid = 1; uid <= 1'000; ++uid) all.push_back(uid);
    auto const outcome = fetch_all(all, {1, 500, 501, 1'000});
    EXPECT_EQ(outcome.came.size(), 996U);
    EXPECT_EQ(outcome.given_up.size(), 4U);
    EXPECT_LT(outcome.connections, 25);
}

TEST(Suspects, WhatComesAloneIsClearedAndForgotten)
{
    Suspects<imap::Uid> suspects;
    suspects.broke({7, 8}, {7});
    EXPECT_EQ(suspects.plan({7, 8}).alone, Uids{8});
    EXPECT_FALSE(suspects.broke_at(8));
    EXPECT_FALSE(suspects.broke_at(8));
    suspects.cleared(8);
    EXPECT_TRUE(suspects.empty());
    EXPECT_FALSE(suspects.broke_at(8)) << "counted from the beginning";
}

TEST(Suspects, BlamesOnlyWhatCanHaveBeenUnderWay)
{
    Uids all;
    for (imap::Uid uid = 1; uid <= 1'000; ++uid) all.push_back(uid);
    Suspects<imap::Uid> suspects;
    suspects.broke(all, {});
    EXPECT_EQ(suspects.plan(all).alone.size(), 100U);
    EXPECT_EQ(suspects.plan(all).together.front(), 101U);
}

}  // namespace
}  // namespace postroom::retriever
