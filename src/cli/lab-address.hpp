// A running lab's API, for the commands that talk to it.
#pragma once

#include "cli/commands.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace postroom::cli {

struct LabAddress {
    std::string url = "http://localhost:8445", format = "text";

    void add_to(CLI::App& leaf, bool prints);
    /// Throws Exit: no_server where no lab is there, failed with its words where it refuses.
    [[nodiscard]] json::value call(std::string_view method, std::string const& path,
                                   std::optional<std::string> const& body = std::nullopt,
                                   std::string_view type = "application/json") const;
    void show(json::value const& answer, std::string const& text) const;
};

/// lab break, mend and faults.
void add_lab_ways(Commands& commands, CLI::App& lab);

}  // namespace postroom::cli
