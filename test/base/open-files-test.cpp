#include "base/open-files.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace postroom {
namespace {

TEST(OpenFiles, RaisesTheLimitToWhatIsAllowed)
{
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit low = before;
    low.rlim_cur = 100;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    EXPECT_EQ(most_open_files(), 100U);
    EXPECT_EQ(raise_open_files(), before.rlim_max);
    EXPECT_EQ(most_open_files(), before.rlim_max);
    EXPECT_EQ(raise_open_files(), before.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace postroom
