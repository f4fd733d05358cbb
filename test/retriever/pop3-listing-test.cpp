#include "retriever/pop3-listing.hpp"

#include "net/broken.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

namespace postroom::retriever {
namespace {

using pop3::Listed;
using store::NamedMail;
using Listing = std::vector<Listed>;
using Known = std::vector<NamedMail>;

TEST(Pop3ListingTest, TellsNewMailFromOldAndFromGone)
{
    Pop3Listing const listing({{1, "c"}, {2, "a"}, {3, "d"}, {4, "b"}});
    auto const difference = listing.less({{"e", 5}, {"c", 3}, {"a", 1}});
    EXPECT_EQ(difference.unknown, (Listing{{3, "d"}, {4, "b"}})) << "in the order of the server's numbers";
    EXPECT_EQ(difference.gone, (Known{{"e", 5}}));
    EXPECT_EQ(listing.number_of("a"), 2U);
    EXPECT_EQ(listing.number_of("e"), 0U);
    EXPECT_EQ(listing.number_of(""), 0U);
}

TEST(Pop3ListingTest, NothingOnEitherSide)
{
    EXPECT_TRUE(Pop3Listing({}).less({}).unknown.empty());
    EXPECT_EQ(Pop3Listing({}).less({{"a", 1}, {"b", 2}}).gone.size(), 2U);
    EXPECT_EQ(Pop3Listing({{1, "a"}}).less({}).unknown, (Listing{{1, "a"}}));
}

TEST(Pop3ListingTest, NumbersMeanNothingBetweenSessions)
{
    Known const known{{"a", 1}, {"b", 2}, {"c", 3}};
    for (auto const& listed : {Listing{{1, "a"}, {2, "b"}, {3, "c"}}, Listing{{3, "a"}, {1, "b"}, {2, "c"}}}) {
        auto const difference = Pop3Listing(listed).less(known);
        EXPECT_TRUE(difference.unknown.empty());
        EXPECT_TRUE(difference.gone.empty());
    }
}

TEST(Pop3ListingTest, EqualIdsAreSeveralMails)
{
    Pop3Listing const listing({{1, "a"}, {2, "a!"}, {3, "a"}, {4, "a"}, {5, "b"}});
    EXPECT_EQ(listing.less({}).unknown, (Listing{{1, "a"}, {2, "a!"}, {3, "a 2"}, {4, "a 3"}, {5, "b"}}));
    EXPECT_EQ(listing.number_of("a"), 1U);
    EXPECT_EQ(listing.number_of("a 2"), 3U);
    EXPECT_EQ(listing.number_of("a!"), 2U);
    EXPECT_TRUE(listing.less({{"a", 1}, {"a 2", 2}, {"a!", 3}, {"a 3", 4}, {"b", 5}}).unknown.empty());
}

TEST(Pop3ListingTest, OneNumberUnderTwoIdsIsNoList)
{
    for (auto const& listed : {Listing{{1, "a"}, {2, "b"}, {1, "c"}}, Listing{{1, "a"}, {1, "a"}}}) try {
            Pop3Listing const listing(listed);
            ADD_FAILURE() << "taken";
        } catch (net::Broken const& broken) {
            EXPECT_EQ(broken.kind(), Trouble::protocol);
            EXPECT_NE(std::string(broken.what()).find("mail 1 twice, as \"a\""), std::string::npos) << broken.what();
        }
}

TEST(Pop3ListingTest, AHundredThousandMailsAgainstAHundredThousand)
{
    std::mt19937 random(20'261'122);
    Listing listed;
    Known known;
    for (std::uint32_t i = 1; i <= 100'000; ++i) {
        auto const id = "AAMkAGI2TG93AAA=" + std::to_string(7'919ULL * i) + std::string(40, 'x');
        if (i % 1'000 != 0) known.push_back({id, i});  // a hundred are new
        if (i % 500 != 1) listed.push_back({i, id});   // two hundred are gone
    }
    std::ranges::shuffle(known, random);
    std::ranges::shuffle(listed, random);
    auto const began = std::chrono::steady_clock::now();
    Pop3Listing const listing(std::move(listed));
    auto const difference = listing.less(std::move(known));
    auto const took = std::chrono::steady_clock::now() - began;
    RecordProperty("milliseconds",
                   static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
    EXPECT_EQ(difference.unknown.size(), 100U);
    EXPECT_EQ(difference.gone.size(), 200U);
    EXPECT_TRUE(std::ranges::is_sorted(difference.unknown, {}, &Listed::number));
}

}  // namespace
}  // namespace postroom::retriever
