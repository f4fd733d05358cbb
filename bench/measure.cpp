// Runs a command and writes what it took, of all its processes together, as one line of JSON:
//
//     bench-measure FILE COMMAND ARGUMENT…
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace {

double seconds(timeval const& time)
{
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc < 3) {
        std::fputs("usage: bench-measure FILE COMMAND ARGUMENT...\n", stderr);
        return 2;
    }
    auto const begun = std::chrono::steady_clock::now();
    auto const child = ::vfork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // whoever stops the benchmark stops what it measures
        ::execvp(argv[2], argv + 2);
        std::perror(argv[2]);
        ::_exit(127);
    }
    int status = 0;
    rusage used{};
    if (child < 0 || ::wait4(child, &status, 0, &used) != child) {
        std::perror("bench-measure");
        return 1;
    }
    auto const wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    auto* const file = std::fopen(argv[1], "w");
    if (file == nullptr) {
        std::perror(argv[1]);
        return 1;
    }
    fmt::print(file, "{{\"wall\": {:.6f}, \"cpu\": {:.6f}, \"peak_kib\": {}}}\n", wall,
               seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss);
    std::fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
