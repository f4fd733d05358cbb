// postroom account: email accounts and their authorization.
#include "cli/commands.hpp"

#include "base/clock.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace postroom::cli {

namespace {

std::string shown(json::value const& account)
{
    auto const& object = account.as_object();
    auto text = fields(object, {{say("Name"), "name"},
                                {say("State"), "state", mark("state of an account")},
                                {say("Why"), "state_reason"},
                                {say("Since"), "state_since"},
                                {say("User"), "user"},
                                {say("Kind"), "kind", mark("kind of account")},
                                {say("Department"), "department"},
                                {say("Application"), "application"},
                                {say("Retrieval"), "retrieval"},
                                {say("Retrieved from"), "retrieval_server"},
                                {say("Sent through"), "submission_server"},
                                {say("Mailboxes"), "mailboxes"},
                                {say("Transcript"), "transcript"}});
    text += first_cause(object);
    if (auto const* const grant = object.if_contains("grant"); grant && grant->is_object())
        text += say("Grant") + "\n" +
                fields(grant->as_object(), {{"  " + say("User name"), "user_name"},
                                            {"  " + say("Tenant"), "tenant_id"},
                                            {"  " + say("Object id"), "object_id"},
                                            {"  " + say("Scopes"), "scopes"},
                                            {"  " + say("Accepted"), "accepted"},
                                            {"  " + say("Renewed"), "renewed"},
                                            {"  " + say("Token ends"), "access_token_ends"}});
    if (member(object, "state") != "ready")
        text += say("Next: postroom account authorize {}\n", member(object, "name"));
    return text;
}

void add_add(Commands& commands, CLI::App& group)
{
    auto& add = commands.leaf(group, "add", say("Add an account; then authorize it"),
                              "postroom account add sales --department \"Customer care\" --application contact-centre "
                              "--user sales@contoso.com");
    struct Given {
        std::string name, department, application, user, kind = "mailbox", retrieval = "imap", imap_host, pop3_host,
                                                         smtp_host;
    };
    auto const given = std::make_shared<Given>();
    add.add_option("name", given->name, say("What to call it here"))->required();
    add.add_option("--department", given->department, say("The department that owns it"))
        ->required()
        ->type_name(say("NAME"));
    add.add_option("--application", given->application, say("The identity application to sign in through"))
        ->required()
        ->type_name(say("NAME"));
    add.add_option("--user", given->user, say("The user that the token must belong to"))
        ->required()
        ->type_name(say("USER"));
    add.add_option("--kind", given->kind, say("mailbox opens its own mailbox, shared opens several with one token"))
        ->check(CLI::IsMember({"mailbox", "shared"}));
    add.add_option("--retrieval", given->retrieval, say("How mail is retrieved: imap (otherwise), or pop3"))
        ->check(CLI::IsMember({"imap", "pop3"}));
    add.add_option("--imap-host", given->imap_host, say("host:port to retrieve from; the cloud's own otherwise"))
        ->type_name(say("HOST:PORT"));
    add.add_option("--pop3-host", given->pop3_host, say("host:port to retrieve from; the cloud's own otherwise"))
        ->type_name(say("HOST:PORT"));
    add.add_option("--smtp-host", given->smtp_host, say("host:port to send through; the cloud's own otherwise"))
        ->type_name(say("HOST:PORT"));
    commands.talks(add, [given](Talk& talk) {
        json::object body{{"name", given->name},
                          {"department", given->department},
                          {"application", given->application},
                          {"user", given->user},
                          {"kind", given->kind},
                          {"retrieval", given->retrieval}};
        if (!given->imap_host.empty()) body["imap_host"] = given->imap_host;
        if (!given->pop3_host.empty()) body["pop3_host"] = given->pop3_host;
        if (!given->smtp_host.empty()) body["smtp_host"] = given->smtp_host;
        auto const answer = talk.server.send("POST", "/api/v1/accounts", body);
        talk.show(answer, shown(answer));
        return done;
    });
}

void add_change(Commands& commands, CLI::App& group)
{
    auto& change = commands.leaf(group, "change", say("Call an account otherwise, or name other servers"),
                                 "postroom account change sales --imap-host outlook.office365.com:993",
                                 say("What is not named stays. The account's tokens are sent to the servers that are "
                                     "named here."));
    struct Given {
        std::string name, new_name, imap_host, pop3_host, smtp_host;
    };
    auto const given = std::make_shared<Given>();
    change.add_option("name", given->name, say("The account"))->required();
    change.add_option("--name", given->new_name, say("What to call it from now on"))->type_name(say("NAME"));
    change.add_option("--imap-host", given->imap_host, say("host:port to retrieve from"))->type_name(say("HOST:PORT"));
    change.add_option("--pop3-host", given->pop3_host, say("host:port to retrieve from"))->type_name(say("HOST:PORT"));
    change.add_option("--smtp-host", given->smtp_host, say("host:port to send through"))->type_name(say("HOST:PORT"));
    commands.talks(change, [given](Talk& talk) {
        json::object body;
        for (auto const& [name, value] :
             {std::pair("name", &given->new_name), std::pair("imap_host", &given->imap_host),
              std::pair("pop3_host", &given->pop3_host), std::pair("smtp_host", &given->smtp_host)})
            if (!value->empty()) body[name] = *value;
        auto const answer = talk.server.send("PATCH", "/api/v1/accounts/" + in_url(given->name), body);
        talk.show(answer, shown(answer));
        return done;
    });
}

// Asks every second until the browser came back, or it is too late.
json::value wait_for(Talk const& talk, json::value const& begun)
{
    auto const path = "/api/v1/authorizations/" + member(begun.as_object(), "id");
    auto const ends = from_rfc3339(member(begun.as_object(), "ends"));
    for (;;) {
        std::this_thread::sleep_for(std::chrono::seconds(1));
        auto now = talk.server.get(path);
        if (member(now.as_object(), "state") != "waiting") return now;
        if (!ends || system_clock().now() > *ends)
            throw Exit(failed, say("nobody came back from the sign-in in time; begin anew"));
    }
}

void add_authorize(Commands& commands, CLI::App& group)
{
    auto& authorize = commands.leaf(group, "authorize", say("Print the URL of the sign-in, and wait until it was used"),
                                    "postroom account authorize sales",
                                    say("Open the URL in any browser that reaches the External URL, and sign in as the "
                                        "account's user."));
    struct Given {
        std::string name;
        bool no_wait = false;
    };
    auto const given = std::make_shared<Given>();
    authorize.add_option("name", given->name, say("The account"))->required();
    authorize.add_flag("--no-wait", given->no_wait, say("Print the URL and end"));
    commands.talks(authorize, [given](Talk& talk) -> int {
        auto const begun = talk.server.send("POST", "/api/v1/accounts/" + in_url(given->name) + "/authorize");
        auto const url = member(begun.as_object(), "url");
        if (given->no_wait) {
            talk.show(begun, url + "\n");
            return done;
        }
        // To stderr where stdout is for the outcome as JSON.
        fmt::print(talk.as_json ? stderr : stdout, "{}",
                   say("Open this in a browser, and sign in as the account's user:\n\n{}\n\n"
                       "Waiting for the browser to come back (Ctrl-C ends the waiting only) …\n",
                       url));
        std::fflush(stdout);
        auto const outcome = wait_for(talk, begun);
        auto const reason = member(outcome.as_object(), "reason");
        bool const accepted = member(outcome.as_object(), "state") == "accepted";
        talk.show(outcome, accepted ? say("The account {} is authorized.\n", given->name) : "");
        if (!accepted) throw Exit(failed, say("the account is not authorized: {}", reason));
        return done;
    });
}

void add_transcript(Commands& commands, CLI::App& group)
{
    auto& transcript = commands.leaf(group, "transcript", say("Write what the account's connections say to files"),
                                     "postroom account transcript sales on",
                                     say("Secrets are masked. The files are in the server's transcript folder; new "
                                         "connections only."));
    struct Given {
        std::string name, on;
    };
    auto const given = std::make_shared<Given>();
    transcript.add_option("name", given->name, say("The account"))->required();
    transcript.add_option("switch", given->on, say("on or off"))->required()->check(CLI::IsMember({"on", "off"}));
    commands.talks(transcript, [given](Talk& talk) {
        auto const answer = talk.server.send("PUT", "/api/v1/accounts/" + in_url(given->name) + "/transcript",
                                             json::object{{"on", given->on == "on"}});
        talk.show(answer, given->on == "on" ? say("The transcript of {} is on.\n", given->name)
                                            : say("The transcript of {} is off.\n", given->name));
        return done;
    });
}

}  // namespace

