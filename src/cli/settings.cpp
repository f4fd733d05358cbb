// postroom settings: the partition's settings, the External URL among them.
#include "cli/commands.hpp"

#include <fmt/format.h>

namespace postroom::cli {

void add_settings_commands(Commands& commands)
{
    auto& group = commands.group("settings", say("The partition's settings, the External URL among them"));
    struct Given {
        std::string name, value;
    };
    auto const given = std::make_shared<Given>();

    auto& get = commands.leaf(group, "get", say("Show the settings, or the value of one"),
                              "postroom settings get\n  postroom settings get external-url");
    get.add_option("name", given->name, say("The setting; all of them otherwise"));
    commands.talks(get, [given](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/settings");
        auto const& items = answer.at("items").as_array();
        if (given->name.empty()) {
            talk.show(answer, table(items,
                                    {{say("NAME"), "name"},
                                     {say("VALUE"), "value"},
                                     {say("DEFAULT"), "default"},
                                     {say("MEANING"), "meaning"}},
                                    say("There is none.")));
            return done;
        }
        for (auto const& each : items)
            if (member(each.as_object(), "name") == given->name) {
                talk.show(each, member(each.as_object(), "value") + "\n");
                return done;
            }
        throw Exit(failed, say("there is no setting \"{}\"; postroom settings get shows those there are", given->name));
    });

    auto& set =
        commands.leaf(group, "set", say("Set one"), "postroom settings set external-url https://mail.contoso.com");
    set.add_option("name", given->name, say("The setting"))->required();
    set.add_option("value", given->value, say("Its value; \"\" empties it"))->required();
    commands.talks(set, [given](Talk& talk) {
        auto const answer =
            talk.server.send("PUT", "/api/v1/settings/" + in_url(given->name), json::object{{"value", given->value}});
        talk.show(answer, say("{} is {}\n", given->name, member(answer.as_object(), "value")));
        return done;
    });
}

}  // namespace postroom::cli
