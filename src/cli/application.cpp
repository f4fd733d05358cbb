// postroom application: registrations at an identity provider.
#include "cli/commands.hpp"
#include "cli/secret-input.hpp"

#include <unistd.h>

namespace postroom::cli {

namespace {

std::string shown(json::value const& application)
{
    auto text = fields(application.as_object(), {{say("Name"), "name"},
                                                 {say("Cloud"), "cloud"},
                                                 {say("Tenant"), "tenant"},
                                                 {say("Authority"), "authority"},
                                                 {say("Client id"), "client_id"},
                                                 {say("Client secret"), "has_secret"},
                                                 {say("Redirect URL"), "redirect_url"},
                                                 {say("Created"), "created"}});
    if (member(application.as_object(), "redirect_url").empty())
        text += say("The redirect URL derives from the External URL: postroom settings set external-url https://…\n");
    return text;
}

struct Given {
    std::string name, cloud, tenant, authority, client_id, secret_file;
    bool is_public = false;
};

Secret secret_of(Given const& given)
{
    if (given.is_public) return {};
    if (!given.secret_file.empty()) return secret_from(given.secret_file);
    return secret_from_terminal(say("Client secret (its value, not its id)"), "--client-secret-file");
}

void add_add(Commands& commands, CLI::App& group)
{
    auto& add = commands.leaf(group, "add", say("Add an identity application; asks for its client secret"),
                              "postroom application add contact-centre --tenant contoso.com --client-id "
                              "11111111-2222-3333-4444-555555555555\n  postroom application add lab --authority "
                              "https://localhost:8444/TENANT --client-id ID --client-secret-file secret.txt");
    auto const given = std::make_shared<Given>();
    add.add_option("name", given->name, say("What to call it here"))->required();
    add.add_option("--client-id", given->client_id, say("The registration's application (client) id"))
        ->required()
        ->type_name(say("ID"));
    add.add_option("--tenant", given->tenant, say("The tenant's id, or one of its domains"))->type_name(say("TENANT"));
    auto* const cloud =
        add.add_option("--cloud", given->cloud, say("Microsoft's cloud: worldwide unless said otherwise"))
            ->check(CLI::IsMember({"worldwide", "gcc-high", "dod", "china", "custom"}));
    add.add_option("--authority", given->authority,
                   say("Any OpenID provider's issuer URL, instead of Microsoft's; means --cloud custom"))
        ->type_name(say("URL"));
    auto* const file =
        add.add_option("--client-secret-file", given->secret_file,
                       say("Where the secret is, in the first line; - is standard input; asked for otherwise"))
            ->type_name(say("FILE"));
    add.add_flag("--public", given->is_public, say("A public client: it has no secret"))->excludes(file);
    (void)cloud;
    commands.talks(add, [given](Talk& talk) {
        auto const secret = secret_of(*given);
        auto const cloud_word =
            given->cloud.empty() ? (given->authority.empty() ? "worldwide" : "custom") : given->cloud;
        json::object const body{{"name", given->name},           {"client_id", given->client_id},
                                {"cloud", cloud_word},           {"tenant", given->tenant},
                                {"authority", given->authority}, {"client_secret", secret.expose()}};
        auto const answer = talk.server.send("POST", "/api/v1/applications", body);
        talk.show(answer, shown(answer));
        return done;
    });
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
    auto& show = commands.leaf(group, "show", say("Show one, with the redirect URL to register"),
                               "postroom application show contact-centre");
    show.add_option("name", *name, say("Its name"))->required();
    commands.talks(show, [name](Talk& talk) {
        auto const answer = talk.server.get("/api/v1/applications/" + in_url(*name));
        talk.show(answer, shown(answer));
        return done;
    });

    auto& remove = commands.leaf(group, "remove", say("Remove one that no account uses"),
                                 "postroom application remove contact-centre");
    remove.add_option("name", *name, say("Its name"))->required();
    commands.talks(
        remove,
        [name](Talk& talk) {
            talk.server.send("DELETE", "/api/v1/applications/" + in_url(*name));
            print(say("Application {} removed.\n", *name));
            return done;
        },
        false);
}

}  // namespace postroom::cli
