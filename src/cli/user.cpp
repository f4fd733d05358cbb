// postroom user: who may sign in to the console, and the links with which they choose a password.
#include "cli/commands.hpp"
#include "cli/secret-input.hpp"

namespace postroom::cli {

namespace {

constexpr std::string_view roles[] = {"system-administrator", "department-administrator", "agent", "auditor"};

struct Given {
    std::string name, role, password_file;
    std::vector<std::string> departments;
};

std::string at(std::string const& name, std::string_view rest = "")
{
    return "/api/v1/users/" + in_url(name) + std::string(rest);
}

void add_name(CLI::App& leaf, Given& given)
{
    leaf.add_option("name", given.name, say("The name that the user signs in with"))->required();
}

void add_departments(CLI::App& leaf, Given& given, std::string const& meaning)
{
    leaf.add_option("--department", given.departments, meaning)->type_name(say("NAME"))->take_all();
}

json::object body_of(Given const& given)
{
    json::object body;
    if (!given.role.empty()) body["role"] = given.role;
    if (!given.departments.empty()) {
        json::array departments;
        for (auto const& each : given.departments) departments.emplace_back(each);
        body["departments"] = std::move(departments);
    }
    return body;
}

std::string words_of_link(json::object const& link, std::string const& name)
{
    return say(
        "{} chooses a password under this link, until {} and once only. Whoever opens it first does, so send it "
        "to nobody else:\n  {}\n",
        name, member(link, "ends"), member(link, "url"));
}

void add_add(Commands& commands, CLI::App& group)
{
    auto& add = commands.leaf(group, "add", say("Add a user, and make the link under which they choose a password"),
                              "postroom user add anna --role agent --department \"Customer care\"\n  pwgen 20 1 | "
                              "postroom user add admin --role system-administrator --password-file -");
    auto const given = std::make_shared<Given>();
    given->role = "agent";
    add_name(add, *given);
    add.add_option("--role", given->role, say("What the user may do"))
        ->check(CLI::IsMember(std::vector<std::string>(std::begin(roles), std::end(roles))));
    add_departments(add, *given,
                    say("A department that the user belongs to; may be given several times. Otherwise the only one "
                        "there is; an auditor of none sees all"));
    add.add_option("--password-file", given->password_file,
                   say("Where a password is, in the first line; - is standard input. Then no link is made"))
        ->type_name(say("FILE"));
    commands.talks(add, [given](Talk& talk) {
        auto body = body_of(*given);
        body["name"] = given->name;
        if (!given->password_file.empty()) body["password"] = secret_from(given->password_file).expose();
        auto answer = talk.server.send("POST", "/api/v1/users", body);
        auto words = say("User {} added.\n", given->name);
        if (given->password_file.empty()) {
            auto const link = talk.server.send("POST", at(given->name, "/link"));
            words += words_of_link(link.as_object(), given->name);
            answer.as_object()["link"] = link;
        }
        talk.show(answer, words);
        return done;
    });
}

void add_list(Commands& commands, CLI::App& group)
{
    auto& list = commands.leaf(group, "list", say("List the users"), "postroom user list");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/users");
        talk.show(answer, table(answer.at("items").as_array(),
                                {{say("NAME"), "name"},
                                 {say("ROLE"), "role", "role"},
                                 {say("DEPARTMENTS"), "departments"},
                                 {say("PASSWORD"), "has_password"},
                                 {say("LINK UNTIL"), "link_ends"},
                                 {say("CREATED"), "created"}},
                                say("Nobody can sign in yet: postroom user add NAME --role system-administrator")));
        return done;
    });
}

void add_change(Commands& commands, CLI::App& group)
{
    auto& change = commands.leaf(group, "change", say("Give a user another role, or other departments"),
                                 "postroom user change anna --role department-administrator\n  postroom user change "
                                 "anna --department Sales --department \"Customer care\"");
    auto const given = std::make_shared<Given>();
    add_name(change, *given);
    change.add_option("--role", given->role, say("What the user may do from now on"))
        ->check(CLI::IsMember(std::vector<std::string>(std::begin(roles), std::end(roles))));
    add_departments(change, *given,
                    say("A department that the user belongs to from now on, instead of those so far; may be given "
                        "several times"));
    auto const none = std::make_shared<bool>(false);
    change.add_flag("--no-department", *none, say("None from now on, so that an auditor sees all"))
        ->excludes("--department");
    commands.talks(change, [given, none](Talk& talk) {
        auto body = body_of(*given);
        if (*none) body["departments"] = json::array();
        auto const answer = talk.server.send("PATCH", at(given->name), body);
        talk.show(answer,
                  fields(answer.as_object(),
                         {{say("Name"), "name"}, {say("Role"), "role", "role"}, {say("Departments"), "departments"}}));
        return done;
    });
}

void add_remove(Commands& commands, CLI::App& group)
{
    auto& remove = commands.leaf(group, "remove", say("Remove a user; sessions and access tokens end with them"),
                                 "postroom user remove anna");
    auto const given = std::make_shared<Given>();
    add_name(remove, *given);
    commands.talks(
        remove,
        [given](Talk& talk) {
            talk.server.send("DELETE", at(given->name));
            print(say("User {} removed.\n", given->name));
            return done;
        },
        false);
}

void add_link(Commands& commands, CLI::App& group)
{
    auto& link = commands.leaf(
        group, "link", say("Make a link under which a user chooses a new password, instead of one that was forgotten"),
        "postroom user link anna",
        say("It holds for 24 hours and is used once; a newer one takes its place. Using it ends the user's sessions."));
    auto const given = std::make_shared<Given>();
    add_name(link, *given);
    commands.talks(link, [given](Talk& talk) {
        auto const answer = talk.server.send("POST", at(given->name, "/link"));
        talk.show(answer, words_of_link(answer.as_object(), given->name));
        return done;
    });
}

void add_sign_out(Commands& commands, CLI::App& group)
{
    auto& sign_out = commands.leaf(group, "sign-out", say("End all sessions of a user"), "postroom user sign-out anna",
                                   say("Access tokens go on: postroom token remove revokes them."));
    auto const given = std::make_shared<Given>();
    add_name(sign_out, *given);
    commands.talks(
        sign_out,
        [given](Talk& talk) {
            talk.server.send("DELETE", at(given->name, "/sessions"));
            print(say("All sessions of {} have ended.\n", given->name));
            return done;
        },
        false);
}

}  // namespace

void add_user_commands(Commands& commands)
{
    auto& group = commands.group("user", say("Who may sign in to the console"));
    add_add(commands, group);
    add_list(commands, group);
    add_change(commands, group);
    add_remove(commands, group);
    add_link(commands, group);
    add_sign_out(commands, group);
}

}  // namespace postroom::cli
