#include "base/open-files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

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

TEST(OpenFiles, HoldsAStandardFileThatIsClosed)
{
    int const kept = ::dup(STDIN_FILENO);
    ::close(STDIN_FILENO);
    hold_standard_files();
    char byte = 0;
    EXPECT_GE(::fcntl(STDIN_FILENO, F_GETFD), 0);
    EXPECT_EQ(::read(STDIN_FILENO, &byte, 1), 0);
    int const next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    EXPECT_GT(next, STDERR_FILENO);
    ::close(next);
    if (kept >= 0) {
        ::dup2(kept, STDIN_FILENO);
        ::close(kept);
    }
}

}  // namespace
}  // namespace postroom
