// postroom case reply, forward: mail about a case.
#include "cli/answer-options.hpp"
#include "cli/commands.hpp"
#include "cli/text-input.hpp"

#include <fmt/format.h>

namespace postroom::cli {

namespace {

struct Given {
    std::int64_t number = 0;
    TextInput text;
    AnswerOptions answer;
    std::string use_template;
    bool close = false, all = false, quote = false, without_attachments = false;
};

std::string path_of(std::int64_t number)
{
    return fmt::format("/api/v1/cases/{}", number);
}

void show_queued(Talk& talk, json::value const& answer)
{
    talk.show(answer, say("Queued for {} as {}.\n", member(answer.as_object(), "recipients"),
                          member(answer.as_object(), "id")));
}

void add_reply(Commands& commands, CLI::App& group)
{
    auto& reply = commands.leaf(
        group, "reply", say("Answer a case by mail"),
        "postroom case reply 7 --text \"Thank you, we are looking into it.\"\n  postroom case "
        "reply 7 --text-file answer.txt --attach offer.pdf --close\n  postroom case reply 7 --all --quote "
        "--template soon",
        say("Done means that the answer is queued durably; postroom outbound list says what became "
            "of it."));
    auto const given = std::make_shared<Given>();
    reply.add_option("number", given->number, say("The case"))->required()->check(positive());
    given->text.add_to(reply);
    reply.add_option("--template", given->use_template, say("A template of the department, instead of words"))
        ->type_name(say("NAME"));
    reply.add_option("--to", given->answer.to, say("Instead of the customer; may be given again"))
        ->type_name(say("ADDRESS"));
    reply.add_flag("--all", given->all, say("Answer everybody whom the mail was to"));
    reply.add_flag("--quote", given->quote, say("With the original beneath"));
    given->answer.add_to(reply);
    reply.add_flag("--close", given->close, say("Close the case in the same step"));
    commands.talks(reply, [given](Talk& talk) {
        json::object body{{"close", given->close}};
        if (given->use_template.empty()) {
            body["text"] = given->text.read();
        } else {
            auto const filled =
                talk.server.get(path_of(given->number) + "/answer?template=" + in_url(given->use_template));
            body["text"] = filled.at("text");
            body["html"] = filled.at("html");
        }
        if (given->all) body["all"] = true;
        if (given->quote) body["quote"] = true;
        given->answer.put_into(body, talk);
        show_queued(talk, talk.server.send("POST", path_of(given->number) + "/replies", body));
        return done;
    });
}

void add_forward(Commands& commands, CLI::App& group)
{
    auto& forward = commands.leaf(group, "forward", say("Send the customer's last mail on to somebody"),
                                  "postroom case forward 7 --to lab@example.com --text \"Please look at this.\"",
                                  say("Done means that the mail is queued durably. What is answered to it comes into "
                                      "the case."));
    auto const given = std::make_shared<Given>();
    forward.add_option("number", given->number, say("The case"))->required()->check(positive());
    given->text.add_to(forward);
    forward.add_option("--to", given->answer.to, say("To whom; may be given again"))
        ->required()
        ->type_name(say("ADDRESS"));
    forward.add_flag("--without-attachments", given->without_attachments, say("The words alone"));
    given->answer.add_to(forward);
    commands.talks(forward, [given](Talk& talk) {
        json::object body{{"with_attachments", !given->without_attachments}};
        if (!given->text.text.empty() || !given->text.file.empty()) body["text"] = given->text.read();
        given->answer.put_into(body, talk);
        show_queued(talk, talk.server.send("POST", path_of(given->number) + "/forwards", body));
        return done;
    });
}

}  // namespace

void add_case_answers(Commands& commands, CLI::App& group)
{
    add_reply(commands, group);
    add_forward(commands, group);
}

}  // namespace postroom::cli
