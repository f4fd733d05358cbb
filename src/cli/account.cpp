// postroom account: email accounts and their authorization.
#include "cli/commands.hpp"

#include "cli/secret-input.hpp"

namespace postroom::cli {

namespace {

std::string shown(json::value const& account)
{
    auto const& object = account.as_object();
    auto text = fields(object, {{say("Name"), "name"},
                                {say("State"), "state", mark("state of an account")},
                                {say("Why"), "state_reason"},
                                {say("Since"), "state_since"},
                                {say("Access"), "access", mark("kind of access")},
                                {say("User"), "user"},
                                {say("Kind"), "kind", mark("kind of account")},
                                {say("Department"), "department"},
                                {say("Application"), "application"},
                                {say("Retrieval"), "retrieval"},
                                {say("Retrieved from"), "retrieval_server"},
                                {say("Signs in there as"), "retrieve_as"},
                                {say("Sent through"), "submission_server"},
                                {say("Signs in there as"), "submit_as"},
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
                                            {"  " + say("Token ends"), "access_token_ends"},
                                            {"  " + say("Trouble"), "trouble"},
                                            {"  " + say("Next try"), "next_try"}}) +
                first_cause(grant->as_object(), "  ");
    if (member(object, "state") != "ready")
        text += say("Next: postroom account authorize {}\n", member(object, "name"));
    return text;
}

// Where an account's servers are, and whom they are told that we are.
struct Servers {
    std::string imap_host, pop3_host, smtp_host, retrieve_as, submit_as;
    std::optional<bool> starttls, implicit_tls;

    void add_to(CLI::App& leaf)
    {
        leaf.add_option("--imap-host", imap_host, say("host:port to retrieve from; the cloud's own otherwise"))
            ->type_name(say("HOST:PORT"));
        leaf.add_option("--pop3-host", pop3_host, say("host:port to retrieve from; the cloud's own otherwise"))
            ->type_name(say("HOST:PORT"));
        leaf.add_option("--smtp-host", smtp_host, say("host:port to send through; the cloud's own otherwise"))
            ->type_name(say("HOST:PORT"));
        leaf.add_flag_function(
            "--retrieval-starttls,!--retrieval-tls", [this](std::int64_t how) { starttls = how > 0; },
            say("Retrieve with STARTTLS, as on ports 143 and 110, or with TLS from the first byte"));
        leaf.add_flag_function(
            "--submission-tls,!--submission-starttls", [this](std::int64_t how) { implicit_tls = how > 0; },
            say("Send with TLS from the first byte, as on port 465, or with STARTTLS"));
        leaf.add_option("--retrieve-as", retrieve_as, say("Sign in for retrieval as the mailbox, or as the user"))
            ->check(CLI::IsMember({"mailbox", "owner"}));
        leaf.add_option("--submit-as", submit_as, say("Sign in for sending as the mailbox, or as the user"))
            ->check(CLI::IsMember({"mailbox", "owner"}));
    }

    void put_into(json::object& body) const
    {
        for (auto const& [name, value] : {std::pair("imap_host", &imap_host), std::pair("pop3_host", &pop3_host),
                                          std::pair("smtp_host", &smtp_host), std::pair("retrieve_as", &retrieve_as),
                                          std::pair("submit_as", &submit_as)})
            if (!value->empty()) body[name] = *value;
        if (starttls) body["retrieval_starttls"] = *starttls;
        if (implicit_tls) body["submission_implicit_tls"] = *implicit_tls;
    }
};

// By whose right its mailboxes are opened.
struct AccessInput {
    std::string access, application, user, password_file;

    void add_to(CLI::App& leaf)
    {
        leaf.add_option("--access", access,
                        say("delegated: a user signs in (otherwise); application: the application itself; password"))
            ->check(CLI::IsMember({"delegated", "application", "password"}));
        leaf.add_option("--application", application, say("The identity application to sign in through"))
            ->type_name(say("NAME"));
        leaf.add_option("--user", user, say("The user that the token must belong to, or the password is for"))
            ->type_name(say("USER"));
        leaf.add_option("--password-file", password_file,
                        say("Where the password is, in the first line; - is standard input; asked for otherwise"))
            ->type_name(say("FILE"));
    }

