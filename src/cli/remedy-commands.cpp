#include "cli/remedy-commands.hpp"

#include "cli/output.hpp"
#include "cli/speech.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

namespace postroom::cli {

namespace json = boost::json;

std::vector<checks::Command> commands_of(json::object const& finding)
{
    std::vector<checks::Command> all;
    auto const* const list = finding.if_contains("commands");
    if (list == nullptr || !list->is_array()) return all;
    for (auto const& each : list->get_array()) {
        auto const& command = each.as_object();
        auto shell = checks::CommandShell::server;
        for (auto const known : {checks::CommandShell::exchange, checks::CommandShell::graph})
            if (to_string(known) == member(command, "shell")) shell = known;
        all.push_back({shell, member(command, "text"), member(command, "changes"), member(command, "undo")});
    }
    return all;
}

std::string commands_in_text(std::vector<checks::Command> const& commands, std::string const& indent)
{
    std::string text;
    for (auto const& each : commands) {
        text += fmt::format("{0}{1}:\n{0}  {2}\n{0}  {3}\n", indent, title_of(each.shell), each.text,
                            spoken().say_marked(each.changes));
        if (!each.undo.empty()) text += fmt::format("{}  {}: {}\n", indent, say("Undo"), each.undo);
    }
    return text;
}

}  // namespace postroom::cli
