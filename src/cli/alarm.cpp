// postroom alarm: what needs a person now.
#include "cli/commands.hpp"

namespace postroom::cli {

void add_alarm_commands(Commands& commands)
{
    auto& group = commands.group("alarm", "What needs a person now");
    auto& list = commands.leaf(group, "list", "List the alarms that are raised", "postroom alarm list");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/alarms");
        talk.show(
            answer,
            table(answer.at("items").as_array(),
                  {{"CAUSE", "cause"}, {"ABOUT", "subject"}, {"SINCE", "begun"}, {"COUNT", "count"}, {"WHAT", "words"}},
                  "There is none."));
        return done;
    });
}

}  // namespace postroom::cli
