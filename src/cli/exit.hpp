// How a command ends: the codes are a promise to scripts.
#pragma once

#include "base/result.hpp"

#include <stdexcept>
#include <string>

namespace postroom::cli {

enum ExitCode : int {
    done = 0,
    failed = 1,       ///< refused or failed: what, why and what next is on stderr
    wrong_usage = 2,  ///< the command line or the configuration is wrong
    no_server = 3,    ///< the running server can't be reached
    not_told = 4,     ///< instead of 1 and 2, where those say what was found: nothing was found out
};

/// Ends the command; main() prints the words and returns the code.
class Exit : public std::runtime_error {
public:
    Exit(ExitCode code, std::string const& words) : std::runtime_error(words), code_(code) {}
    [[nodiscard]] ExitCode code() const { return code_; }

private:
    ExitCode code_;
};

/// The value, or the end of the command.
template <class T>
[[nodiscard]] T or_exit(Result<T> result, ExitCode code = failed)
{
    if (!result) throw Exit(code, result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace postroom::cli
