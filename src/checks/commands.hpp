// What can be typed to remedy a cause, with the names filled in: for administrators of Exchange and Entra in their
// PowerShell, and for Postroom's own in a shell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postroom::checks {

enum class CommandShell {
    exchange,  ///< Exchange Online PowerShell
    graph,     ///< Microsoft Graph PowerShell
    server,    ///< a shell of one of Postroom's servers
};
/// "exchange-online-powershell", "microsoft-graph-powershell", "shell"
[[nodiscard]] std::string_view to_string(CommandShell shell);
/// As people call it.
[[nodiscard]] std::string_view title_of(CommandShell shell);

struct Command {
    CommandShell shell = CommandShell::exchange;
    std::string text;
    std::string changes;  ///< English, marked
    std::string undo;     ///< a command of the same shell; empty where nothing is to be undone
};

/// As things are called here. What is empty stays a word in capitals, such as MAILBOX.
struct CommandNames {
    std::string mailbox;    ///< its address
    std::string submitter;  ///< whose mailbox signs in for sending
    std::string user;       ///< who is to have a right; empty with an application's own permissions
    std::string client_id;
    std::string account;
    std::string application;
};

/// In the order in which they are typed; several that begin with the same cause may be alternatives, and `changes` says
/// so. Empty where no command helps.
[[nodiscard]] std::vector<Command> commands_for(std::string_view cause, CommandNames const& names);

/// As one argument, whatever is in it: PowerShell ends a text in single quotes at any of five characters.
[[nodiscard]] std::string quoted(std::string_view text, CommandShell shell);

}  // namespace postroom::checks
