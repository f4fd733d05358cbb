// postroom alarm: what needs a person now.
#include "cli/commands.hpp"

namespace postroom::cli {

void add_alarm_commands(Commands& commands)
{
    auto& group = commands.group("alarm", say("What needs a person now"));
    auto& list = commands.leaf(group, "list", say("List the alarms that are raised"), "postroom alarm list");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/alarms");
        talk.show(answer, table(answer.at("items").as_array(),
                                {{say("CAUSE"), "cause"},
                                 {say("ABOUT"), "subject"},
                                 {say("SINCE"), "begun"},
                                 {say("COUNT"), "count"},
                                 {say("WHAT"), "words"}},
                                say("There is none.")));
        return done;
    });
}

}  // namespace postroom::cli
