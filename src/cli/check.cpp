// postroom check: what must hold for mail to flow, and of what does not, since when, whose it is and what to do.
#include "base/text.hpp"
#include "checks/item.hpp"
#include "checks/products.hpp"
#include "cli/check-report.hpp"
#include "cli/commands.hpp"
#include "cli/progress-line.hpp"
#include "cli/remedy-commands.hpp"
#include "console/contract.hpp"
#include "model/causes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <thread>

namespace postroom::cli {

namespace {

constexpr int some_untold = 2;
constexpr auto pause = std::chrono::milliseconds(200);
constexpr auto taken_limit = std::chrono::seconds(90);
constexpr auto silent_limit = std::chrono::minutes(5);

struct Given {
    std::vector<std::string> items;
    std::string account, mailbox, on, explained, format = "text";
    std::string product, version, installed;
    bool send = false;
};

json::object wait_for(Talk const& talk, json::object run)
{
    ProgressLine progress;
    auto const path = "/api/v1/checks/runs/" + member(run, "id");
    auto last_news = std::chrono::steady_clock::now();
    std::size_t told = 0;
    std::int64_t clearing = 0;
    while (member(run, "state") != "done") {
        std::this_thread::sleep_for(pause);
        run = talk.server.get(path).as_object();
        auto const& found = run.at("findings").as_array();
        auto const now = std::chrono::steady_clock::now();
        auto const left = run.at("clearing").to_number<std::int64_t>();
        if (found.size() != told || left != clearing) {
            told = found.size();
            clearing = left;
            last_news = now;
        }
        bool const waits = member(run, "state") == "waiting";
        if (waits && now - last_news > taken_limit)
            throw Exit(failed, say("no server took it in time: is one running, with the role services?"));
        if (now - last_news > silent_limit) throw Exit(failed, say("nothing was heard for too long"));
        progress.show([&] {
            if (clearing > 0)
                return say(trn("{} marked mail is still to be removed", "{} marked mails are still to be removed",
                               clearing, clearing));
            auto const latest = found.empty() ? std::string() : member(found.back().as_object(), "item");
            return say("{} of {} checked; {}", told, member(run, "expected"), latest);
        });
    }
    return run;
}

int code_of(json::array const& findings)
{
    bool untold = false;
    for (auto const& each : findings) {
        auto const outcome = member(each.as_object(), "outcome");
        if (outcome == "fails") return failed;
        untold = untold || outcome == "could-not-be-told";
    }
    return untold ? some_untold : done;
}

int explain_item(std::string const& id)
{
    auto const* const item = checks::find_item(id);
    if (item == nullptr) throw Exit(wrong_usage, say("there is no item \"{}\" on the check list", id));
    auto text = fmt::format("{}: {}\n", item->id, spoken().say_marked(item->must));
    if (!item->grounds.empty())
        text += say("Told only where these hold: {}\n", fmt::format("{}", fmt::join(item->grounds, ", ")));
    text += say("What is known of it is in docs/checks/{}.md\n", item->id);
    for (auto const& cause : model::causes())
        if (cause.check == item->id)
            text += fmt::format("\n{} ({})\n  {}\n  {}: {}\n  {}: {}\n", spoken().say_marked(cause.title), cause.id,
                                spoken().say_marked(cause.meaning), say("Whose"), spoken().say(in_words(cause.owner)),
                                say("Remedy"), spoken().say_marked(cause.remedy)) +
                    commands_in_text(checks::commands_for(cause.id, {}), "  ");
    print(text);
    return done;
}

int judge_product(Given const& given)
{
    auto const judged = checks::judge_product(given.product, given.version, given.installed);
    if (!judged) throw Exit(wrong_usage, say(judged.error().words));
    json::object const finding{{"item", "minimum-version"},
                               {"subject", given.product + " " + given.version},
                               {"outcome", std::string(model::to_string(judged->outcome))},
                               {"evidence", judged->evidence},
                               {"remedy", judged->remedy}};
    print(given.format == "json" ? json::serialize(finding) + "\n"
                                 : fmt::format("{}: {}\n{}{}", outcome_in_words(member(finding, "outcome")),
                                               judged->evidence, judged->remedy, judged->remedy.empty() ? "" : "\n"));
    return code_of({finding});
}

}  // namespace

void add_check_command(Commands& commands)
{
    auto const given = std::make_shared<Given>();
    auto& leaf =
        commands.leaf(commands.root(), "check", say("Check what must hold for mail to flow"),
                      "postroom check\n  postroom check mailbox-access smtp-enabled --mailbox sales@contoso.com\n"
                      "  postroom check --format html > report.html\n  postroom check --explain redirect-url\n"
                      "  postroom check --product ece --version \"12.5(1)\" --installed ES3",
                      say("Each item is looked at on the servers where it must hold. Nothing is sent without --send."),
                      say("Exit codes: 0 all hold; 1 some fail; 2 none fails, and some could not be told; 3 the server "
                          "can't be reached; 4 nothing was checked, stderr says why."));
    commands.finds(leaf);
    leaf.add_option("ITEM", given->items, say("Only these items; all otherwise"));
    leaf.add_option("--account", given->account, say("Only this account"))->type_name(say("NAME"));
    leaf.add_option("--mailbox", given->mailbox, say("Only this mailbox"))->type_name(say("ADDRESS"));
    leaf.add_option("--on", given->on, say("Only on this server of the installation, and what must hold there"))
        ->type_name(say("SERVER"));
    leaf.add_flag("--send", given->send,
                  say("Send a marked mail from each mailbox to itself: whether it may send shows only then"));
    leaf.add_option("--explain", given->explained, say("What an item is about, and how it can fail"))
        ->type_name(say("ITEM"));
    leaf.add_option("--format", given->format,
                    say("How to print: text, json, html (one file, for handing on) or junit; json-schema: what json "
                        "looks like, and nothing is checked"))
        ->check(CLI::IsMember({"text", "json", "html", "junit", "json-schema"}));
    leaf.add_option("--product", given->product, say("Judge a release of another product instead: ece"))
        ->type_name(say("NAME"));
    leaf.add_option("--version", given->version, say("Its release, for example 12.5(1)"))->type_name(say("RELEASE"));
    leaf.add_option("--installed", given->installed, say("What is installed on top of it, for example ES3"))
        ->type_name(say("LIST"));
    commands.talks(
        leaf,
        [given](Talk& talk) -> int {
            if (given->format == "json-schema") {
                print(console::check_report_schema());
                return done;
            }
            if (!given->explained.empty()) return explain_item(given->explained);
            if (!given->product.empty()) return judge_product(*given);
            json::array items;
            for (auto const& each : given->items) items.emplace_back(json::string(each));
            auto run = talk.server.send("POST", "/api/v1/checks/runs",
                                        json::object{{"items", std::move(items)},
                                                     {"account", given->account},
                                                     {"mailbox", given->mailbox},
                                                     {"on", given->on},
                                                     {"may_send", given->send}});
            auto const ended = wait_for(talk, std::move(run.as_object()));
            auto const& findings = ended.at("findings").as_array();
            print(report(ended, given->format));
            return code_of(findings);
        },
        false);
}

}  // namespace postroom::cli
