// postroom reconcile: what a mailbox's server has and the ledger has not, and the other way round.
#include "cli/commands.hpp"
#include "cli/progress-line.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <thread>

namespace postroom::cli {

namespace {

constexpr auto pause = std::chrono::milliseconds(500);
constexpr auto taken_limit = std::chrono::seconds(90);

json::value wait_for(Talk const& talk, std::string const& path)
{
    ProgressLine progress;
    auto const begun = std::chrono::steady_clock::now();
    for (;;) {
        auto now = talk.server.get(path);
        auto const state = member(now.as_object(), "state");
        if (state != "waiting" && state != "working") return now;
        auto const passed = std::chrono::steady_clock::now() - begun;
        if (state == "waiting" && passed > taken_limit)
            throw Exit(failed, say("no services server took it in time: is one running, with the role services?"));
        auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(passed).count();
        progress.show([&] {
            return state == "working" ? say("being compared by a services server, {} s", seconds)
                                      : say("waiting, {} s", seconds);
        });
        std::this_thread::sleep_for(pause);
    }
}

std::string section(json::object const& of, char const* name, std::string const& heading)
{
    auto const& mails = of.at(name).as_object();
    auto const count = mails.at("count").to_number<std::int64_t>();
    if (count == 0) return {};
    auto text = fmt::format("\n{}: {}\n", heading, count);
    auto const& named = mails.at("mails").as_array();
    bool const pop3 = !named.empty() && !member(named.front().as_object(), "unique_id").empty();
    text += table(named,
                  {{pop3 ? say("UNIQUE ID") : say("UID"), pop3 ? "unique_id" : "uid"},
                   {say("STATE"), "state", mark("state in the ledger")},
                   {say("RECEIVED"), "received"},
                   {say("SIZE"), "size"},
                   {say("FILED"), "filed_size"},
                   {say("CASE"), "case"},
                   {say("SUBJECT"), "subject"},
                   {say("NOTE"), "note"}},
                  "");
    if (static_cast<std::int64_t>(named.size()) < count)
        text += say("… and {} more\n", count - static_cast<std::int64_t>(named.size()));
    return text;
}

std::string shown(json::object const& result)
{
    auto text = say("{}: {} on the server, {} in the ledger as being there\n", member(result, "folder"),
                    member(result, "on_server"), member(result, "in_ledger"));
    if (member(result, "known_uid_validity") == "0" && member(result, "uid_validity") != "0")
        text += say("The folder was not retrieved from this server so far\n");
    else if (member(result, "uid_validity") != member(result, "known_uid_validity"))
        text += say("The folder was made anew on its server: UIDVALIDITY was {}, and is {}\n",
                    member(result, "known_uid_validity"), member(result, "uid_validity"));
    if (auto const unnamed = member(result, "unnamed"); unnamed != "0")
        text += say("Without a unique id that can be read: {}\n", unnamed);
    text += section(result, "only_on_server", say("On the server, and not in the ledger"));
    text += section(result, "only_in_ledger", say("In the ledger as being there, and not on the server"));
    text += section(result, "back", say("On the server, though the ledger says that it went"));
    text += section(result, "due", say("With an after-action that is still to be done"));
    if (auto const& bytes = result.at("bytes"); bytes.is_object()) {
        text += '\n' + say("Retrieved once more, and compared with what was filed: {}\n",
                           member(bytes.as_object(), "compared"));
        text += section(bytes.as_object(), "differing", say("With other bytes than were filed"));
        text += section(bytes.as_object(), "withheld", say("Listed by the server, which did not give their bytes"));
    }
    bool const agree = result.at("agree").as_bool();
    return text + '\n' + (agree ? say("Server and ledger agree.\n") : say("Server and ledger do not agree.\n"));
}

}  // namespace

void add_reconcile_command(Commands& commands)
{
    auto& reconcile = commands.leaf(
        commands.root(), "reconcile", say("Compare a mailbox's server with the ledger"),
        "postroom reconcile sales@contoso.com\n  postroom reconcile sales@contoso.com --bytes --format json",
        say("A services server does it, and changes nothing on the mail server. Mail that somebody else deleted or "
            "moved there is told once, and noted in the ledger as gone. Mail that arrived since the last look is "
            "on the server only until it was filed. Exit code 0 where both agree, 1 where they do not, or "
            "could not be compared."));
    struct Given {
        std::string address;
        bool bytes = false;
    };
    auto const given = std::make_shared<Given>();
    reconcile.add_option("MAILBOX", given->address, say("Its primary address"))->required();
    reconcile.add_flag("--bytes", given->bytes,
                       say("Retrieve the mail that is on both sides once more, and compare size and digest"));
    commands.talks(reconcile, [given](Talk& talk) -> int {
        auto const begun = talk.server.send("POST", "/api/v1/mailboxes/" + in_url(given->address) + "/reconciliations",
                                            json::object{{"bytes", given->bytes}});
        auto const ended = wait_for(talk, "/api/v1/reconciliations/" + member(begun.as_object(), "id"));
        if (member(ended.as_object(), "state") != "done")
            throw Exit(failed, say("it could not be compared: {}", member(ended.as_object(), "reason")));
        auto const& result = ended.at("result").as_object();
        talk.show(ended, shown(result));
        return result.at("agree").as_bool() ? done : failed;
    });
}

}  // namespace postroom::cli
