#include "imap/codec/date.hpp"

#include <gtest/gtest.h>

namespace postroom::imap {
namespace {

using namespace std::chrono_literals;

TEST(Date, Reads)
{
    EXPECT_EQ(from_date_time("17-Jul-1996 02:44:25 -0700"), Instant(837596665s));
    EXPECT_EQ(from_date_time(" 1-Jan-1970 01:00:00 +0100"), Instant(0s));
    EXPECT_EQ(from_date_time("1-jan-1970 00:00:00 +0000"), Instant(0s));
    for (auto const text :
         {"", "17-Jul-1996", "17-Jly-1996 02:44:25 -0700", "32-Jul-1996 02:44:25 -0700", "30-Feb-1996 02:44:25 -0700",
          "17-Jul-1996 24:44:25 -0700", "17-Jul-1996 02:44:25 07000", "17-Jul-1996 02:4x:25 -0700", "-",
          "-Jul-1996 02:44:25 -0700", "117-Jul-1996 02:44:25 -0700", "17-Jul-1996 02:44:25 -0760"})
        EXPECT_FALSE(from_date_time(text)) << text;
}

TEST(Date, Writes)
{
    EXPECT_EQ(to_date_time(Instant(837596665s)), "17-Jul-1996 09:44:25 +0000");
    EXPECT_EQ(to_date(Instant(837596665s)), "17-Jul-1996");
    EXPECT_EQ(to_date(Instant(0s)), "1-Jan-1970");
    EXPECT_EQ(from_date_time(to_date_time(Instant(1'795'305'600s))), Instant(1'795'305'600s));
}

}  // namespace
}  // namespace postroom::imap
