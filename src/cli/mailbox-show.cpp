// postroom mailbox show: where one mailbox stands, what keeps it from its server and whose that is, and its figures.
#include "base/clock.hpp"
#include "cli/commands.hpp"
#include "cli/retrieval-progress.hpp"

#include <fmt/format.h>

namespace postroom::cli {

namespace {

std::string figures_table(json::object const& figures)
{
    auto const& all = figures.at("all").as_object();
    auto const& since = figures.at("since_start").as_object();
    json::array rows;
    for (auto const& [name, title] :
         {std::pair("retrieved", say("retrieved")), std::pair("filed", say("filed")),
          std::pair("duplicates", say("duplicates")), std::pair("skipped", say("skipped, older than the baseline")),
          std::pair("refused", say("not given by the server")), std::pair("bytes", say("bytes")),
          std::pair("connections", say("connections"))})
        rows.emplace_back(json::object{{"what", title}, {"all", all.at(name)}, {"since", since.at(name)}});
    return table(rows, {{say("COUNTED"), "what"}, {say("IN ALL"), "all"}, {say("SINCE ITS SERVER BEGAN"), "since"}},
                 "");
}

std::string failures_table(json::object const& figures)
{
    auto const& failures = figures.at("failures").as_array();
    if (failures.empty()) return {};
    return "\n" + table(failures,
                        {{say("TROUBLE"), "trouble", mark("trouble of a mailbox")},
                         {say("IN ALL"), "times"},
                         {say("SINCE ITS SERVER BEGAN"), "times_since"},
                         {say("LAST"), "last"},
                         {say("WHAT WAS SAID"), "words"}},
                        "");
}

}  // namespace

void add_mailbox_show(Commands& commands, CLI::App& group)
{
    auto& show =
        commands.leaf(group, "show", say("Show where a mailbox stands, what troubles it, and what was counted"),
                      "postroom mailbox show sales@contoso.com");
    auto const address = std::make_shared<std::string>();
    show.add_option("address", *address, say("Its primary address"))->required();
    commands.talks(show, [address](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/mailboxes/" + in_url(*address));
        auto const& mailbox = answer.as_object();
        auto const& figures = mailbox.at("figures").as_object();
        auto text = fields(mailbox, {{say("Address"), "address"},
                                     {say("Account"), "account"},
                                     {say("Department"), "department"},
                                     {say("Folder"), "folder"},
                                     {say("Baseline"), "baseline"},
                                     {say("After filing"), "after"},
                                     {say("State"), "state", mark("state of a mailbox")},
                                     {say("Since"), "state_since"},
                                     {say("Trouble"), "trouble", mark("trouble of a mailbox")},
                                     {say("Why"), "state_reason"},
                                     {say("Next try"), "next_try"},
                                     {say("Last success"), "last_success"}});
        text += first_cause(mailbox);
        if (auto const progress = RetrievalProgress::of(mailbox))
            text += progress->words(system_clock().now(), 0) + "\n";
        text += "\n" + figures_table(figures) + failures_table(figures);
        talk.show(answer, text);
        return done;
    });
}

}  // namespace postroom::cli
