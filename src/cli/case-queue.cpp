// postroom case queues, next, assign, transfer, note, reopen: whose a case is, and what colleagues tell each other
// about it.
#include "cli/commands.hpp"
#include "cli/text-input.hpp"

#include <fmt/format.h>

namespace postroom::cli {

namespace {

std::string path_of(std::int64_t number, std::string_view what = {})
{
    return fmt::format("/api/v1/cases/{}{}", number, what);
}

void add_queues(Commands& commands, CLI::App& group)
{
    auto& queues =
        commands.leaf(group, "queues", say("Show what there is to do, by department"), "postroom case queues");
    commands.talks(queues, [](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/queues");
        talk.show(answer, table(answer.at("items").as_array(),
                                {{say("DEPARTMENT"), "department"},
                                 {say("OPEN"), "open"},
                                 {say("IN THE QUEUE"), "unassigned"},
                                 {say("WAIT FOR US"), "waiting_for_us"},
                                 {say("OLDEST IN THE QUEUE"), "oldest"}},
                                say("There is no department.")));
        return done;
    });
}

void add_next(Commands& commands, CLI::App& group)
{
    auto& next = commands.leaf(group, "next", say("Give somebody the case that has waited longest in a queue"),
                               "postroom case next \"Customer care\" --to ann");
    struct Given {
        std::string department, to;
    };
    auto const given = std::make_shared<Given>();
    next.add_option("department", given->department, say("Whose queue it is"))->required();
    next.add_option("--to", given->to, say("A user of its department"))->required()->type_name(say("NAME"));
    commands.talks(next, [given](Talk& talk) {
        auto const path = fmt::format("/api/v1/queues/{}/pick?for={}", in_url(given->department), in_url(given->to));
        auto const answer = talk.server.send("POST", path);
        if (auto const* const picked = answer.if_object())
            talk.show(answer, say("Case {} is {}'s.\n", picked->at("number").as_int64(), given->to));
        else
            talk.show(answer, say("The queue is empty.\n"));
        return done;
    });
}

void add_assign(Commands& commands, CLI::App& group)
{
    auto& assign = commands.leaf(group, "assign", say("Give a case to somebody, or back into its queue"),
                                 "postroom case assign 7 --to ann\n  postroom case assign 7 --queue");
    struct Given {
        std::int64_t number = 0;
        std::string to;
        bool queue = false;
    };
    auto const given = std::make_shared<Given>();
    assign.add_option("number", given->number, say("The case"))->required()->check(positive());
    auto* const to = assign.add_option("--to", given->to, say("A user of its department"))->type_name(say("NAME"));
    assign.add_flag("--queue", given->queue, say("Nobody: it waits in its department's queue again"))->excludes(to);
    commands.talks(assign, [given](Talk& talk) {
        json::value agent;
        if (given->to.empty() && !given->queue)
            throw Exit(wrong_usage, say("say whose it is: --to NAME, or --queue for nobody's"));
        if (!given->queue) agent = given->to;
        auto const answer =
            talk.server.send("POST", path_of(given->number, "/assignment"), json::object{{"agent", agent}});
        talk.show(answer, given->queue ? say("Case {} is in the queue.\n", given->number)
                                       : say("Case {} is {}'s.\n", given->number, given->to));
        return done;
    });
}

void add_transfer(Commands& commands, CLI::App& group)
{
    auto& transfer =
        commands.leaf(group, "transfer", say("Put a case into another department's queue"),
                      "postroom case transfer 7 --department Accounting --mailbox accounting@contoso.com",
                      say("It is answered from that department's mailbox from then on. What its customer answers to "
                          "earlier mail finds it still."));
    struct Given {
        std::int64_t number = 0;
        std::string department, mailbox;
    };
    auto const given = std::make_shared<Given>();
    transfer.add_option("number", given->number, say("The case"))->required()->check(positive());
    transfer.add_option("--department", given->department, say("Whose it is from now on"))
        ->required()
        ->type_name(say("NAME"));
    transfer.add_option("--mailbox", given->mailbox, say("Of that department; needed where it has several"))
        ->type_name(say("ADDRESS"));
    commands.talks(transfer, [given](Talk& talk) {
        json::object body{{"department", given->department}};
        if (!given->mailbox.empty()) body["mailbox"] = given->mailbox;
        auto const answer = talk.server.send("POST", path_of(given->number, "/transfer"), body);
        talk.show(answer, say("Case {} is in the queue of {}, and answered from {}.\n", given->number,
                              member(answer.as_object(), "department"), member(answer.as_object(), "mailbox")));
        return done;
    });
}

void add_note(Commands& commands, CLI::App& group)
{
    auto& note = commands.leaf(group, "note", say("Add a note for colleagues; no customer is sent it"),
                               "postroom case note 7 --text \"She rang, and is content.\"");
    struct Given {
        std::int64_t number = 0;
        TextInput text;
    };
    auto const given = std::make_shared<Given>();
    note.add_option("number", given->number, say("The case"))->required()->check(positive());
    given->text.add_to(note);
    commands.talks(note, [given](Talk& talk) {
        auto const answer =
            talk.server.send("POST", path_of(given->number, "/notes"), json::object{{"text", given->text.read()}});
        talk.show(answer, say("Noted in case {}.\n", given->number));
        return done;
    });
}

}  // namespace

void add_case_queue(Commands& commands, CLI::App& group)
{
    add_queues(commands, group);
    add_next(commands, group);
    add_assign(commands, group);
    add_transfer(commands, group);
    add_note(commands, group);

    auto const number = std::make_shared<std::int64_t>(0);
    auto& reopen = commands.leaf(group, "reopen", say("Open a closed case again"), "postroom case reopen 7");
    reopen.add_option("number", *number, say("The case"))->required()->check(positive());
    commands.talks(reopen, [number](Talk& talk) {
        auto const answer = talk.server.send("PATCH", path_of(*number), json::object{{"state", "open"}});
        talk.show(answer, say("Case {} is open.\n", *number));
        return done;
    });
}

}  // namespace postroom::cli
