// postroom sending: what servers are given, what departments sign with, where answers go, and templates.
#include "cli/commands.hpp"
#include "cli/text-input.hpp"

#include <fmt/format.h>

#include <optional>

namespace postroom::cli {

namespace {

void add_account(Commands& commands, CLI::App& group)
{
    auto& leaf = commands.leaf(group, "account", say("Show, or change, how much an account's server is given"),
                               "postroom sending account sales --messages-a-minute 20\n  postroom sending account "
                               "sales --append-sent",
                               say("0 is no limit. Without an option it shows what there is."));
    struct Given {
        std::string name, folder;
        std::optional<std::int64_t> messages, recipients, connections, at_once;
        bool append = false, keep = false, defaults = false;
    };
    auto const given = std::make_shared<Given>();
    leaf.add_option("name", given->name, say("The account"))->required();
    leaf.add_option("--messages-a-minute", given->messages, say("By mailbox"))->type_name(say("NUMBER"));
    leaf.add_option("--recipients-a-day", given->recipients, say("By mailbox"))->type_name(say("NUMBER"));
    leaf.add_option("--connections", given->connections, say("At once, of all servers of ours together"))
        ->type_name(say("NUMBER"));
    leaf.add_option("--recipients-a-message", given->at_once, say("More make another part of the mail"))
        ->type_name(say("NUMBER"));
    auto const* const folder =
        leaf.add_option("--sent-folder", given->folder, say("Where the sent copies are; \"\" for the usual folder"))
            ->type_name(say("FOLDER"));
    leaf.add_flag("--append-sent", given->append, say("The server stores no copy of what is sent: put one there"));
    leaf.add_flag("--no-append-sent", given->keep, say("The server stores one itself"));
    leaf.add_flag("--defaults", given->defaults, say("All limits as they are for such a server"));
    commands.talks(leaf, [given, folder](Talk& talk) {
        json::object body;
        if (given->defaults)
            for (auto const* each : {"messages_a_minute", "recipients_a_day", "connections", "recipients_a_message"})
                body[each] = nullptr;
        if (given->messages) body["messages_a_minute"] = *given->messages;
        if (given->recipients) body["recipients_a_day"] = *given->recipients;
        if (given->connections) body["connections"] = *given->connections;
        if (given->at_once) body["recipients_a_message"] = *given->at_once;
        if (folder->count() > 0) body["sent_folder"] = given->folder;
        if (given->append || given->keep) body["append_sent"] = given->append;
        auto const path = "/api/v1/accounts/" + in_url(given->name) + "/sending";
        auto const answer = body.empty() ? talk.server.get(path) : talk.server.send("PUT", path, body);
        auto shown = answer.as_object();
        auto const& defaults = shown.at("defaults").as_object();
        for (auto const& [name, value] : defaults)
            if (shown[name].is_null()) shown[name] = value;
        talk.show(answer, fields(shown, {{say("Account"), "account"},
                                         {say("Messages a minute"), "messages_a_minute"},
                                         {say("Recipients a day"), "recipients_a_day"},
                                         {say("Connections"), "connections"},
                                         {say("Recipients a message"), "recipients_a_message"},
                                         {say("Sent folder"), "sent_folder"},
                                         {say("Copy put there"), "append_sent"}}));
        return done;
    });
}

void add_department(Commands& commands, CLI::App& group)
{
    auto& leaf =
        commands.leaf(group, "department", say("Show, or change, a department's signature and patience"),
                      "postroom sending department \"Customer care\" --text-file signature.txt --patience 2880");
    struct Given {
        std::string name;
        TextInput signature;
        std::optional<std::int64_t> patience;
    };
    auto const given = std::make_shared<Given>();
    leaf.add_option("name", given->name, say("The department"))->required();
    given->signature.add_to(leaf);
    leaf.add_option("--patience", given->patience, say("Minutes for which a mail is tried that is refused for now"))
        ->type_name(say("MINUTES"));
    commands.talks(leaf, [given](Talk& talk) {
        json::object body;
        if (!given->signature.text.empty() || !given->signature.file.empty())
            body["signature"] = given->signature.read();
        if (given->patience) body["patience"] = *given->patience;
        auto const path = "/api/v1/departments/" + in_url(given->name) + "/sending";
        auto const answer = body.empty() ? talk.server.get(path) : talk.server.send("PUT", path, body);
        talk.show(answer, fields(answer.as_object(), {{say("Department"), "department"},
                                                      {say("Patience (minutes)"), "patience"},
                                                      {say("Signature"), "signature"}}));
        return done;
    });
}

void add_mailbox(Commands& commands, CLI::App& group)
{
    auto& leaf = commands.leaf(group, "mailbox", say("Show, or change, where answers to a mailbox's mail go"),
                               "postroom sending mailbox sales@contoso.com --reply-to answers@contoso.com");
    struct Given {
        std::string address, reply_to;
    };
    auto const given = std::make_shared<Given>();
    leaf.add_option("address", given->address, say("The mailbox"))->required();
    auto const* const reply_to =
        leaf.add_option("--reply-to", given->reply_to, say("Reply-To of its mail; \"\" for none"))
            ->type_name(say("ADDRESS"));
    commands.talks(leaf, [given, reply_to](Talk& talk) {
        auto const path = "/api/v1/mailboxes/" + in_url(given->address) + "/sending";
        auto const answer = reply_to->count() == 0
                                ? talk.server.get(path)
                                : talk.server.send("PUT", path, json::object{{"reply_to", given->reply_to}});
        talk.show(answer,
                  fields(answer.as_object(), {{say("Mailbox"), "mailbox"}, {say("Answers go to"), "reply_to"}}));
        return done;
    });
}

}  // namespace

void add_sending_commands(Commands& commands)
{
    auto& group = commands.group("sending", say("How mail is sent: limits, signatures, copies"));
    add_account(commands, group);
    add_department(commands, group);
    add_mailbox(commands, group);
}

void add_template_commands(Commands& commands)
{
    auto& group = commands.group("template", say("Prepared answers of a department"));
    struct Given {
        std::string department, name, subject;
        TextInput text;
    };
    auto const given = std::make_shared<Given>();
    auto const path = [given](bool one) {
        auto text = "/api/v1/departments/" + in_url(given->department) + "/templates";
        return one ? text + "/" + in_url(given->name) : text;
    };
    auto& list = commands.leaf(group, "list", say("List them"), "postroom template list \"Customer care\"");
    list.add_option("department", given->department, say("The department"))->required();
    commands.talks(list, [path](Talk& talk) {
        auto const answer = talk.server.get(path(false));
        talk.show(answer, table(answer.at("items").as_array(), {{say("NAME"), "name"}, {say("TEXT"), "text"}},
                                say("There is none.")));
        return done;
    });
    auto& set = commands.leaf(group, "set", say("Add one, or replace the one of that name"),
                              "postroom template set \"Customer care\" soon --text \"Dear {{name}}, we look into it.\"",
                              say("Filled in when it is used: {}",
                                  "{{customer}} {{name}} {{number}} {{subject}} {{mailbox}} {{department}} {{agent}} "
                                  "{{date}}"));
    set.add_option("department", given->department, say("The department"))->required();
    set.add_option("name", given->name, say("The template"))->required();
    given->text.add_to(set);
    commands.talks(set, [given, path](Talk& talk) {
        auto const answer = talk.server.send("PUT", path(true), json::object{{"text", given->text.read()}});
        talk.show(answer, say("There is the template {} now.\n", given->name));
        return done;
    });
    auto& remove = commands.leaf(group, "remove", say("Remove one"), "postroom template remove \"Customer care\" soon");
    remove.add_option("department", given->department, say("The department"))->required();
    remove.add_option("name", given->name, say("The template"))->required();
    commands.talks(
        remove,
        [given, path](Talk& talk) {
            talk.server.send("DELETE", path(true));
            talk.show(nullptr, say("The template {} is removed.\n", given->name));
            return done;
        },
        false);
}

}  // namespace postroom::cli