    void put_into(json::object& body) const
    {
        for (auto const& [name, value] :
             {std::pair("access", &access), std::pair("application", &application), std::pair("user", &user)})
            if (!value->empty()) body[name] = *value;
        if (access != "password" && password_file.empty()) return;
        auto const secret = password_file.empty() ? secret_from_terminal(say("Password"), "--password-file")
                                                  : secret_from(password_file);
        body["password"] = secret.expose();
    }
};

std::string path_of(std::string const& name)
{
    return "/api/v1/accounts/" + in_url(name);
}

void add_add(Commands& commands, CLI::App& group)
{
    auto& add = commands.leaf(group, "add", say("Add an account; then authorize it"),
                              "postroom account add sales --department \"Customer care\" --application contact-centre "
                              "--user sales@contoso.com\n  postroom account add branch --department \"Customer care\" "
                              "--access password --user branch --imap-host mail.contoso.com:143 --smtp-host "
                              "mail.contoso.com:587");
    struct Given {
        std::string name, department, kind = "mailbox", retrieval = "imap";
        AccessInput access;
        Servers servers;
    };
    auto const given = std::make_shared<Given>();
    add.add_option("name", given->name, say("What to call it here"))->required();
    add.add_option("--department", given->department, say("The department that owns it"))
        ->required()
        ->type_name(say("NAME"));
    given->access.add_to(add);
    add.add_option("--kind", given->kind, say("mailbox opens its own mailbox, shared opens several with one token"))
        ->check(CLI::IsMember({"mailbox", "shared"}));
    add.add_option("--retrieval", given->retrieval, say("How mail is retrieved: imap (otherwise), or pop3"))
        ->check(CLI::IsMember({"imap", "pop3"}));
    given->servers.add_to(add);
    commands.talks(add, [given](Talk& talk) {
        json::object body{{"name", given->name},
                          {"department", given->department},
                          {"kind", given->kind},
                          {"retrieval", given->retrieval}};
        given->access.put_into(body);
        given->servers.put_into(body);
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
        std::string name, new_name, password_file;
        Servers servers;
    };
    auto const given = std::make_shared<Given>();
    change.add_option("name", given->name, say("The account"))->required();
    change.add_option("--name", given->new_name, say("What to call it from now on"))->type_name(say("NAME"));
    given->servers.add_to(change);
    change
        .add_option("--password-file", given->password_file,
                    say("Where another password is, in the first line; - is standard input"))
        ->type_name(say("FILE"));
    commands.talks(change, [given](Talk& talk) {
        json::object body;
        if (!given->new_name.empty()) body["name"] = given->new_name;
        given->servers.put_into(body);
        if (!given->password_file.empty()) body["password"] = secret_from(given->password_file).expose();
        auto const answer = talk.server.send("PATCH", path_of(given->name), body);
        talk.show(answer, shown(answer));
        return done;
    });
}

void add_convert(Commands& commands, CLI::App& group)
{
    auto& convert =
        commands.leaf(group, "convert", say("Have an account sign in otherwise; its mailboxes stay"),
                      "postroom account convert branch --application contact-centre --user "
                      "branch@contoso.com",
                      say("What was retrieved is not retrieved again. Authorize the account then, unless "
                          "it has a password. Its servers become the cloud's own where it had a password or "
                          "comes from another cloud, and stay otherwise, unless others are named. Whom "
                          "servers are told that we are stays where the access does."));
    struct Given {
        std::string name;
        AccessInput access;
        Servers servers;
    };
    auto const given = std::make_shared<Given>();
    convert.add_option("name", given->name, say("The account"))->required();
    given->access.add_to(convert);
    given->servers.add_to(convert);
    commands.talks(convert, [given](Talk& talk) {
        json::object body{{"access", "delegated"}};
        given->access.put_into(body);
        given->servers.put_into(body);
        auto const answer = talk.server.send("POST", path_of(given->name) + "/conversion", body);
        talk.show(answer, shown(answer));
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
        auto const answer =
            talk.server.send("PUT", path_of(given->name) + "/transcript", json::object{{"on", given->on == "on"}});
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
        auto const answer = talk.server.get(path_of(*name));
        talk.show(answer, shown(answer));
        return done;
    });

    add_change(commands, group);
    add_convert(commands, group);
    add_authorize_commands(commands, group);

    auto& remove = commands.leaf(group, "remove", say("Remove one with its mailboxes and grant; cases and mail stay"),
                                 "postroom account remove sales");
    remove.add_option("name", *name, say("The account"))->required();
    commands.talks(
        remove,
        [name](Talk& talk) {
            talk.server.send("DELETE", path_of(*name));
            print(say("Account {} removed.\n", *name));
            return done;
        },
        false);

    add_transcript(commands, group);
}

}  // namespace postroom::cli
