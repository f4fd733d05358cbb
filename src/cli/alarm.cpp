// postroom alarm: what people are called for, how they are told, and whether that arrives.
#include "cli/commands.hpp"
#include "cli/secret-input.hpp"

#include <chrono>
#include <thread>

namespace postroom::cli {

namespace {

using namespace std::chrono_literals;

struct Given {
    std::string id, account, server, sender, security = "starttls", user, password_file, span;
    int place = 0;
    bool back = false;
};

std::string path_of(std::string const& what, std::string const& id)
{
    return "/api/v1/" + what + "/" + in_url(id);
}

void add_list(Commands& commands, CLI::App& group)
{
    auto& list = commands.leaf(group, "list", say("List the alarms that are raised"), "postroom alarm list");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/alarms");
        talk.show(answer, table(answer.at("items").as_array(),
                                {{say("ID"), "id"},
                                 {say("CAUSE"), "cause"},
                                 {say("COUNT"), "count"},
                                 {say("ABOUT"), "subject"},
                                 {say("SINCE"), "begun"},
                                 {say("ACKNOWLEDGED BY"), "acknowledged_by"},
                                 {say("SILENCED UNTIL"), "silenced_until"},
                                 {say("WHAT"), "words"}},
                                say("There is none.")));
        return done;
    });
}

void add_quieting(Commands& commands, CLI::App& group)
{
    auto const given = std::make_shared<Given>();
    auto& acknowledge =
        commands.leaf(group, "acknowledge", say("Somebody sees to it: no more reminders, unless it hits far more"),
                      "postroom alarm acknowledge 018f4e9e-7c1a-7abc-8def-0123456789ab");
    acknowledge.add_option("id", given->id, say("The alarm's id: postroom alarm list"))->required();
    acknowledge.add_flag("--back", given->back, say("Nobody sees to it any more"));
    commands.talks(acknowledge, [given](Talk& talk) {
        auto const answer = talk.server.send("PUT", path_of("alarms", given->id) + "/acknowledgement",
                                             json::object{{"acknowledged", !given->back}});
        talk.show(answer, given->back ? say("Not acknowledged any more.\n") : say("Acknowledged.\n"));
        return done;
    });

    auto& silence = commands.leaf(group, "silence", say("Tell nothing of it for a while"),
                                  "postroom alarm silence 018f4e9e-7c1a-7abc-8def-0123456789ab --minutes 240");
    auto const minutes = std::make_shared<int>(60);
    silence.add_option("id", given->id, say("The alarm's id: postroom alarm list"))->required();
    silence.add_option("--minutes", *minutes, say("For so long; 0: no longer"))->check(between(0, 43200));
    commands.talks(silence, [given, minutes](Talk& talk) {
        auto const answer =
            talk.server.send("PUT", path_of("alarms", given->id) + "/silence", json::object{{"minutes", *minutes}});
        talk.show(answer, *minutes > 0 ? say("Silenced until {}\n", member(answer.as_object(), "silenced_until"))
                                       : say("Not silenced any more.\n"));
        return done;
    });
}

void add_test(Commands& commands, CLI::App& group)
{
    auto& test = commands.leaf(
        group, "test", say("Send a mail as alarms are sent, and say which route took it"), "postroom alarm test",
        say("Waits until a route took it, for two minutes at most. Ends with 1 where none did."));
    commands.talks(test, [](Talk& talk) {
        auto notification = talk.server.send("POST", "/api/v1/notifications", json::object{});
        auto const id = member(notification.as_object(), "id");
        auto const until = std::chrono::steady_clock::now() + 2min;
        auto const waits = [&] { return member(notification.as_object(), "state") == "waiting"; };
        // A try is counted as it begins, and says what came of it when it has ended.
        while (waits() && member(notification.as_object(), "reason").empty() &&
               std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(500ms);
            notification = talk.server.get(path_of("notifications", id));
        }
        auto const& object = notification.as_object();
        bool const sent = member(object, "state") == "sent";
        auto const failures = member(object, "reason");
        talk.show(notification, (sent ? say("Sent to {} by {}\n", member(object, "recipients"), member(object, "route"))
                                      : say("No route has taken it; it is tried on.\n")) +
                                    (failures.empty() ? "" : failures + "\n"));
        return sent ? done : failed;
    });
}

void add_notifications(Commands& commands, CLI::App& group)
{
    auto& list = commands.leaf(group, "notifications", say("List the mails about alarms, and what became of them"),
                               "postroom alarm notifications");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/notifications");
        talk.show(answer, table(answer.at("items").as_array(),
                                {{say("CREATED"), "created"},
                                 {say("WHAT"), "what"},
                                 {say("STATE"), "state"},
                                 {say("TRIES"), "tries"},
                                 {say("ROUTE"), "route"},
                                 {say("SUBJECT"), "subject"},
                                 {say("REASON"), "reason"}},
                                say("There is none.")));
        return done;
    });
}

