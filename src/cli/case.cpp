// postroom case: conversations with customers.
#include "cli/commands.hpp"
#include "cli/reading.hpp"

#include <fmt/format.h>

namespace postroom::cli {

namespace {

std::string shown(json::value const& a_case)
{
    auto const& object = a_case.as_object();
    auto text = fields(object, {{say("Case"), "number"},
                                {say("Subject"), "subject"},
                                {say("Customer"), "customer"},
                                {say("Name"), "customer_name"},
                                {say("State"), "state", mark("state of a case")},
                                {say("Assigned to"), "assigned"},
                                {say("Follows case"), "follows"},
                                {say("Mailbox"), "mailbox"},
                                {say("Department"), "department"},
                                {say("Waits for us"), "waiting_for_us"}});
    if (auto const* const others = object.if_contains("others"); others && !others->as_array().empty())
        text += "\n" + table(others->as_array(),
                             {{say("CUSTOMER'S OTHER CASES"), "number"},
                              {say("STATE"), "state", mark("state of a case")},
                              {say("DEPARTMENT"), "department"},
                              {say("SUBJECT"), "subject"}},
                             "");
    auto const* const items = object.if_contains("items");
    if (!items) return text;
    for (auto const& each : items->as_array()) {
        auto const& activity = each.as_object();
        text += fmt::format("\n--- {}, {}\n", spoken().say_marked("kind of activity", member(activity, "kind")),
                            member(activity, "at"));
        text += fields(activity,
                       {{say("From"), "from"}, {say("To"), "to"}, {say("Cc"), "cc"}, {say("Subject"), "subject"}});
        if (auto const* const outbound = activity.if_contains("outbound"); outbound && outbound->is_object())
            text += fields(outbound->as_object(),
                           {{say("Sending"), "state", mark("state of outbound mail")}, {say("Why"), "reason"}}) +
                    first_cause(outbound->as_object(), "") +
                    told_by_outcomes(outbound->as_object().at("outcomes").as_array());
        if (auto const* const reading = activity.if_contains("reading"); reading && reading->is_object())
            text += told_by_reading(reading->as_object());
        for (auto const& attachment : activity.at("attachments").as_array())
            text += say("Attached: {} ({}, {} octets)\n", member(attachment.as_object(), "name"),
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
    auto& list = commands.leaf(group, "list", say("List cases, newest first"), "postroom case list --state open");
    struct Given {
        std::string state, department, assigned, customer;
        bool waiting = false;
        int limit = 50;
        std::int64_t below = 0;
    };
    auto const given = std::make_shared<Given>();
    list.add_option("--state", given->state, say("Only these"))->check(CLI::IsMember({"open", "closed"}));
    list.add_option("--department", given->department, say("Only those of this department"))->type_name(say("NAME"));
    list.add_option("--assigned", given->assigned, say("Only those of this user, or of nobody"))
        ->type_name(say("NAME"));
    list.add_flag("--waiting", given->waiting, say("Only those that wait for us"));
    list.add_option("--customer", given->customer, say("Only those of this customer"))->type_name(say("ADDRESS"));
    list.add_option("--limit", given->limit, say("How many; 50 otherwise"))
        ->check(between(1, 200))
        ->type_name(say("NUMBER"));
    list.add_option("--below", given->below, say("Only numbers below this: the next page"))
        ->check(positive())
        ->type_name(say("NUMBER"));
    commands.talks(list, [given](Talk& talk) {
        auto path = fmt::format("/api/v1/cases?limit={}", given->limit);
        if (!given->state.empty()) path += "&state=" + in_url(given->state);
        if (!given->department.empty()) path += "&department=" + in_url(given->department);
        if (!given->assigned.empty()) path += "&assigned=" + in_url(given->assigned);
        if (given->waiting) path += "&waiting=true";
        if (!given->customer.empty()) path += "&customer=" + in_url(given->customer);
        if (given->below > 0) path += fmt::format("&after={}", given->below);
        auto const answer = talk.server.get(path);
        auto text = table(answer.at("items").as_array(),
                          {{say("CASE"), "number"},
                           {say("STATE"), "state", mark("state of a case")},
                           {say("WAITS FOR US"), "waiting_for_us"},
                           {say("ASSIGNED TO"), "assigned"},
                           {say("CUSTOMER"), "customer"},
                           {say("MAILBOX"), "mailbox"},
                           {say("SUBJECT"), "subject"}},
                          say("There is no case."));
        if (auto const next = member(answer.as_object(), "next"); !next.empty())
            text += say("There are more: --below {}\n", next);
        talk.show(answer, text);
        return done;
    });
}

}  // namespace

void add_case_commands(Commands& commands)
{
    auto& group = commands.group("case", say("Conversations with customers"));
    add_list(commands, group);

    auto const number = std::make_shared<std::int64_t>(0);
    auto& show = commands.leaf(group, "show", say("Show a case with its mails"), "postroom case show 7");
    show.add_option("number", *number, say("The case"))->required()->check(positive());
    commands.talks(show, [number](Talk& talk) {
        auto const answer = talk.server.get(path_of(*number));
        talk.show(answer, shown(answer));
        return done;
    });

    add_case_answers(commands, group);

    auto& close = commands.leaf(group, "close", say("Close a case; a further mail of the customer opens it again"),
                                "postroom case close 7");
    close.add_option("number", *number, say("The case"))->required()->check(positive());
    commands.talks(close, [number](Talk& talk) {
        auto const answer = talk.server.send("PATCH", path_of(*number), json::object{{"state", "closed"}});
        talk.show(answer, say("Case {} is closed.\n", *number));
        return done;
    });
    add_case_queue(commands, group);
}

}  // namespace postroom::cli
