// postroom user: who may sign in to the console.
#include "cli/commands.hpp"
#include "cli/secret-input.hpp"

namespace postroom::cli {

void add_user_commands(Commands& commands)
{
    auto& group = commands.group("user", "Who may sign in to the console");

    auto& add = commands.leaf(group, "add", "Add a user; asks for the password",
                              "postroom user add anna --role agent\n  pwgen 20 1 | postroom user add admin --role "
                              "system-administrator --password-file -");
    struct Given {
        std::string name, role = "agent", password_file;
    };
    auto const given = std::make_shared<Given>();
    add.add_option("name", given->name, "The name to sign in with")->required();
    add.add_option("--role", given->role, "What the user may do")
        ->check(CLI::IsMember({"system-administrator", "department-administrator", "agent", "auditor"}));
    add.add_option("--password-file", given->password_file,
                   "Where the password is, in the first line; - is standard input; asked for otherwise")
        ->type_name("FILE");
    commands.talks(add, [given](Talk& talk) {
        auto const password = given->password_file.empty()
                                  ? secret_from_terminal("Password of " + given->name, "--password-file")
                                  : secret_from(given->password_file);
        json::object const body{{"name", given->name}, {"role", given->role}, {"password", password.expose()}};
        auto const answer = talk.server.send("POST", "/api/v1/users", body);
        talk.show(answer, "User " + given->name + " added.\n");
        return done;
    });

    auto& list = commands.leaf(group, "list", "List the users", "postroom user list");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/users");
        talk.show(answer,
                  table(answer.at("items").as_array(), {{"NAME", "name"}, {"ROLE", "role"}, {"CREATED", "created"}},
                        "Nobody can sign in yet: postroom user add NAME --role system-administrator"));
        return done;
    });
}

}  // namespace postroom::cli
