// postroom send: a new mail, which opens a case.
#include "cli/answer-options.hpp"
#include "cli/commands.hpp"
#include "cli/text-input.hpp"

#include <fmt/format.h>

namespace postroom::cli {

void add_send_command(Commands& commands)
{
    auto& send =
        commands.leaf(commands.root(), "send", say("Write to somebody, which opens a case"),
                      "postroom send --mailbox sales@contoso.com --to ann@example.com --subject \"Your order\" "
                      "--text \"It left today.\"",
                      say("Done means that the mail is queued durably."));
    struct Given {
        std::string mailbox, subject;
        AnswerOptions answer;
        TextInput text;
    };
    auto const given = std::make_shared<Given>();
    send.add_option("--mailbox", given->mailbox, say("The mailbox to write from"))
        ->required()
        ->type_name(say("ADDRESS"));
    send.add_option("--to", given->answer.to, say("To whom; may be given again"))
        ->required()
        ->type_name(say("ADDRESS"));
    send.add_option("--subject", given->subject, say("The subject"))->required()->type_name(say("TEXT"));
    given->text.add_to(send);
    given->answer.add_to(send);
    commands.talks(send, [given](Talk& talk) {
        json::object body{{"mailbox", given->mailbox}, {"subject", given->subject}, {"text", given->text.read()}};
        given->answer.put_into(body, talk);
        auto const answer = talk.server.send("POST", "/api/v1/messages", body);
        talk.show(answer, say("Queued as {}, case {}.\n", member(answer.as_object(), "id"),
                              member(answer.as_object(), "case")));
        return done;
    });
}

}  // namespace postroom::cli
