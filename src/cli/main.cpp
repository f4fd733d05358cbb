// postroom: one program for the server, the lab and the commands.
#include "base/open-files.hpp"
#include "cli/commands.hpp"

#include <sodium.h>

#include <csignal>
#include <cstdio>

int main(int argc, char** argv)
{
    postroom::hold_standard_files();
    // A peer that went away is an error of one write, not the end of the program.
    std::signal(SIGPIPE, SIG_IGN);
    // A connection a mailbox, and more: the usual 1,024 is soon used up.
    postroom::raise_open_files();
    if (sodium_init() < 0) {
        std::fputs("postroom: libsodium can't be started\n", stderr);  // lint-strings: allow
        return 1;
    }
    return postroom::cli::run(argc, argv);
}
