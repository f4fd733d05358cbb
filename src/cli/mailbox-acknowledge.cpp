// postroom mailbox acknowledge: what a mailbox sends by itself where a mail opens a case.
#include "cli/commands.hpp"
#include "cli/text-input.hpp"

namespace postroom::cli {

void add_mailbox_acknowledge(Commands& commands, CLI::App& group)
{
    auto& acknowledge = commands.leaf(
        group, "acknowledge", say("Show or change how a mailbox acknowledges what opens a case"),
        "postroom mailbox acknowledge sales@contoso.com --on --text \"Your case has the number {{number}}.\"\n  "
        "postroom "
        "mailbox acknowledge sales@contoso.com --off",
        say("Machines, lists, reports and our own mailboxes are never acknowledged, and no address gets more than the "
            "setting acknowledgement-limit says. The fields are {{number}}, {{subject}}, {{customer}} and "
            "{{mailbox}}."));
    struct Given {
        std::string address, subject;
        TextInput text;
        bool on = false, off = false;
    };
    auto const given = std::make_shared<Given>();
    acknowledge.add_option("address", given->address, say("Its primary address"))->required();
    auto* const on = acknowledge.add_flag("--on", given->on, say("Acknowledge what comes from now on"));
    acknowledge.add_flag("--off", given->off, say("Acknowledge nothing"))->excludes(on);
    acknowledge.add_option("--subject", given->subject, say("The subject; without one it is the customer's"))
        ->type_name(say("TEXT"));
    given->text.add_to(acknowledge);
    commands.talks(acknowledge, [given](Talk& talk) {
        auto const path = "/api/v1/mailboxes/" + in_url(given->address) + "/acknowledgement";
        auto answer = talk.server.get(path);
        bool const changes = given->on || given->off || !given->subject.empty() || !given->text.text.empty() ||
                             !given->text.file.empty();
        if (changes) {
            json::object body{{"active", given->on || (!given->off && answer.at("active").as_bool())}};
            if (!given->subject.empty()) body["subject"] = given->subject;
            if (!given->text.text.empty() || !given->text.file.empty()) body["text"] = given->text.read();
            answer = talk.server.send("PUT", path, body);
        }
        auto const& it = answer.as_object();
        auto text = fields(it, {{say("Mailbox"), "mailbox"},
                                {say("Acknowledges"), "active"},
                                {say("Since"), "since"},
                                {say("Subject"), "subject"}});
        text += "\n" + member(it, member(it, "text").empty() ? "default_text" : "text") + "\n";
        talk.show(answer, text);
        return done;
    });
}

}  // namespace postroom::cli
