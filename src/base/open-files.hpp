// How many files and connections this process may have open.
#pragma once

#include <cstddef>

namespace postroom {

/// Opens /dev/null where standard input, output or error is closed, so that no connection and no file of the store
/// takes its number, and is read or written in its place.
void hold_standard_files();
/// Raises the limit to what the system allows without asking anybody, which is often far above what it begins with.
/// Returns the limit that holds now.
std::size_t raise_open_files();
[[nodiscard]] std::size_t most_open_files();

}  // namespace postroom
