// postroom webhook: other software that is told what happens.
#include "cli/commands.hpp"

namespace postroom::cli {

namespace {

struct Given {
    std::string name, new_name, url, delivery;
    std::vector<std::string> events;
    bool on = false, off = false;
};

std::string path_of(Talk& talk, std::string const& name)
{
    auto const answer = talk.server.get("/api/v1/webhooks");
    for (auto const& each : answer.at("items").as_array())
        if (member(each.as_object(), "name") == name) return "/api/v1/webhooks/" + member(each.as_object(), "id");
    throw Exit(failed, say("there is no webhook \"{}\"; postroom webhook list shows those there are", name));
}

void show_secret(Talk& talk, json::value const& answer, std::string const& first)
{
    talk.show(answer, first + say("Its deliveries are signed with this secret, which is shown only now:\n{}\n",
                                  member(answer.as_object(), "secret")));
}

CLI::Option* add_events(CLI::App& leaf, Given& given)
{
    return leaf
        .add_option("--event", given.events,
                    say("What it is told of, several times: mail-filed, case-opened, reply-sent, reply-failed, "
                        "alarm-begins, alarm-spreads, alarm-reminds, alarm-ends"))
        ->type_name(say("EVENT"))
        ->allow_extra_args(false);
}

}  // namespace

void add_webhook_commands(Commands& commands)
{
    auto& group = commands.group("webhook", say("Other software that is told what happens"));
    auto const given = std::make_shared<Given>();
    auto const named = [&](CLI::App& leaf) {
        leaf.add_option("name", given->name, say("The webhook's name"))->required();
    };

    auto& list = commands.leaf(group, "list", say("List them"), "postroom webhook list");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/webhooks");
        talk.show(
            answer,
            table(answer.at("items").as_array(),
                  {{say("NAME"), "name"}, {say("URL"), "url"}, {say("EVENTS"), "events"}, {say("TOLD"), "enabled"}},
                  say("There is none.")));
        return done;
    });

    auto& add = commands.leaf(group, "add", say("Add one; prints the secret that its deliveries are signed with"),
                              "postroom webhook add tickets --url https://tickets.contoso.com/postroom --event "
                              "case-opened --event reply-failed");
    named(add);
    add.add_option("--url", given->url, say("Where it is told: https, or http to this machine"))
        ->required()
        ->type_name(say("URL"));
    add_events(add, *given)->required();
    commands.talks(add, [given](Talk& talk) {
        auto const answer =
            talk.server.send("POST", "/api/v1/webhooks",
                             json::object{{"name", given->name},
                                          {"url", given->url},
                                          {"events", json::array(given->events.begin(), given->events.end())}});
        show_secret(talk, answer, say("{} was added.\n", given->name));
        return done;
    });

    auto& change = commands.leaf(group, "change", say("Change its name, URL or events, or whether it is told"),
                                 "postroom webhook change tickets --off");
    named(change);
    change.add_option("--name", given->new_name, say("Its new name"))->type_name(say("NAME"));
    change.add_option("--url", given->url, say("Where it is told: https, or http to this machine"))
        ->type_name(say("URL"));
    add_events(change, *given);
    auto* const on = change.add_flag("--on", given->on, say("It is told again, from where it was left"));
    change.add_flag("--off", given->off, say("It is told nothing until --on"))->excludes(on);
    commands.talks(change, [given](Talk& talk) {
        json::object body;
        if (!given->new_name.empty()) body["name"] = given->new_name;
        if (!given->url.empty()) body["url"] = given->url;
        if (!given->events.empty()) body["events"] = json::array(given->events.begin(), given->events.end());
        if (given->on || given->off) body["enabled"] = given->on;
        auto const answer = talk.server.send("PATCH", path_of(talk, given->name), body);
        talk.show(answer, say("{} was changed.\n", member(answer.as_object(), "name")));
        return done;
    });

    auto& secret = commands.leaf(group, "secret", say("Make a new secret; the old one signs nothing any more"),
                                 "postroom webhook secret tickets");
    named(secret);
    commands.talks(secret, [given](Talk& talk) {
        show_secret(talk, talk.server.send("PUT", path_of(talk, given->name) + "/secret", json::object{}), "");
        return done;
    });

    auto& test = commands.leaf(group, "test", say("Tell it something now"), "postroom webhook test tickets");
    named(test);
    commands.talks(test, [given](Talk& talk) {
        auto const answer = talk.server.send("POST", path_of(talk, given->name) + "/test", json::object{});
        talk.show(answer, say("On its way as {}: postroom webhook deliveries {}\n", member(answer.as_object(), "id"),
                              given->name));
        return done;
    });

    auto& deliveries = commands.leaf(group, "deliveries", say("List what it was told, and what became of that"),
                                     "postroom webhook deliveries tickets");
    named(deliveries);
    commands.talks(deliveries, [given](Talk& talk) {
        auto const answer = talk.server.get(path_of(talk, given->name) + "/deliveries");
        talk.show(answer, table(answer.at("items").as_array(),
                                {{say("ID"), "id"},
                                 {say("EVENT"), "event"},
                                 {say("CREATED"), "created"},
                                 {say("STATE"), "state"},
                                 {say("TRIES"), "tries"},
                                 {say("STATUS"), "status"},
                                 {say("REASON"), "reason"}},
                                say("There is none.")));
        return done;
    });

    auto& repeat = commands.leaf(group, "repeat", say("Deliver something again, under the same id"),
                                 "postroom webhook repeat tickets 018f4e9e-7c1a-7abc-8def-0123456789ab");
    named(repeat);
    repeat.add_option("delivery", given->delivery, say("Its id: postroom webhook deliveries"))->required();
    commands.talks(repeat, [given](Talk& talk) {
        auto const answer = talk.server.send(
            "POST", path_of(talk, given->name) + "/deliveries/" + in_url(given->delivery) + "/repetition",
            json::object{});
        talk.show(answer, say("On its way again.\n"));
        return done;
    });

    auto& remove =
        commands.leaf(group, "remove", say("Remove it, with what it was told"), "postroom webhook remove tickets");
    named(remove);
    commands.talks(
        remove,
        [given](Talk& talk) {
            talk.server.send("DELETE", path_of(talk, given->name));
            print(say("Removed.\n"));
            return done;
        },
        false);
}

}  // namespace postroom::cli
