// Several coroutines beside each other, a few at a time, and the end of them all.
#pragma once

#include "net/transport.hpp"

#include <functional>
#include <vector>

namespace postroom::grants {

/// Throws nothing of its own accord.
using Task = std::function<net::awaitable<void>()>;

/// Returns when every task has ended. What a task throws goes through, once all have ended.
[[nodiscard]] net::awaitable<void> together(std::vector<Task> tasks, std::size_t at_once);

}  // namespace postroom::grants
