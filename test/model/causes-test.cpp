// The catalogue itself: complete, unambiguous, written down in docs/causes.md.
#include "model/causes.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace postroom::model {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Causes, HoldAllOfEntrasNumbersAndTheOthers)
{
    EXPECT_EQ(state_of_knowledge(), "2026-09-30");
    auto const is_code = [](Cause const& cause) { return cause.id.starts_with("AADSTS"); };
    EXPECT_EQ(std::ranges::count_if(causes(), is_code), 212);
    EXPECT_GT(std::ranges::count_if(causes(), std::not_fn(is_code)), 70);
    EXPECT_EQ(find_cause("AADSTS1"), nullptr);
    EXPECT_EQ(find_cause(""), nullptr);
    ASSERT_NE(find_cause("AADSTS50011"), nullptr);
    EXPECT_EQ(find_cause("AADSTS50011")->check, "redirect-url");
}

TEST(Causes, SayAllThatAPersonNeeds)
{
    std::set<std::string> ids;
    for (auto const& cause : causes()) {
        EXPECT_TRUE(ids.insert(cause.id).second) << cause.id;
        EXPECT_TRUE(std::regex_match(cause.id, std::regex("AADSTS[0-9]{4,8}|[a-z0-9]+(-[a-z0-9]+)*"))) << cause.id;
        EXPECT_TRUE(std::regex_match(cause.check, std::regex("[a-z0-9]+(-[a-z0-9]+)*"))) << cause.id;
        for (auto const* const words : {&cause.title, &cause.meaning, &cause.remedy, &cause.source})
            EXPECT_THAT(*words, Not(IsEmpty())) << cause.id;
        EXPECT_FALSE(cause.title.ends_with('.')) << cause.id;
        EXPECT_LE(cause.title.size(), 80U) << cause.id;
        EXPECT_TRUE(parse_responsible(to_string(cause.owner))) << cause.id;
        EXPECT_TRUE(parse_evidence(to_string(cause.evidence))) << cause.id;
    }
}

TEST(Causes, EachCanBeReached)
{
    std::set<Cause const*> reached;
    for (auto const& refusal : refusals()) {
        EXPECT_THAT(refusal.causes, Not(IsEmpty())) << refusal.example;
        reached.insert(refusal.causes.begin(), refusal.causes.end());
    }
    // Or by an item of the check list, which says it of what nobody refused.
    std::string items;
    for (auto const& each : std::filesystem::directory_iterator(POSTROOM_SOURCE_DIR "/src/checks")) {
        std::ifstream file(each.path());
        items.append(std::istreambuf_iterator<char>(file), {});
    }
    for (auto const& cause : causes())
        if (!cause.id.starts_with("AADSTS"))
            EXPECT_TRUE(reached.contains(&cause) || items.find('"' + cause.id + '"') != items.npos) << cause.id;
}

TEST(Causes, EachIsInTheDocumentation)
{
    std::ifstream file(POSTROOM_SOURCE_DIR "/docs/causes.md");
    std::string const page{std::istreambuf_iterator<char>(file), {}};
    for (auto const& cause : causes()) {
        EXPECT_THAT(page, HasSubstr("`" + cause.id + "`"));
        EXPECT_THAT(page, HasSubstr(cause.title)) << cause.id << ": tools/write-causes writes the page anew";
    }
}

TEST(Finding, HasAWordForEachOutcomeAndOwner)
{
    for (auto const outcome : {Outcome::holds, Outcome::fails, Outcome::warns, Outcome::could_not_be_told})
        EXPECT_EQ(parse_outcome(to_string(outcome)), outcome);
    EXPECT_EQ(in_words(Responsible::exchange).english(), "Exchange administrator");
    EXPECT_FALSE(parse_responsible("nobody"));
}

}  // namespace
}  // namespace postroom::model
