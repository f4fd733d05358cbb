#include "cli/retrieval-progress.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace postroom::cli {
namespace {

constexpr Instant begun{Duration(1'800'000'000'000)};

TEST(RetrievalProgress, TellsCountBytesRateAndTimeLeft)
{
    RetrievalProgress const half{.wanted = 400, .come = 100, .bytes = 10'000'000, .begun = begun};
    EXPECT_EQ(half.words(begun + Duration(10'000), 8), "[##......] 100 of 400 mails, 10.0 MB, 1.0 MB/s, 30 s left");
    EXPECT_EQ(half.words(begun + Duration(10'000), 0), "100 of 400 mails, 10.0 MB, 1.0 MB/s, 30 s left");
    EXPECT_EQ(half.words(begun + Duration(100'000), 0), "100 of 400 mails, 10.0 MB, 100 kB/s, 5:00 min left");
    EXPECT_EQ(half.words(begun + Duration(10'000'000), 0), "100 of 400 mails, 10.0 MB, 1 kB/s, 8:20 h left");
}

TEST(RetrievalProgress, SaysNothingOfWhatItCannotKnow)
{
    RetrievalProgress const none{.wanted = 400, .come = 0, .bytes = 5'000, .begun = begun};
    EXPECT_EQ(none.words(begun + Duration(5'000), 4), "[....] 0 of 400 mails, 5 kB, 1 kB/s");
    EXPECT_EQ(none.words(begun, 4), "[....] 0 of 400 mails, 5 kB");
    EXPECT_EQ(none.words(begun - Duration(60'000), 4), "[....] 0 of 400 mails, 5 kB") << "clocks differ";
    // More came than was new: mail comes while it is fetched.
    RetrievalProgress const more{.wanted = 4, .come = 6, .bytes = 5'000, .begun = begun};
    EXPECT_EQ(more.words(begun + Duration(5'000), 4), "[####] 6 of 4 mails, 5 kB, 1 kB/s");
}

TEST(RetrievalProgress, IsReadFromTheApiAndAddedUp)
{
    auto const idle = boost::json::parse(R"({"figures":{"progress":null}})");
    EXPECT_FALSE(RetrievalProgress::of(idle.as_object()));
    auto const busy = boost::json::parse(
        R"({"figures":{"progress":{"wanted":10,"come":3,"bytes":2000,"begun":"2027-01-15T08:00:00Z"}}})");
    auto sum = RetrievalProgress::of(busy.as_object()).value();
    EXPECT_EQ(sum.begun, begun);
    sum += RetrievalProgress{.wanted = 1, .come = 1, .bytes = 1, .begun = begun - Duration(1)};
    EXPECT_EQ(sum.wanted, 11);
    EXPECT_EQ(sum.come, 4);
    EXPECT_EQ(sum.bytes, 2'001);
    EXPECT_EQ(sum.begun, begun - Duration(1));
}

}  // namespace
}  // namespace postroom::cli
