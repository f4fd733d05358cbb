// Commands that remedy a cause, as a terminal shows them.
#pragma once

#include "checks/commands.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace postroom::cli {

/// Of a finding as the API gives it.
[[nodiscard]] std::vector<checks::Command> commands_of(boost::json::object const& finding);
/// A block a command: where to type it, what it is, what it changes, how to undo it. Each line begins with `indent`.
[[nodiscard]] std::string commands_in_text(std::vector<checks::Command> const& commands, std::string const& indent);

}  // namespace postroom::cli
