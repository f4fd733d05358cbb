// postroom department: what owns accounts, mailboxes and cases.
#include "cli/commands.hpp"

namespace postroom::cli {

void add_department_commands(Commands& commands)
{
    auto& group = commands.group("department", say("What owns accounts, mailboxes and cases"));

    auto& add = commands.leaf(group, "add", say("Add a department"), "postroom department add \"Customer care\"");
    auto const name = std::make_shared<std::string>();
    add.add_option("name", *name, say("Its name"))->required();
    commands.talks(add, [name](Talk& talk) {
        auto const answer = talk.server.send("POST", "/api/v1/departments", json::object{{"name", *name}});
        talk.show(answer, say("Department {} added.\n", *name));
        return done;
    });

    auto& list = commands.leaf(group, "list", say("List the departments"), "postroom department list");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/departments");
        talk.show(answer, table(answer.at("items").as_array(), {{say("NAME"), "name"}, {say("CREATED"), "created"}},
                                say("There is no department yet: postroom department add NAME")));
        return done;
    });
}

}  // namespace postroom::cli
