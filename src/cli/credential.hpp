// An identity application's credential on the command line: a client secret, from a file, standard input or the
// terminal, or a certificate's file.
#pragma once

#include "cli/output.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace postroom::cli {

struct CredentialInput {
    std::string secret_file, certificate, ends;

    /// --client-secret-file, --certificate and --ends; none of them goes with `instead`.
    void add_to(CLI::App& leaf, CLI::Option* instead = nullptr);
    /// Asks for the secret where neither file was named. Throws Exit.
    void put_into(json::object& body) const;
};

/// As people read them.
[[nodiscard]] std::string shown_credentials(json::array const& credentials);

}  // namespace postroom::cli
