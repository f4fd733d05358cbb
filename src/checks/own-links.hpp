// What the vault of this server can't open, which keeps more than one item from being told.
#pragma once

#include <string>

namespace postroom::checks {

class Bench;

/// In words, of what stands in the store; empty where the vault opens one of each kind.
[[nodiscard]] std::string what_stays_shut(Bench const& bench);

}  // namespace postroom::checks
