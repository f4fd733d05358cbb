// postroom retrieve: look now.
#include "base/clock.hpp"
#include "cli/commands.hpp"
#include "cli/progress-line.hpp"
#include "cli/retrieval-progress.hpp"

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <future>

namespace postroom::cli {

namespace {

constexpr auto asked_every = std::chrono::milliseconds(500);
constexpr int bar_length = 24;

// The look is waited for on a thread of its own; what it is at, its server has told the store.
json::value watched(ServerClient const& server, std::string const& mailbox, std::function<json::value()> look)
{
    auto outcome = std::async(std::launch::async, std::move(look));
    ProgressLine line;
    while (outcome.wait_for(asked_every) != std::future_status::ready) {
        RetrievalProgress sum;
        auto const add = [&](json::value const& each) {
            if (auto const one = RetrievalProgress::of(each.as_object())) sum += *one;
        };
        try {
            if (mailbox.empty())
                for (auto const all = server.all("/api/v1/mailboxes"); auto const& each : all.at("items").as_array())
                    add(each);
            else
                add(server.get("/api/v1/mailboxes/" + in_url(mailbox)));
        } catch (Exit const&) {
            continue;  // the look itself says what is wrong
        }
        if (sum.wanted > 0)
            line.show([&] { return sum.words(system_clock().now(), line.on_terminal() ? bar_length : 0); });
    }
    return outcome.get();
}

}  // namespace

void add_retrieve_command(Commands& commands)
{
    auto& retrieve =
        commands.leaf(commands.root(), "retrieve", say("Compare mailboxes with their servers now"),
                      "postroom retrieve --once\n  postroom retrieve --once --mailbox sales@contoso.com --progress",
                      say("The server retrieves by itself all the time; this waits for one look to be done. "
                          "Exit code 1 where a mailbox could not be looked into."));
    struct Given {
        bool once = false, progress = false;
        std::string mailbox;
    };
    auto const given = std::make_shared<Given>();
    retrieve.add_flag("--once", given->once, say("Once, and tell what came of it"))->required();
    retrieve.add_option("--mailbox", given->mailbox, say("This one only"))->type_name(say("ADDRESS"));
    retrieve.add_flag("--progress", given->progress,
                      say("Tell how far it is meanwhile: mails, bytes, rate and time left, as a bar on a terminal"));
    commands.talks(retrieve, [given](Talk& talk) -> int {
        json::object body;
        if (!given->mailbox.empty()) body["mailbox"] = given->mailbox;
        auto const look = [&] { return talk.server.send("POST", "/api/v1/retrievals", body); };
        auto const answer = given->progress ? watched(talk.server, given->mailbox, look) : look();
        auto const& items = answer.at("items").as_array();
        talk.show(
            answer,
            table(items,
                  {{say("MAILBOX"), "mailbox"}, {say("OK"), "ok"}, {say("FILED"), "filed"}, {say("WHY"), "reason"}},
                  say("There is no mailbox yet: postroom mailbox add ADDRESS --account NAME")));
        for (auto const& each : items)
            if (!each.at("ok").as_bool()) return failed;
        return done;
    });
}

}  // namespace postroom::cli
