// postroom outbound: mail on its way out.
#include "cli/commands.hpp"

#include <fmt/format.h>

namespace postroom::cli {

void add_outbound_commands(Commands& commands)
{
    auto& group = commands.group("outbound", say("Mail on its way out"));

    auto& list = commands.leaf(group, "list", say("List mail that waits, was sent or failed, newest first"),
                               "postroom outbound list --state in-doubt");
    struct Given {
        std::string state, id, as;
        int limit = 50;
    };
    auto const given = std::make_shared<Given>();
    list.add_option("--state", given->state, say("Only these"))
        ->check(CLI::IsMember({"queued", "claimed", "committing", "sent", "failed", "in-doubt", "cancelled"}));
    list.add_option("--limit", given->limit, say("How many; 50 otherwise"))
        ->check(between(1, 200))
        ->type_name(say("NUMBER"));
    commands.talks(list, [given](Talk& talk) {
        auto path = fmt::format("/api/v1/outbound?limit={}", given->limit);
        if (!given->state.empty()) path += "&state=" + in_url(given->state);
        auto const answer = talk.server.get(path);
        talk.show(answer, table(answer.at("items").as_array(),
                                {{say("ID"), "id"},
                                 {say("STATE"), "state", mark("state of outbound mail")},
                                 {say("CASE"), "case"},
                                 {say("TO"), "recipients"},
                                 {say("SUBJECT"), "subject"},
                                 {say("WHY"), "reason"}},
                                say("There is none.")));
        return done;
    });

    auto& resolve =
        commands.leaf(group, "resolve", say("Decide what became of a mail in doubt, or send a failed one again"),
                      "postroom outbound resolve 0192… --as sent",
                      say("sent: it has arrived, do nothing more. resend: send it (again)."));
    resolve.add_option("id", given->id, say("The mail's id, from postroom outbound list"))->required();
    resolve.add_option("--as", given->as, say("sent or resend"))->required()->check(CLI::IsMember({"sent", "resend"}));
    commands.talks(resolve, [given](Talk& talk) {
        auto const answer = talk.server.send("POST", "/api/v1/outbound/" + in_url(given->id) + "/resolution",
                                             json::object{{"as", given->as}});
        talk.show(answer, say("It is {} now.\n",
                              spoken().say_marked("state of outbound mail", member(answer.as_object(), "state"))));
        return done;
    });

    auto& cancel =
        commands.leaf(group, "cancel", say("Take back a mail that is queued"), "postroom outbound cancel 0192…",
                      say("Until somebody has begun to send it. What it answered waits for an answer again."));
    cancel.add_option("id", given->id, say("The mail's id, from postroom outbound list"))->required();
    commands.talks(cancel, [given](Talk& talk) {
        auto const answer =
            talk.server.send("POST", "/api/v1/outbound/" + in_url(given->id) + "/cancellation", json::object{});
        talk.show(answer, say("It is {} now.\n",
                              spoken().say_marked("state of outbound mail", member(answer.as_object(), "state"))));
        return done;
    });
}

}  // namespace postroom::cli
