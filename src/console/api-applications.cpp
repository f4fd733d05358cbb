// Identity applications.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/credential-fields.hpp"
#include "console/etag.hpp"
#include "console/external-url.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"
#include "grants/authorizations.hpp"
#include "grants/credential-ends.hpp"
#include "oauth/authority.hpp"
#include "oauth/clouds.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/changes.hpp"
#include "store/grants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace postroom::console {

namespace {

constexpr std::size_t most_scopes = 32;

json::object view(store::Connection& c, model::Application const& application, words::Language const& language)
{
    return to_json(application, store::credentials_of(c, application.id), redirect_url(c), language);
}

// What goes into URLs, and into commands that an administrator copies.
std::string plain_text(Members const& members, std::string_view name)
{
    auto const text = std::string(trim(members.text(name)));
    if (std::ranges::any_of(text, [](unsigned char byte) { return byte <= 0x20 || byte == 0x7f; }))
        throw Problem(Trouble::invalid, tr("the member \"{}\" must be one word", name), std::string(name));
    return text;
}

std::vector<std::string> scopes_of(Members const& members)
{
    auto const scopes = members.texts("scopes", most_scopes);
    for (auto const& scope : scopes) {
        // RFC 6749 section 3.3.
        bool const token = !scope.empty() && std::ranges::all_of(scope, [](unsigned char byte) {
            return byte > 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
        });
        if (!token)
            throw Problem(Trouble::invalid, tr("\"{}\" is no scope: each is one word", printable(scope, 64)), "scopes");
    }
    return scopes;
}

void check_against_cloud(model::Application const& application)
{
    auto const cloud = or_problem(oauth::cloud_named(application.cloud), "cloud");
    bool const custom = application.cloud == "custom";
    if (custom && !application.authority.starts_with("https://"))
        throw Problem(
            Trouble::invalid,
            tr("a custom cloud needs the authority, an https URL: that of the provider's OpenID configuration "
               "without /.well-known/openid-configuration"),
            "authority");
    if (!custom && !application.authority.empty())
        throw Problem(Trouble::invalid,
                      tr("the cloud {} has its own authority; for another one the cloud is custom", application.cloud),
                      "authority");
    if (!custom && !application.scopes.empty())
        throw Problem(Trouble::invalid,
                      tr("the cloud {} has its own scopes; for others the cloud is custom", application.cloud),
                      "scopes");
    if (!custom && application.tenant.empty())
        throw Problem(
            Trouble::invalid,
            tr("the tenant is missing: its id (a GUID) or one of its verified domains, from the registration's "
               "overview page in Entra"),
            "tenant");
    (void)or_problem(oauth::authority_url(cloud, application.tenant, application.authority),
                     custom ? "authority" : "tenant");
}

void end_authorizations(store::Connection& c, grants::Ground const& ground, model::Application const& application)
{
    for (auto const& account : store::accounts(c)) {
        if (account.application != application.id) continue;
        for (auto const& each : store::open_authorizations(c, account.id))
            grants::refuse(
                c, ground, each,
                fmt::format("the identity application {} was changed meanwhile: begin anew",  // lint-strings: allow
                            application.name));
    }
}

// Renewing one would bring the tokens of another enterprise application under the id that it has been bound to.
void end_own_grants(store::Connection& c, Request const& request, model::Application const& application, Instant now)
{
    for (auto const& account : store::accounts(c)) {
        if (account.application != application.id || account.access != model::Access::application) continue;
        if (!store::grant(c, account.id)) continue;
        store::forget_grant(c, account.id);
        store::set_account_state(c, account.id, model::AccountState::new_account, "", now);
        (void)store::end_alarm(c, "grant-refresh", account.name, now);
        note(c, request.caller, "account.grant-end", account.name, {{"application", application.name}}, now);
    }
}

std::string without_slash(std::string url)
{
    while (url.ends_with('/')) url.pop_back();
    return url;
}

}  // namespace

Answer list_applications(House& house, Request const& request)
{
    request.only_parameters({});
    auto items = co_await house.store().read([&](store::Connection& c) {
        json::array found;
        for (auto const& each : store::applications(c)) found.emplace_back(view(c, each, request.language()));
        return found;
    });
    co_return items_response(std::move(items));
}

