// postroom mailbox: the addresses that are read and answered.
#include "cli/commands.hpp"

#include <fmt/format.h>

namespace postroom::cli {

namespace {

std::string shown(json::value const& mailbox)
{
    return fields(mailbox.as_object(), {{say("Address"), "address"},
                                        {say("Account"), "account"},
                                        {say("Folder"), "folder"},
                                        {say("Baseline"), "baseline"},
                                        {say("After filing"), "after"},
                                        {say("Moved to"), "after_folder"},
                                        {say("State"), "state", mark("state of a mailbox")}});
}

void add_add(Commands& commands, CLI::App& group)
{
    auto& add = commands.leaf(group, "add", say("Add a mailbox: an address that is read and answered"),
                              "postroom mailbox add sales@contoso.com --account sales --baseline 7d");
    struct Given {
        std::string address, account, display_name, folder, baseline = "now", after, after_folder;
        bool confirm_deletion = false;
    };
    auto const given = std::make_shared<Given>();
    add.add_option("address", given->address, say("Its primary address"))->required();
    add.add_option("--account", given->account, say("The account that opens it"))->required()->type_name(say("NAME"));
    add.add_option("--display-name", given->display_name, say("The name in From"))->type_name(say("NAME"));
    add.add_option(
           "--folder", given->folder,
           say("The folder to read; INBOX otherwise. A special use, such as '\\Junk', finds it whatever its name"))
        ->type_name(say("FOLDER"));
    add.add_option(
           "--baseline", given->baseline,
           say("Which of the mail that is there counts as new: now (none of it), a number of days such as 7d, all"))
        ->type_name("now|DAYSd|all");  // lint-strings: allow
    add.add_option("--after", given->after,
                   say("What happens on the server to a mail that was filed; move otherwise, over POP3 leave"))
        ->check(CLI::IsMember({"leave", "seen", "move", "delete"}));
    add.add_option("--after-folder", given->after_folder, say("Where to move it; Postroom otherwise"))
        ->type_name(say("FOLDER"));
    add.add_flag("--confirm-deletion", given->confirm_deletion,
                 say("With --after delete: yes, mail that was filed is to be deleted on its server"));
    commands.talks(add, [given](Talk& talk) {
        json::object body{{"address", given->address}, {"account", given->account}, {"baseline", given->baseline}};
        for (auto const& [name, value] :
             {std::pair("display_name", &given->display_name), std::pair("folder", &given->folder),
              std::pair("after", &given->after), std::pair("after_folder", &given->after_folder)})
            if (!value->empty()) body[name] = *value;
        if (given->confirm_deletion) body["confirm_deletion"] = true;
        auto const answer = talk.server.send("POST", "/api/v1/mailboxes", body);
        talk.show(answer, shown(answer));
        return done;
    });
}

void add_change(Commands& commands, CLI::App& group)
{
    auto& change = commands.leaf(group, "change", say("Change how a mailbox is read and answered"),
                                 "postroom mailbox change sales@contoso.com --after delete --confirm-deletion",
                                 say("What is not named stays. The baseline can't be changed: what it skipped is noted "
                                     "as skipped, and what it let in is filed. What is still due on the server is done "
                                     "as the new --after says."));
    struct Given {
        std::string address, display_name, folder, after, after_folder;
        int poll = 0;
        bool confirm_deletion = false;
    };
    auto const given = std::make_shared<Given>();
    change.add_option("address", given->address, say("Its primary address"))->required();
    auto const* const display_name =
        change.add_option("--display-name", given->display_name, say("The name in From"))->type_name(say("NAME"));
    change
        .add_option("--folder", given->folder,
                    say("The folder to read. A special use, such as '\\Junk', finds it whatever its name"))
        ->type_name(say("FOLDER"));
    change.add_option("--after", given->after, say("What happens on the server to a mail that was filed"))
        ->check(CLI::IsMember({"leave", "seen", "move", "delete"}));
    change.add_option("--after-folder", given->after_folder, say("Where to move it"))->type_name(say("FOLDER"));
    change.add_flag("--confirm-deletion", given->confirm_deletion,
                    say("With --after delete: yes, mail that was filed is to be deleted on its server"));
    change.add_option("--poll", given->poll, say("Seconds between two looks where the server can't tell by itself"))
        ->check(between(5, 3600))
        ->type_name(say("SECONDS"));
    commands.talks(change, [given, display_name](Talk& talk) {
        json::object body;
        for (auto const& [name, value] : {std::pair("folder", &given->folder), std::pair("after", &given->after),
                                          std::pair("after_folder", &given->after_folder)})
            if (!value->empty()) body[name] = *value;
        if (display_name->count() > 0) body["display_name"] = given->display_name;
        if (given->poll > 0) body["poll"] = given->poll;
        if (given->confirm_deletion) body["confirm_deletion"] = true;
        auto const answer = talk.server.send("PATCH", "/api/v1/mailboxes/" + in_url(given->address), body);
        talk.show(answer, shown(answer));
        return done;
    });
}

void add_remove(Commands& commands, CLI::App& group)
{
    auto& remove = commands.leaf(group, "remove", say("Read and answer it no more; its cases and mail stay"),
                                 "postroom mailbox remove sales@contoso.com");
    auto const address = std::make_shared<std::string>();
    remove.add_option("address", *address, say("Its primary address"))->required();
    commands.talks(
        remove,
        [address](Talk& talk) {
            talk.server.send("DELETE", "/api/v1/mailboxes/" + in_url(*address));
            print(say("Mailbox {} removed.\n", *address));
            return done;
        },
        false);
}

void add_resume(Commands& commands, CLI::App& group)
{
    auto& resume = commands.leaf(
        group, "resume", say("Decide about the mail for which a mailbox was stopped"),
        "postroom mailbox resume sales@contoso.com --skip",
        say("A folder that was made anew on its server (moved, restored) shows all its mail as new. Where that is more "
            "than the setting unexpected-mails, nothing is retrieved until this is said. What was filed before is "
            "known by its bytes, and not filed again."));
    struct Given {
        std::string address;
        bool skip = false;
    };
    auto const given = std::make_shared<Given>();
    resume.add_option("address", given->address, say("Its primary address"))->required();
    resume.add_flag("--skip", given->skip, say("File none of the mail that is there now; later mail is filed"));
    commands.talks(resume, [given](Talk& talk) {
        auto const answer = talk.server.send("POST", "/api/v1/mailboxes/" + in_url(given->address) + "/resolution",
                                             json::object{{"as", given->skip ? "skip" : "file"}});
        talk.show(answer, shown(answer));
        return done;
    });
}

void add_ledger(Commands& commands, CLI::App& group)
{
    auto& ledger = commands.leaf(
        group, "ledger", say("What became of each mail that the mailbox's server ever showed"),
        "postroom mailbox ledger sales@contoso.com\n  postroom mailbox ledger sales@contoso.com --state unreadable",
        say("The newest first. A page ends with what --after takes for the next one."));
    struct Given {
        std::string address, state, after;
        int limit = 50;
    };
    auto const given = std::make_shared<Given>();
    ledger.add_option("address", given->address, say("Its primary address"))->required();
    ledger
        .add_option("--state", given->state,
                    say("Only those in this state; due: those with an after-action that is still to be done"))
        ->type_name(say("STATE"));
    ledger.add_option("--limit", given->limit, say("How many; 50 otherwise"))
        ->check(between(1, 200))
        ->type_name(say("NUMBER"));
    ledger.add_option("--after", given->after, say("Where the page before ended"))->type_name(say("PLACE"));
    commands.talks(ledger, [given](Talk& talk) {
        auto path = fmt::format("/api/v1/mailboxes/{}/ledger?limit={}", in_url(given->address), given->limit);
        if (!given->state.empty()) path += "&state=" + in_url(given->state);
        if (!given->after.empty()) path += "&after=" + in_url(given->after);
        auto const answer = talk.server.get(path);
        auto text = table(answer.at("items").as_array(),
                          {{say("UID"), "uid"},
                           {say("SEEN"), "seen"},
                           {say("STATE"), "state", mark("state in the ledger")},
                           {say("NOW"), "became", mark("what became of a mail")},
                           {say("CASE"), "case"},
                           {say("FROM"), "from"},
                           {say("SUBJECT"), "subject"},
                           {say("STILL DUE"), "due"},
                           {say("NOTE"), "note"}},
                          say("There is no such mail in the ledger."));
        if (auto const next = member(answer.as_object(), "next"); !next.empty())
            text += say("More: --after {}\n", next);
        talk.show(answer, text);
        return done;
    });
}

}  // namespace

void add_mailbox_commands(Commands& commands)
{
    auto& group = commands.group("mailbox", say("The addresses that are read and answered"));
    add_add(commands, group);
    add_change(commands, group);
    add_remove(commands, group);
    add_resume(commands, group);
    add_mailbox_show(commands, group);
    add_mailbox_acknowledge(commands, group);
    add_ledger(commands, group);

    auto& list =
        commands.leaf(group, "list", say("List the mailboxes and how retrieval stands"), "postroom mailbox list");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.all("/api/v1/mailboxes");
        auto const& items = answer.at("items").as_array();
        auto text = table(items,
                          {{say("ADDRESS"), "address"},
                           {say("STATE"), "state", mark("state of a mailbox")},
                           {say("ACCOUNT"), "account"},
                           {say("LAST SUCCESS"), "last_success"},
                           {say("NEXT TRY"), "next_try"},
                           {say("WHY"), "state_reason"}},
                          say("There is no mailbox yet: postroom mailbox add ADDRESS --account NAME"));
        for (auto const& each : items)
            if (auto const cause = first_cause(each.as_object(), "  "); !cause.empty())
                text += fmt::format("\n{}: {}\n{}", member(each.as_object(), "address"),
                                    member(each.as_object(), "state_reason"), cause);
        talk.show(answer, text);
        return done;
    });
}

}  // namespace postroom::cli
