// What an agent writes, from the command line, a file or standard input.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace postroom::cli {

struct TextInput {
    std::string text, file;

    /// --text and --text-file, of which one is needed.
    void add_to(CLI::App& leaf);
    /// Throws Exit (wrong_usage) where there is neither, or the file can't be read.
    [[nodiscard]] std::string read() const;
};

}  // namespace postroom::cli