Answer add_application(House& house, Request const& request)
{
    Members const members(request.http, {"name", "cloud", "tenant", "authority", "client_id", "client_secret", "ends",
                                         "certificate", "scopes"});
    model::Application application;
    application.id = model::ApplicationId::make();
    application.name = members.name("name");
    application.cloud = members.text_or("cloud", "worldwide");
    application.tenant = std::string(trim(members.text_or("tenant", "")));
    application.authority = without_slash(std::string(trim(members.text_or("authority", ""))));
    application.client_id = plain_text(members, "client_id");
    application.scopes = scopes_of(members);
    application.created = house.now();
    check_against_cloud(application);
    auto const credential = credential_given(house.ground, application, members);
    auto const body = co_await house.store().write([&](store::Connection& c) {
        if (store::application_named(c, application.name))
            throw Problem(Trouble::conflict, tr("there is an application \"{}\" already", application.name), "name");
        store::add_application(c, application);
        if (credential) store::add_credential(c, *credential);
        note(c, request.caller, "application.add", application.name,
             {{"cloud", application.cloud}, {"tenant", application.tenant}, {"client_id", application.client_id}},
             application.created);
        return view(c, application, request.language());
    });
    co_return json_response(net::http::status::created, body);
}

Answer show_application(House& house, Request const& request)
{
    auto const body = co_await house.store().read(
        [&](store::Connection& c) { return view(c, application_named(c, request.path("name")), request.language()); });
    co_return edited_response(body);
}

Answer change_application(House& house, Request const& request)
{
    static constexpr std::array<std::string_view, 5> known{"name", "tenant", "authority", "client_id", "scopes"};
    Members const members(request.http, {"name", "tenant", "authority", "client_id", "scopes"});
    if (std::ranges::none_of(known, [&](auto const name) { return members.has(name); }))
        throw Problem(Trouble::invalid,
                      tr("there is nothing to change: give {}", "name, tenant, authority, client_id, scopes"));
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const found = application_named(c, request.path("name"));
        check_match(c, request, etag(store::next_version(c, found.id) - 1, found.id.value), "application.", found.name);
        auto const before = application_named(c, request.path("name"));
        auto application = before;
        json::object changed;
        if (members.has("name") && members.name("name") != application.name) {
            auto const other = store::application_named(c, members.name("name"));
            if (other && other->id != application.id)
                throw Problem(Trouble::conflict, tr("there is an application \"{}\" already", other->name), "name");
            changed["name"] = application.name = members.name("name");
        }
        if (members.has("tenant"))
            changed["tenant"] = application.tenant = std::string(trim(members.text_or("tenant", "")));
        if (members.has("authority"))
            changed["authority"] = application.authority =
                without_slash(std::string(trim(members.text_or("authority", ""))));
        if (members.has("client_id")) changed["client_id"] = application.client_id = plain_text(members, "client_id");
        if (members.has("scopes")) {
            application.scopes = scopes_of(members);
            changed["scopes"] = json::array(application.scopes.begin(), application.scopes.end());
        }
        check_against_cloud(application);
        store::change_application(c, application);
        // Their tokens would be another registration's.
        if (application.tenant != before.tenant || application.authority != before.authority ||
            application.client_id != before.client_id) {
            end_authorizations(c, house.ground, application);
            end_own_grants(c, request, application, house.now());
        }
        grants::note_credential_ends(c, house.now());
        note(c, request.caller, "application.change", application.name, std::move(changed), house.now());
        return view(c, application_named(c, application.name), request.language());
    });
    house.hooks.accounts_changed();
    co_return edited_response(body);
}

Answer remove_application(House& house, Request const& request)
{
    co_await house.store().write([&](store::Connection& c) {
        auto const application = application_named(c, request.path("name"));
        check_match(c, request, etag(store::next_version(c, application.id) - 1, application.id.value), "application.",
                    application.name);
        store::remove_application(c, application.id);
        grants::note_credential_ends(c, house.now());
        note(c, request.caller, "application.remove", application.name, {}, house.now());
    });
    co_return no_content();
}

}  // namespace postroom::console
