// postroom application: registrations at an identity provider.
#include "cli/commands.hpp"
#include "cli/credential.hpp"

namespace postroom::cli {

namespace {

std::string path_of(std::string const& name)
{
    return "/api/v1/applications/" + in_url(name);
}

std::string shown(json::value const& application)
{
    auto const& object = application.as_object();
    auto text = fields(object, {{say("Name"), "name"},
                                {say("Cloud"), "cloud"},
                                {say("Tenant"), "tenant"},
                                {say("Authority"), "authority"},
                                {say("Client id"), "client_id"},
                                {say("Scopes"), "scopes"},
                                {say("Redirect URL"), "redirect_url"},
                                {say("Created"), "created"}});
    if (member(object, "redirect_url").empty())
        text += say("The redirect URL derives from the External URL: postroom settings set external-url https://…\n");
    return text + "\n" + shown_credentials(object.at("credentials").as_array());
}

// The API's words as Entra's pages have them.
json::object spelled_out(json::object registration)
{
    bool const web = member(registration, "platform") == "web";
    registration["platform"] = web ? say("Web") : say("Mobile and desktop applications");
    auto const types = member(registration, "account_types");
    registration["account_types"] =
        types == "single-tenant"  ? say("Accounts in this organizational directory only")
        : types == "multi-tenant" ? say("Accounts in any organizational directory")
        : types == "personal"     ? say("Personal Microsoft accounts only")
                                  : say("Accounts in any organizational directory, and personal Microsoft accounts");
    bool const always = member(registration, "public_client_flows") == "always";
    registration["public_client_flows"] =
        always ? say("Yes") : say("Yes, where accounts are authorized by device code");
    return registration;
}

// What to enter, in the order of Entra's pages, each on a line of its own so that a terminal copies it whole.
std::string to_enter(json::object const& registration)
{
    bool const entra = member(registration, "provider") == "entra";
    auto text = "\n" + say("To enter at the identity provider") + "\n";
    std::vector<Column> lines{{"  " + say("Redirect URL"), "redirect_url"}};
    if (entra) {
        lines.push_back({"  " + say("Platform"), "platform"});
        lines.push_back({"  " + say("Supported account types"), "account_types"});
        lines.push_back({"  " + say("Allow public client flows"), "public_client_flows"});
    }
    text += fields(spelled_out(registration), lines);
    text += "\n" + table(registration.at("permissions").as_array(),
                         {{say("PERMISSION"), "name"},
                          {say("TYPE"), "access", mark("kind of access")},
                          {say("FOR"), "use"},
                          {say("API"), "resource"}},
                         "");
    if (entra) text += say("Application permissions are for accounts with access application only.\n");
    json::object urls = registration;
    if (auto const& endpoints = registration.at("endpoints"); endpoints.is_object())
        for (auto const& each : endpoints.as_object()) urls[each.key()] = each.value();
    text += "\n" + fields(urls, {{say("Administrator's consent"), "admin_consent_url"},
                                 {say("Authority"), "authority"},
                                 {say("Configuration"), "configuration_url"},
                                 {say("Sign-in"), "authorize"},
                                 {say("Tokens"), "token"},
                                 {say("Device codes"), "device_code"},
                                 {say("Keys"), "keys"}});
    if (auto const& exchange = registration.at("exchange"); exchange.is_object())
        text += "\n" + say("To run in Exchange Online PowerShell, for the application's own permissions") + "\n\n" +
                member(exchange.as_object(), "script");
    return text;
}

struct Given {
    std::string name, new_name, cloud, tenant, authority, client_id;
    std::vector<std::string> scopes;
    bool is_public = false;
    CredentialInput credential;

    void add_to(CLI::App& leaf)
    {
        leaf.add_option("--tenant", tenant, say("The tenant's id, or one of its domains"))->type_name(say("TENANT"));
        leaf.add_option("--authority", authority,
                        say("Any OpenID provider's issuer URL, instead of Microsoft's; means --cloud custom"))
            ->type_name(say("URL"));
        leaf.add_option("--scope", scopes, say("With --cloud custom: what the provider is asked for, several times"))
            ->type_name(say("SCOPE"))
            ->allow_extra_args(false);
    }

