// postroom account authorize and rights: obtaining a grant by each flow, and what it opens.
#include "base/clock.hpp"
#include "cli/commands.hpp"
#include "cli/progress-line.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace postroom::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto pause = 1s;
constexpr auto trial_limit = 150s;  // a services server takes it within 60 s, and needs 45 s

std::string path_of(std::string const& account)
{
    return "/api/v1/accounts/" + in_url(account);
}

// To stderr where stdout is for the outcome as JSON.
void tell(Talk const& talk, std::string const& text)
{
    fmt::print(talk.as_json ? stderr : stdout, "{}", text);
    std::fflush(talk.as_json ? stderr : stdout);
}

std::string rights_table(Talk const& talk, std::string const& account)
{
    json::array rows;
    for (auto const& each : talk.server.get(path_of(account) + "/rights").at("items").as_array()) {
        auto const& item = each.as_object();
        for (auto const* const what : {"open", "send"}) {
            auto const& right = item.at(what);
            json::object row{{"mailbox", item.at("mailbox")},
                             {"what", std::string_view(what) == "open" ? say("open") : say("send")}};
            if (right.is_object())
                for (auto const* const name : {"outcome", "looked", "evidence"}) row[name] = right.at(name);
            else
                row["outcome"] = say("not tried yet");
            rows.push_back(std::move(row));
        }
    }
    return table(rows,
                 {{say("MAILBOX"), "mailbox"},
                  {say("RIGHT"), "what"},
                  {say("OUTCOME"), "outcome"},
                  {say("LOOKED"), "looked"},
                  {say("WHAT WAS SAID"), "evidence"}},
                 say("The account has no mailbox: postroom mailbox add ADDRESS …"));
}

// Asks every second until it is neither waiting nor tried.
json::value wait_for(Talk const& talk, std::string const& path, std::optional<Instant> ends, std::string const& late)
{
    ProgressLine progress;
    auto const begun = system_clock().now();
    std::optional<Instant> trying_since;
    for (;;) {
        std::this_thread::sleep_for(pause);
        auto now = talk.server.get(path);
        auto const state = member(now.as_object(), "state");
        if (state != "waiting" && state != "trying") return now;
        auto const at = system_clock().now();
        if (state == "trying" && !trying_since) trying_since = at;
        auto const until = trying_since ? *trying_since + trial_limit : ends.value_or(begun + trial_limit);
        if (at > until)
            throw Exit(failed, trying_since ? say("the trial has not ended in time; the account shows how "
                                                  "it ends")
                                            : late);
        auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(at - begun).count();
        progress.show([&] {
            return state == "trying" ? say("being tried by a services server, {} s", seconds)
                                     : say("waiting, {} s", seconds);
        });
    }
}

// What to do at the provider, for the flow that was begun.
std::string what_to_do(json::object const& begun)
{
    auto const flow = member(begun, "flow");
    if (flow == "device")
        return say(
            "Open this in any browser, enter the code {}, and sign in as the account's user:\n\n{}\n\n"
            "Waiting for that (Ctrl-C ends the waiting only) …\n",
            member(begun, "user_code"), member(begun, "url"));
    if (flow == "code")
        return say(
            "Open this in a browser, and sign in as the account's user:\n\n{}\n\n"
            "Waiting for the browser to come back (Ctrl-C ends the waiting only) …\n",
            member(begun, "url"));
    return say("The application asks for its own token …\n");
}

