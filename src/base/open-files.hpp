// How many files and connections this process may have open.
#pragma once

#include <cstddef>

namespace postroom {

/// Raises the limit to what the system allows without asking anybody, which is often far above what it begins with.
/// Returns the limit that holds now.
std::size_t raise_open_files();
[[nodiscard]] std::size_t most_open_files();

}  // namespace postroom