    void put_into(json::object& body) const
    {
        if (!scopes.empty()) body["scopes"] = json::array(scopes.begin(), scopes.end());
    }
};

void add_add(Commands& commands, CLI::App& group)
{
    auto& add =
        commands.leaf(group, "add", say("Add an identity application; asks for its client secret"),
                      "postroom application add contact-centre --tenant contoso.com --client-id "
                      "11111111-2222-3333-4444-555555555555\n  postroom application add lab --authority "
                      "https://localhost:8444/TENANT --client-id ID --client-secret-file secret.txt\n  postroom "
                      "application add contact-centre --tenant contoso.com --client-id ID --certificate "
                      "postroom.pem");
    auto const given = std::make_shared<Given>();
    add.add_option("name", given->name, say("What to call it here"))->required();
    add.add_option("--client-id", given->client_id, say("The registration's application (client) id"))
        ->required()
        ->type_name(say("ID"));
    add.add_option("--cloud", given->cloud, say("Microsoft's cloud: worldwide unless said otherwise"))
        ->check(CLI::IsMember({"worldwide", "gcc-high", "dod", "china", "custom"}));
    given->add_to(add);
    given->credential.add_to(add, add.add_flag("--public", given->is_public, say("A public client: it has no secret")));
    commands.talks(add, [given](Talk& talk) {
        auto const cloud_word =
            given->cloud.empty() ? (given->authority.empty() ? "worldwide" : "custom") : given->cloud;
        json::object body{{"name", given->name},
                          {"client_id", given->client_id},
                          {"cloud", cloud_word},
                          {"tenant", given->tenant},
                          {"authority", given->authority}};
        given->put_into(body);
        if (!given->is_public) given->credential.put_into(body);
        auto const answer = talk.server.send("POST", "/api/v1/applications", body);
        talk.show(answer, shown(answer));
        return done;
    });
}

void add_change(Commands& commands, CLI::App& group)
{
    auto& change = commands.leaf(group, "change", say("Call one otherwise, or correct what was entered"),
                                 "postroom application change contact-centre --tenant contoso.com",
                                 say("What is not named stays. With another client id its accounts have to be "
                                     "authorized anew; with another tenant or authority convert them first: postroom "
                                     "account convert NAME --application X --user Y"));
    auto const given = std::make_shared<Given>();
    change.add_option("name", given->name, say("Its name"))->required();
    change.add_option("--name", given->new_name, say("What to call it from now on"))->type_name(say("NAME"));
    change.add_option("--client-id", given->client_id, say("The registration's application (client) id"))
        ->type_name(say("ID"));
    given->add_to(change);
    commands.talks(change, [given](Talk& talk) {
        json::object body;
        for (auto const& [name, value] :
             {std::pair("name", &given->new_name), std::pair("tenant", &given->tenant),
              std::pair("authority", &given->authority), std::pair("client_id", &given->client_id)})
            if (!value->empty()) body[name] = *value;
        given->put_into(body);
        auto const answer = talk.server.send("PATCH", path_of(given->name), body);
        talk.show(answer, shown(answer));
        return done;
    });
}

void add_credential_commands(Commands& commands, CLI::App& application)
{
    auto& group =
        commands.inner_group(application, "credential",
                             say("What it proves itself with: two at once, so that one can be replaced without a gap"));

    auto& add = commands.leaf(group, "add", say("Add a client secret or a certificate; asks for the secret"),
                              "postroom application credential add contact-centre --ends 2028-11-22\n  postroom "
                              "application credential add contact-centre --certificate postroom.pem",
                              say("The next renewal uses the new one; where the provider refuses it, the other one "
                                  "still serves. Remove that once the new one was accepted."));
    struct Adding {
        std::string name;
        CredentialInput credential;
    };
    auto const adding = std::make_shared<Adding>();
    add.add_option("name", adding->name, say("The application"))->required();
    adding->credential.add_to(add);
    commands.talks(add, [adding](Talk& talk) {
        json::object body;
        adding->credential.put_into(body);
        auto const answer = talk.server.send("POST", path_of(adding->name) + "/credentials", body);
        talk.show(answer, shown_credentials({answer}));
        return done;
    });

    auto const name = std::make_shared<std::string>();
    auto& list = commands.leaf(group, "list", say("List them, in the order in which they are tried"),
                               "postroom application credential list contact-centre");
    list.add_option("name", *name, say("The application"))->required();
    commands.talks(list, [name](Talk& talk) {
        auto const credentials = talk.server.get(path_of(*name)).at("credentials").as_array();
        talk.show(json::object{{"items", credentials}}, shown_credentials(credentials));
        return done;
    });

    auto const id = std::make_shared<std::string>();
    auto& remove = commands.leaf(group, "remove", say("Remove one, but not the last that accounts use"),
                                 "postroom application credential remove contact-centre ID");
    remove.add_option("name", *name, say("The application"))->required();
    remove.add_option("id", *id, say("The credential's id"))->required();
    commands.talks(
        remove,
        [name, id](Talk& talk) {
            talk.server.send("DELETE", path_of(*name) + "/credentials/" + in_url(*id));
            print(say("Credential {} removed.\n", *id));
            return done;
        },
        false);
}

}  // namespace

void add_application_commands(Commands& commands)
{
    auto& group =
        commands.group("application", say("Registrations at an identity provider (Entra ID, or any OpenID one)"));
    add_add(commands, group);

    auto& list = commands.leaf(group, "list", say("List the identity applications"), "postroom application list");
    commands.talks(list, [](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/applications");
        talk.show(answer, table(answer.at("items").as_array(),
                                {{say("NAME"), "name"},
                                 {say("CLOUD"), "cloud"},
                                 {say("TENANT"), "tenant"},
                                 {say("CLIENT ID"), "client_id"}},
                                say("There is no identity application yet: postroom application add NAME …")));
        return done;
    });

    auto const name = std::make_shared<std::string>();
    auto& show = commands.leaf(group, "show", say("Show one, with all that has to be entered at the provider"),
                               "postroom application show contact-centre");
    show.add_option("name", *name, say("Its name"))->required();
    commands.talks(show, [name](Talk& talk) {
        auto answer = talk.server.get(path_of(*name));
        auto const registration = talk.server.get(path_of(*name) + "/registration").as_object();
        auto const text = shown(answer) + to_enter(registration);
        answer.as_object()["registration"] = registration;
        talk.show(answer, text);
        return done;
    });

    add_change(commands, group);
    add_credential_commands(commands, group);

    auto& remove = commands.leaf(group, "remove", say("Remove one that no account uses"),
                                 "postroom application remove contact-centre");
    remove.add_option("name", *name, say("Its name"))->required();
    commands.talks(
        remove,
        [name](Talk& talk) {
            talk.server.send("DELETE", path_of(*name));
            print(say("Application {} removed.\n", *name));
            return done;
        },
        false);
}

}  // namespace postroom::cli
