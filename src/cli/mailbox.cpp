// postroom mailbox: the addresses that are read and answered.
#include "cli/commands.hpp"

#include <fmt/format.h>

namespace postroom::cli {

namespace {

void add_add(Commands& commands, CLI::App& group)
{
    auto& add = commands.leaf(group, "add", "Add a mailbox: an address that is read and answered",
                              "postroom mailbox add sales@contoso.com --account sales --baseline 7d");
    struct Given {
        std::string address, account, display_name, folder, baseline = "now", after, after_folder;
    };
    auto const given = std::make_shared<Given>();
    add.add_option("address", given->address, "Its primary address")->required();
    add.add_option("--account", given->account, "The account that opens it")->required()->type_name("NAME");
    add.add_option("--display-name", given->display_name, "The name in From")->type_name("NAME");
    add.add_option("--folder", given->folder, "The folder to read; INBOX otherwise")->type_name("FOLDER");
    add.add_option("--baseline", given->baseline,
                   "Which of the mail that is there counts as new: now (none of it), a number of days such as 7d, all")
        ->type_name("now|DAYSd|all");
    add.add_option("--after", given->after, "What happens on the server to a mail that was filed; move otherwise")
        ->check(CLI::IsMember({"leave", "seen", "move", "delete"}));
    add.add_option("--after-folder", given->after_folder, "Where to move it; Postroom otherwise")->type_name("FOLDER");
    commands.talks(add, [given](Talk& talk) {
        json::object body{{"address", given->address}, {"account", given->account}, {"baseline", given->baseline}};
        for (auto const& [name, value] :
             {std::pair("display_name", &given->display_name), std::pair("folder", &given->folder),
              std::pair("after", &given->after), std::pair("after_folder", &given->after_folder)})
            if (!value->empty()) body[name] = *value;
        auto const answer = talk.server.send("POST", "/api/v1/mailboxes", body);
        talk.show(answer, fields(answer.as_object(), {{"Address", "address"},
                                                      {"Account", "account"},
                                                      {"Folder", "folder"},
                                                      {"Baseline", "baseline"},
                                                      {"After filing", "after"},
                                                      {"Moved to", "after_folder"},
                                                      {"State", "state"}}));
        return done;
    });
}

}  // namespace

void add_mailbox_commands(Commands& commands)
{
    auto& group = commands.group("mailbox", "The addresses that are read and answered");
    add_add(commands, group);

    auto& list = commands.leaf(group, "list", "List the mailboxes and how retrieval stands", "postroom mailbox list");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/mailboxes");
        auto const& items = answer.at("items").as_array();
        auto text = table(items,
                          {{"ADDRESS", "address"},
                           {"STATE", "state"},
                           {"ACCOUNT", "account"},
                           {"LAST SUCCESS", "last_success"},
                           {"NEXT TRY", "next_try"},
                           {"WHY", "state_reason"}},
                          "There is no mailbox yet: postroom mailbox add ADDRESS --account NAME");
        for (auto const& each : items)
            if (auto const cause = first_cause(each.as_object(), "  "); !cause.empty())
                text += fmt::format("\n{}: {}\n{}", member(each.as_object(), "address"),
                                    member(each.as_object(), "state_reason"), cause);
        talk.show(answer, text);
        return done;
    });
}

}  // namespace postroom::cli