void add_authorize(Commands& commands, CLI::App& group)
{
    auto& authorize =
        commands.leaf(group, "authorize", say("Obtain a grant, and wait until it was tried"),
                      "postroom account authorize sales\n  postroom account authorize sales --device-code",
                      say("Open the URL in any browser that reaches the External URL, and sign in as the "
                          "account's user; with --device-code, in any browser at all. An account with "
                          "access application needs neither."));
    struct Given {
        std::string name;
        bool no_wait = false, device = false, test_mail = false, consent = false;
    };
    auto const given = std::make_shared<Given>();
    authorize.add_option("name", given->name, say("The account"))->required();
    authorize.add_flag("--device-code", given->device,
                       say("Show a code to enter in a browser anywhere, which need not reach the External URL"));
    authorize.add_flag("--test-mail", given->test_mail,
                       say("Send a marked mail from each mailbox to itself, which alone tells whether it may be sent "
                           "from"));
    authorize.add_flag("--consent", given->consent, say("Have the provider ask for consent, also where it has it"));
    authorize.add_flag("--no-wait", given->no_wait, say("Print the URL and end"));
    commands.talks(authorize, [given](Talk& talk) -> int {
        json::object body{{"test_mail", given->test_mail}, {"consent", given->consent}};
        if (given->device) body["flow"] = "device";
        auto const begun = talk.server.send("POST", path_of(given->name) + "/authorizations", body).as_object();
        if (given->no_wait) {
            std::string text;
            for (auto const* const name : {"url", "user_code"})
                if (auto const line = member(begun, name); !line.empty()) text += line + "\n";
            talk.show(begun, text);
            return done;
        }
        tell(talk, what_to_do(begun));
        auto const ends = from_rfc3339(member(begun, "ends"));
        auto const outcome =
            wait_for(talk, "/api/v1/authorizations/" + member(begun, "id"), ends ? std::optional(*ends) : std::nullopt,
                     say("nobody came back from the sign-in in time; begin anew"))
                .as_object();
        if (member(outcome, "state") != "accepted") {
            auto const consent = member(outcome, "admin_consent_url");
            if (talk.as_json) talk.show(outcome, "");
            auto cause = first_cause(outcome);
            if (!cause.empty()) cause = "\n" + cause.substr(0, cause.size() - 1);  // whoever shows it ends the line
            throw Exit(failed, say("the account is not authorized: {}", member(outcome, "reason")) + cause +
                                   (consent.empty()
                                        ? ""
                                        : "\n" + say("An administrator of the tenant can consent here: {}", consent)));
        }
        auto const notes = member(outcome, "notes");
        talk.show(outcome, talk.as_json
                               ? std::string()
                               : say("The account {} is authorized.\n", given->name) +
                                     (notes.empty() ? "" : notes + "\n") + "\n" + rights_table(talk, given->name));
        return done;
    });
}

void add_rights(Commands& commands, CLI::App& group)
{
    auto& rights = commands.leaf(group, "rights", say("Show which mailboxes an account opens and may send from"),
                                 "postroom account rights sales --try",
                                 say("Without --test-mail, whether a mailbox may be sent from could not be told: "
                                     "servers say it only once they have a mail."));
    struct Given {
        std::string name;
        bool look = false, test_mail = false;
    };
    auto const given = std::make_shared<Given>();
    rights.add_option("name", given->name, say("The account"))->required();
    rights.add_flag("--try", given->look, say("Have a services server try them now"));
    rights.add_flag("--test-mail", given->test_mail,
                    say("Try them now, and send a marked mail from each mailbox to itself"));
    commands.talks(rights, [given](Talk& talk) -> int {
        auto const path = path_of(given->name) + "/rights";
        if (given->look || given->test_mail) {
            auto const begun = talk.server.send("POST", path + "/trial", json::object{{"test_mail", given->test_mail}});
            auto const ended =
                wait_for(talk, "/api/v1/trials/" + member(begun.as_object(), "id"), std::nullopt,
                         say("no services server took it in time: is one running, with the role services?"));
            if (member(ended.as_object(), "state") != "done")
                throw Exit(failed, say("it could not be tried: {}", member(ended.as_object(), "reason")));
        }
        talk.show(talk.server.get(path), rights_table(talk, given->name));
        return done;
    });
}

}  // namespace

void add_authorize_commands(Commands& commands, CLI::App& account)
{
    add_authorize(commands, account);
    add_rights(commands, account);
}

}  // namespace postroom::cli
