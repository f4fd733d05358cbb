// postroom retrieve: look now.
#include "cli/commands.hpp"

#include <fmt/format.h>

namespace postroom::cli {

void add_retrieve_command(Commands& commands)
{
    auto& retrieve =
        commands.leaf(commands.root(), "retrieve", say("Compare mailboxes with their servers now"),
                      "postroom retrieve --once\n  postroom retrieve --once --mailbox sales@contoso.com",
                      say("The server retrieves by itself all the time; this waits for one look to be done. "
                          "Exit code 1 where a mailbox could not be looked into."));
    struct Given {
        bool once = false;
        std::string mailbox;
    };
    auto const given = std::make_shared<Given>();
    retrieve.add_flag("--once", given->once, say("Once, and tell what came of it"))->required();
    retrieve.add_option("--mailbox", given->mailbox, say("This one only"))->type_name(say("ADDRESS"));
    commands.talks(retrieve, [given](Talk& talk) -> int {
        json::object body;
        if (!given->mailbox.empty()) body["mailbox"] = given->mailbox;
        auto const answer = talk.server.send("POST", "/api/v1/retrievals", body);
        auto const& items = answer.at("items").as_array();
        talk.show(
            answer,
            table(items,
                  {{say("MAILBOX"), "mailbox"}, {say("OK"), "ok"}, {say("FILED"), "filed"}, {say("WHY"), "reason"}},
                  say("There is no mailbox yet: postroom mailbox add ADDRESS --account NAME")));
        for (auto const& each : items)
            if (!each.at("ok").as_bool()) return failed;
        return done;
    });
}

}  // namespace postroom::cli
