// postroom token: what other software comes in with, for a user.
#include "cli/commands.hpp"

namespace postroom::cli {

namespace {

void add_add(Commands& commands, CLI::App& group)
{
    auto& add = commands.leaf(
        group, "add", say("Make an access token, and print its secret this once"),
        "postroom token add \"nightly report\" --user anna --scope cases:read --days 90",
        say("Scopes: self:read self:write cases:read cases:write accounts:read accounts:write system:read "
            "system:write metrics:read. None includes another. A token may what both its scopes and its user's role "
            "allow; it is "
            "sent as Authorization: Bearer …"));
    struct Given {
        std::string name, user;
        std::vector<std::string> scopes;
        std::int64_t days = 365;
        bool endless = false;
    };
    auto const given = std::make_shared<Given>();
    add.add_option("name", given->name, say("What it is for"))->required();
    add.add_option("--user", given->user, say("Whose it is"))->type_name(say("NAME"))->required();
    add.add_option("--scope", given->scopes, say("What it may; may be given several times"))
        ->type_name(say("SCOPE"))
        ->take_all()
        ->required();
    auto* const days = add.add_option("--days", given->days, say("How long it holds; a year where nothing is said"))
                           ->type_name(say("DAYS"))
                           ->check(positive());
    add.add_flag("--no-end", given->endless, say("It holds until it is removed"))->excludes(days);
    commands.talks(add, [given](Talk& talk) {
        json::array scopes;
        for (auto const& each : given->scopes) scopes.emplace_back(each);
        json::object body{{"name", given->name}, {"user", given->user}, {"scopes", std::move(scopes)}};
        if (given->endless)
            body["days"] = nullptr;
        else
            body["days"] = given->days;
        auto const answer = talk.server.send("POST", "/api/v1/tokens", body);
        auto const& token = answer.as_object();
        auto const ends = member(token, "ends");
        talk.show(answer, (ends.empty() ? say("Token {} of {} added; it has no end.\n", given->name, given->user)
                                        : say("Token {} of {} added; it ends {}.\n", given->name, given->user, ends)) +
                              say("This is the only time that it is shown:\n  {}\n", member(token, "secret")));
        return done;
    });
}

void add_list(Commands& commands, CLI::App& group)
{
    auto& list = commands.leaf(group, "list", say("List the access tokens, with those that ended or were revoked"),
                               "postroom token list --user anna");
    auto const user = std::make_shared<std::string>();
    list.add_option("--user", *user, say("Only this user's"))->type_name(say("NAME"));
    commands.talks(list, [user](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/tokens" + (user->empty() ? "" : "?user=" + in_url(*user)));
        talk.show(answer, table(answer.at("items").as_array(),
                                {{say("ID"), "id"},
                                 {say("NAME"), "name"},
                                 {say("USER"), "user"},
                                 {say("LAST USED"), "last_used"},
                                 {say("ENDS"), "ends"},
                                 {say("REVOKED"), "revoked"},
                                 {say("SCOPES"), "scopes"}},
                                say("There is none: postroom token add NAME --user USER --scope SCOPE")));
        return done;
    });
}

void add_remove(Commands& commands, CLI::App& group)
{
    auto& remove = commands.leaf(group, "remove", say("Revoke an access token: from now on it is refused"),
                                 "postroom token remove 019…");
    auto const id = std::make_shared<std::string>();
    remove.add_option("id", *id, say("Its id, which postroom token list shows"))->required();
    commands.talks(
        remove,
        [id](Talk& talk) {
            talk.server.send("DELETE", "/api/v1/tokens/" + in_url(*id));
            print(say("The token is revoked.\n"));
            return done;
        },
        false);
}

}  // namespace

void add_token_commands(Commands& commands)
{
    auto& group = commands.group("token", say("What other software comes in with, for a user"));
    add_add(commands, group);
    add_list(commands, group);
    add_remove(commands, group);
}

}  // namespace postroom::cli
