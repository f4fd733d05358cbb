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

    auto& file = commands.leaf(group, "file", say("Put one that can't be read into a case as it is"),
                               "postroom exception file 0192…\n  postroom exception file 0192… --case 7");
    auto const number = std::make_shared<std::int64_t>(0);
    file.add_option("id", *id, say("Its id, from postroom exception list"))->required();
    file.add_option("--case", *number, say("Into this case; otherwise one is opened"))
        ->check(positive())
        ->type_name(say("NUMBER"));
    commands.talks(file, [id, number](Talk& talk) {
        json::object body;
        if (*number > 0) body["case"] = *number;
        auto const answer = talk.server.send("POST", "/api/v1/exceptions/" + in_url(*id) + "/filing", body);
        talk.show(answer, say("It is in case {}.\n", member(answer.as_object(), "number")));
        return done;
    });
}

}  // namespace postroom::cli
