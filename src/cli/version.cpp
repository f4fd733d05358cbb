// postroom version: of this program, and of the server where one runs.
#include "cli/commands.hpp"

#include "base/version.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

namespace postroom::cli {

void add_version_command(Commands& commands)
{
    auto& leaf =
        commands.leaf(commands.root(), "version", say("The version of this program, and of the running server"),
                      "postroom version --format json");
    commands.talks(leaf, [](Talk& talk) {
        json::object all{{"program", std::string(version)}, {"server", nullptr}};
        std::string text = fmt::format("postroom {}\n", version);
        try {
            auto const server = talk.server.get("/api/v1/version");
            text += say("server   {}, schema {}\n", member(server.as_object(), "version"),
                        member(server.as_object(), "schema"));
            all["server"] = server;
        } catch (Exit const& exit) {
            if (exit.code() != no_server) throw;
            text += say("server   none can be reached\n");
        }
        talk.show(all, text);
        return done;
    });
}

}  // namespace postroom::cli
