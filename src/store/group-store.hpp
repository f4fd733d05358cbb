// What every database's store has in common: one thread that writes, in groups, and a few that read.
#pragma once

#include "store/session.hpp"
#include "store/store.hpp"

#include <memory>
#include <vector>

namespace postroom::store {

/// Throws Failure where the threads can't be started.
[[nodiscard]] std::unique_ptr<Store> make_group_store(Options const& options, std::unique_ptr<Session> writer,
                                                      std::vector<std::unique_ptr<Session>> readers);

}  // namespace postroom::store
