// A conversation with a mail server that was held here, or by another server of the installation, and how it is shown.
#pragma once

#include "checks/conversation.hpp"
#include "cli/server-client.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace postroom::cli {

/// As the API gives one (ConnectionTest), as far as it has no id.
[[nodiscard]] json::object connection_here(checks::Conversation const& talk);
/// `asked` is a NewConnection. Shows its steps as they come on stderr, and waits for its end. Throws Exit.
[[nodiscard]] json::object connection_elsewhere(ServerClient const& server, json::object const& asked);
[[nodiscard]] std::string connection_in_text(json::object const& talk);

}  // namespace postroom::cli
