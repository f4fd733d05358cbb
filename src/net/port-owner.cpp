#include "net/port-owner.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace postroom::net {

namespace {

namespace fs = std::filesystem;

// Lines of /proc/net/tcp: "sl local_address rem_address st … inode"; 0A is LISTEN (proc(5)).
void add_listeners(char const* table, std::uint16_t port, std::set<std::string>& links)
{
    std::ifstream file(table);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        std::istringstream fields(line);
        std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
        fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
        if (state == "0A" && local.ends_with(fmt::format(":{:04X}", port))) links.insert("socket:[" + inode + "]");
    }
}

}  // namespace

std::string port_owner(std::uint16_t port)
{
    std::set<std::string> links;
    add_listeners("/proc/net/tcp", port, links);
    add_listeners("/proc/net/tcp6", port, links);
    if (links.empty()) return {};
    std::error_code error;
    for (auto process = fs::directory_iterator("/proc", error); !error && process != fs::directory_iterator();
         process.increment(error)) {
        auto const id = process->path().filename().string();
        if (id.find_first_not_of("0123456789") != std::string::npos) continue;
        std::error_code hidden;  // another user's
        for (auto open = fs::directory_iterator(process->path() / "fd", hidden);
             !hidden && open != fs::directory_iterator(); open.increment(hidden)) {
            std::error_code gone;
            if (!links.contains(fs::read_symlink(open->path(), gone).string())) continue;
            std::ifstream name(process->path() / "comm");
            std::string command;
            std::getline(name, command);
            return fmt::format("{} (process {})", printable(command, 64), id);
        }
    }
    return {};
}

}  // namespace postroom::net
