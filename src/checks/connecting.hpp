// A conversation with a mail server that somebody asked this server of the installation for.
#pragma once

#include "checks/bench.hpp"
#include "checks/elsewhere.hpp"

#include <string>

namespace postroom::checks {

/// Holds it, with each step noted in the job as it ends, and finishes the job. Throws store::Failure.
[[nodiscard]] net::awaitable<void> hold_connection(Bench::Ground ground, store::Job job, std::string owner,
                                                   Connecting connecting);

}  // namespace postroom::checks