void add_routes(Commands& commands, CLI::App& alarm)
{
    auto& group = commands.inner_group(alarm, "route", say("The ways that mail about alarms takes, in their order"));
    auto& list =
        commands.leaf(group, "list", say("List them, with what became of the last mail"), "postroom alarm route list");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/alarm-routes");
        talk.show(answer, table(answer.at("items").as_array(),
                                {{say("PLACE"), "place"},
                                 {say("ID"), "id"},
                                 {say("ACCOUNT"), "account"},
                                 {say("SERVER"), "server"},
                                 {say("FROM"), "sender"},
                                 {say("USED"), "used"},
                                 {say("FAILED"), "failed"},
                                 {say("FAILURE"), "failure"}},
                                say("There is none.")));
        return done;
    });

    auto const given = std::make_shared<Given>();
    auto& add = commands.leaf(
        group, "add", say("Add a route: an account of Postroom's own, or any server"),
        "postroom alarm route add --account alarms\n  postroom alarm route add --server relay.contoso.com:587 --from "
        "postroom@contoso.com --user postroom --password-file -\n  postroom alarm route add --server localhost:25 "
        "--security none --from postroom@contoso.com",
        say("Mail takes the first route that accepts it. Give at least two that share nothing: an alarm about an "
            "account can't be sent by it."));
    add.add_option("--account", given->account, say("An account; its grant is renewed for this where nobody else does"))
        ->type_name(say("ACCOUNT"));
    add.add_option("--server", given->server, say("A mail server, with its port where that is not 587"))
        ->type_name(say("HOST"));
    add.add_option("--from", given->sender, say("Whom the mail is from; an account's user unless said otherwise"))
        ->type_name(say("ADDRESS"));
    add.add_option("--security", given->security, say("tls: from the first byte; none: only to this machine"))
        ->check(CLI::IsMember({"tls", "starttls", "none"}));
    add.add_option("--user", given->user, say("Who signs in; otherwise nobody does"))->type_name(say("USER"));
    add.add_option("--password-file", given->password_file, say("The file with the password; - reads it from stdin"))
        ->type_name(say("FILE"));
    add.add_option("--place", given->place, say("The place in the order; at the end otherwise"))->check(between(1, 10));
    commands.talks(add, [given](Talk& talk) {
        json::object body;
        auto const put = [&](std::string_view name, std::string const& value) {
            if (!value.empty()) body[name] = value;
        };
        put("account", given->account);
        put("sender", given->sender);
        if (!given->server.empty()) {
            put("server", given->server);
            put("security", given->security);
            put("user", given->user);
            if (!given->user.empty())
                body["password"] = (given->password_file.empty()
                                        ? secret_from_terminal(say("Password of {}: ", given->user), "--password-file")
                                        : secret_from(given->password_file))
                                       .expose();
        }
        if (given->place > 0) body["place"] = given->place;
        auto const answer = talk.server.send("POST", "/api/v1/alarm-routes", body);
        talk.show(answer, say("Added as route {}. See whether it works: postroom alarm test\n",
                              member(answer.as_object(), "place")));
        return done;
    });

    auto& move = commands.leaf(group, "move", say("Put it at another place in the order"),
                               "postroom alarm route move 018f4e9e-7c1a-7abc-8def-0123456789ab 1");
    move.add_option("id", given->id, say("The route's id: postroom alarm route list"))->required();
    move.add_option("place", given->place, say("Its place"))->required()->check(between(1, 10));
    commands.talks(move, [given](Talk& talk) {
        auto const answer =
            talk.server.send("PATCH", path_of("alarm-routes", given->id), json::object{{"place", given->place}});
        talk.show(answer, say("It is route {}\n", member(answer.as_object(), "place")));
        return done;
    });

    auto& remove = commands.leaf(group, "remove", say("Remove it"),
                                 "postroom alarm route remove 018f4e9e-7c1a-7abc-8def-0123456789ab");
    remove.add_option("id", given->id, say("The route's id: postroom alarm route list"))->required();
    commands.talks(
        remove,
        [given](Talk& talk) {
            talk.server.send("DELETE", path_of("alarm-routes", given->id));
            print(say("Removed.\n"));
            return done;
        },
        false);
}

}  // namespace

void add_alarm_commands(Commands& commands)
{
    auto& group = commands.group("alarm", say("What needs a person now, and how people are told"));
    add_list(commands, group);
    add_quieting(commands, group);
    add_test(commands, group);
    add_notifications(commands, group);
    add_routes(commands, group);
}

}  // namespace postroom::cli
