// postroom exception: mail that could not be made into cases, or that a screen holds, its bytes intact.
#include "cli/commands.hpp"

namespace postroom::cli {

void add_exception_commands(Commands& commands)
{
    auto& group = commands.group("exception", say("Mail that could not be made into cases, its bytes intact"));

    auto& list = commands.leaf(group, "list", say("List it, oldest first"), "postroom exception list");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.all("/api/v1/exceptions");
        talk.show(answer, table(answer.at("items").as_array(),
                                {{say("ID"), "id"},
                                 {say("MAILBOX"), "mailbox"},
                                 {say("SIZE"), "size"},
                                 {say("RECEIVED"), "received"},
                                 {say("TRIES"), "tries"},
                                 {say("SCREEN"), "screen", mark("screen")},
                                 {say("WHY"), "reason"}},
                                say("There is none.")));
        return done;
    });

    auto& retry =
        commands.leaf(group, "retry", say("Try to make one into a case again"), "postroom exception retry 0192…");
    auto const id = std::make_shared<std::string>();
    retry.add_option("id", *id, say("Its id, from postroom exception list"))->required();
    commands.talks(
        retry,
        [id](Talk& talk) {
            talk.server.send("POST", "/api/v1/exceptions/" + in_url(*id) + "/retry");
            print(say("It waits for triage again.\n"));
            return done;
        },
        false);

    auto& release = commands.leaf(group, "release", say("Make one that a screen holds a case after all"),
                                  "postroom exception release 0192…");
    release.add_option("id", *id, say("Its id, from postroom exception list"))->required();
    commands.talks(
        release,
        [id](Talk& talk) {
            talk.server.send("POST", "/api/v1/exceptions/" + in_url(*id) + "/release");
            print(say("It waits for triage, and meets no screen any more.\n"));
            return done;
        },
        false);
}

}  // namespace postroom::cli