void add_account_commands(Commands& commands)
{
    auto& group = commands.group("account", say("Email accounts: who signs in, and where"));
    add_add(commands, group);

    auto& list = commands.leaf(group, "list", say("List the accounts and whether they work"), "postroom account list");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.all("/api/v1/accounts");
        talk.show(answer, table(answer.at("items").as_array(),
                                {{say("NAME"), "name"},
                                 {say("STATE"), "state", mark("state of an account")},
                                 {say("USER"), "user"},
                                 {say("DEPARTMENT"), "department"},
                                 {say("MAILBOXES"), "mailboxes"},
                                 {say("WHY"), "state_reason"}},
                                say("There is no account yet: postroom account add NAME …")));
        return done;
    });

    auto const name = std::make_shared<std::string>();
    auto& show = commands.leaf(group, "show", say("Show one, with its grant"), "postroom account show sales");
    show.add_option("name", *name, say("The account"))->required();
    commands.talks(show, [name](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/accounts/" + in_url(*name));
        talk.show(answer, shown(answer));
        return done;
    });

    add_change(commands, group);
    add_authorize(commands, group);

    auto& remove = commands.leaf(group, "remove", say("Remove one with its mailboxes and grant; cases and mail stay"),
                                 "postroom account remove sales");
    remove.add_option("name", *name, say("The account"))->required();
    commands.talks(
        remove,
        [name](Talk& talk) {
            talk.server.send("DELETE", "/api/v1/accounts/" + in_url(*name));
            print(say("Account {} removed.\n", *name));
            return done;
        },
        false);

    add_transcript(commands, group);
}

}  // namespace postroom::cli
