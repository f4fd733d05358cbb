// A run of the check list: which items look at what, and carrying that out, many at once, each after its grounds.
#pragma once

#include "checks/bench.hpp"

#include <functional>
#include <string>
#include <vector>

namespace postroom::checks {

/// What somebody wants to know. Empty: everything.
struct Wanted {
    std::vector<std::string> items;
    std::string account;    ///< its name
    std::string mailbox;    ///< its address; `account` is its account's then
    std::string server{};   ///< only there
    bool may_send = false;  ///< a marked mail of each mailbox to itself is agreed to
};

/// One item looks at one thing.
struct Task {
    Item const* item = nullptr;
    Target target;
};
/// In the order of the list, so that grounds come first.
[[nodiscard]] std::vector<Task> plan(Files const& files, Wanted const& wanted, Side side);

/// The task can't be told before that one, which is of one of its grounds, holds.
[[nodiscard]] bool rests_on(Task const& task, Task const& ground);

struct Told {
    model::Finding finding;
    std::string because;  ///< the ground that is gone; empty where it was looked
    Duration took{};
};
/// Called as each is told.
using Tell = std::function<net::awaitable<void>(Task task, Told told)>;

/// Throws what `tell` throws, once all have ended. A look that fails by itself is a finding that could not be told.
[[nodiscard]] net::awaitable<void> carry_out(std::shared_ptr<Bench> bench, std::vector<Task> tasks, Tell tell);

}  // namespace postroom::checks
