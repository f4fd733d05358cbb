// What every mail that is written from the command line may have.
#pragma once

#include "cli/commands.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace postroom::cli {

struct AnswerOptions {
    std::vector<std::string> to, cc, bcc, files;
    std::string html_file, send_at;
    bool unsigned_ = false;
    bool undo = false;

    /// All but --text and --to, which differ.
    void add_to(CLI::App& leaf);
    /// Uploads the files, and sets the members. Throws Exit where a file can't be read, or the server refuses.
    void put_into(json::object& body, Talk& talk) const;
};

}  // namespace postroom::cli
