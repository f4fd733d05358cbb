// Secrets come from a file, standard input or a prompt, never from the command line, where every process can read
// them.
#pragma once

#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace postroom::cli {

/// The first line of the file; "-" is standard input. Throws Exit.
[[nodiscard]] Secret secret_from(std::string const& file);
/// Asks on the terminal without showing what is typed. Throws Exit (wrong_usage) where there is no terminal, saying
/// that `option` is the way.
[[nodiscard]] Secret secret_from_terminal(std::string_view question, std::string_view option);

}  // namespace postroom::cli
