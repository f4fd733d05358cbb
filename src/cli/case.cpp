// postroom case: conversations with customers.
#include "cli/commands.hpp"
#include "cli/text-input.hpp"

#include <fmt/format.h>

namespace postroom::cli {

namespace {

std::string shown(json::value const& a_case)
{
    auto const& object = a_case.as_object();
    auto text = fields(object, {{"Case", "number"},
                                {"Subject", "subject"},
                                {"Customer", "customer"},
                                {"Name", "customer_name"},
                                {"State", "state"},
                                {"Mailbox", "mailbox"},
                                {"Department", "department"},
                                {"Waits for us", "waiting_for_us"}});
    auto const* const items = object.if_contains("items");
    if (!items) return text;
    for (auto const& each : items->as_array()) {
        auto const& activity = each.as_object();
        text += fmt::format("\n--- {}, {}\n", member(activity, "kind"), member(activity, "at"));
        text += fields(activity, {{"From", "from"}, {"To", "to"}, {"Cc", "cc"}, {"Subject", "subject"}});
        if (auto const* const outbound = activity.if_contains("outbound"); outbound && outbound->is_object())
            text += fields(outbound->as_object(), {{"Sending", "state"}, {"Why", "reason"}});
        for (auto const& attachment : activity.at("attachments").as_array())
            text += fmt::format("Attached: {} ({}, {} octets)\n", member(attachment.as_object(), "name"),
                                member(attachment.as_object(), "type"), member(attachment.as_object(), "size"));
        text += "\n" + member(activity, "text") + "\n";
    }
    return text;
}

std::string path_of(std::int64_t number)
{
    return fmt::format("/api/v1/cases/{}", number);
}

void add_list(Commands& commands, CLI::App& group)
{
    auto& list = commands.leaf(group, "list", "List cases, newest first", "postroom case list --state open");
    struct Given {
        std::string state, department;
        int limit = 50;
        std::int64_t below = 0;
    };
    auto const given = std::make_shared<Given>();
    list.add_option("--state", given->state, "Only these")->check(CLI::IsMember({"open", "closed"}));
    list.add_option("--department", given->department, "Only those of this department")->type_name("NAME");
    list.add_option("--limit", given->limit, "How many; 50 otherwise")->check(CLI::Range(1, 200))->type_name("NUMBER");
    list.add_option("--below", given->below, "Only numbers below this: the next page")
        ->check(positive())
        ->type_name("NUMBER");
    commands.talks(list, [given](Talk& talk) {
        auto path = fmt::format("/api/v1/cases?limit={}", given->limit);
        if (!given->state.empty()) path += "&state=" + in_url(given->state);
        if (!given->department.empty()) path += "&department=" + in_url(given->department);
        if (given->below > 0) path += fmt::format("&below={}", given->below);
        auto const answer = talk.server.get(path);
        auto text = table(answer.at("items").as_array(),
                          {{"CASE", "number"},
                           {"STATE", "state"},
                           {"WAITS FOR US", "waiting_for_us"},
                           {"CUSTOMER", "customer"},
                           {"MAILBOX", "mailbox"},
                           {"SUBJECT", "subject"}},
                          "There is no case.");
        if (auto const next = member(answer.as_object(), "next"); !next.empty())
            text += fmt::format("There are more: --below {}\n", next);
        talk.show(answer, text);
        return done;
    });
}

void add_reply(Commands& commands, CLI::App& group)
{
    auto& reply = commands.leaf(group, "reply", "Answer a case by mail",
                                "postroom case reply 7 --text \"Thank you, we are looking into it.\"\n  postroom case "
                                "reply 7 --text-file answer.txt --close",
                                "Done means that the answer is queued durably; postroom outbound list says what became "
                                "of it.");
    struct Given {
        std::int64_t number = 0;
        TextInput text;
        std::vector<std::string> to, cc;
        bool close = false;
    };
    auto const given = std::make_shared<Given>();
    reply.add_option("number", given->number, "The case")->required()->check(positive());
    given->text.add_to(reply);
    reply.add_option("--to", given->to, "Instead of the customer; may be given again")->type_name("ADDRESS");
    reply.add_option("--cc", given->cc, "A copy to; may be given again")->type_name("ADDRESS");
    reply.add_flag("--close", given->close, "Close the case in the same step");
    commands.talks(reply, [given](Talk& talk) {
        json::object body{{"text", given->text.read()}, {"close", given->close}};
        if (!given->to.empty()) body["to"] = json::array(given->to.begin(), given->to.end());
        if (!given->cc.empty()) body["cc"] = json::array(given->cc.begin(), given->cc.end());
        auto const answer = talk.server.send("POST", path_of(given->number) + "/replies", body);
        talk.show(answer, fmt::format("Queued for {} as {}.\n", member(answer.as_object(), "recipients"),
                                      member(answer.as_object(), "id")));
        return done;
    });
}

}  // namespace

void add_case_commands(Commands& commands)
{
    auto& group = commands.group("case", "Conversations with customers");
    add_list(commands, group);

    auto const number = std::make_shared<std::int64_t>(0);
    auto& show = commands.leaf(group, "show", "Show a case with its mails", "postroom case show 7");
    show.add_option("number", *number, "The case")->required()->check(positive());
    commands.talks(show, [number](Talk& talk) {
        auto const answer = talk.server.get(path_of(*number));
        talk.show(answer, shown(answer));
        return done;
    });

    add_reply(commands, group);

    auto& close = commands.leaf(group, "close", "Close a case; a further mail of the customer opens it again",
                                "postroom case close 7");
    close.add_option("number", *number, "The case")->required()->check(positive());
    commands.talks(close, [number](Talk& talk) {
        auto const answer = talk.server.send("PATCH", path_of(*number), json::object{{"state", "closed"}});
        talk.show(answer, fmt::format("Case {} is closed.\n", *number));
        return done;
    });
}

}  // namespace postroom::cli
