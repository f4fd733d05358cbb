// postroom-power-cut: the program over a disk whose power can be cut (power-cut-vfs.hpp); for tests, never installed.
// kill -9 loses all that was not synced. SIGUSR2 leaves a random part of it, drawn from $POWER_CUT_SEED, and ends the
// process as well. SIGUSR1 fills the disk, and the next one makes room again. $SYNC_MILLISECONDS is how long each sync
// takes; $SYNCHRONOUS weakens the store, for tests that must notice it.
#include "power-cut-vfs.hpp"

#include "cli/commands.hpp"

#include <sodium.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

std::string setting(char const* name)
{
    char const* const value = std::getenv(name);
    return value ? value : "";
}

// Signals come to this thread alone, which may take locks.
void obey(postroom::test::Disk& disk)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    auto const seed = std::strtoull(setting("POWER_CUT_SEED").c_str(), nullptr, 10);
    std::thread([&disk, signals, seed] {
        for (bool full = false;;) {
            int got = 0;
            if (sigwait(&signals, &got) != 0) continue;
            if (got == SIGUSR2) disk.cut(seed, false);
            full = !full;
            disk.fill(full);
        }
    }).detach();
}

}  // namespace

int main(int argc, char** argv)
{
    std::signal(SIGPIPE, SIG_IGN);
    if (sodium_init() < 0) {
        std::fputs("postroom-power-cut: libsodium can't be started\n", stderr);
        return 1;
    }
    if (auto const level = setting("SYNCHRONOUS"); !level.empty()) postroom::test::Disk::weaken(level);
    auto& disk = postroom::test::Disk::install();
    disk.delay_syncs(std::chrono::milliseconds(std::strtoll(setting("SYNC_MILLISECONDS").c_str(), nullptr, 10)));
    obey(disk);
    postroom::cli::Commands commands;
    return commands.run(argc, argv);
}
