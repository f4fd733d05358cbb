// What an administrator of the identity provider has to enter where an application is registered, and to run in
// Exchange where it acts by itself: ready for copying.
#include "base/text.hpp"
#include "checks/commands.hpp"
#include "console/api.hpp"
#include "console/external-url.hpp"
#include "console/names.hpp"
#include "console/responses.hpp"
#include "grants/guard.hpp"
#include "grants/provider.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"
#include "store/grants.hpp"
#include "store/mailboxes.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

namespace postroom::console {

namespace {

// Microsoft, "Authenticate an IMAP, POP or SMTP connection using OAuth".
struct Permission {
    std::string_view use, delegated, own;
};
constexpr std::array permissions{Permission{"imap", "IMAP.AccessAsUser.All", "IMAP.AccessAsApp"},
                                 Permission{"pop3", "POP.AccessAsUser.All", "POP.AccessAsApp"},
                                 Permission{"smtp", "SMTP.Send", "SMTP.SendAsApp"}};
// Names that Entra gives them. Its pages list the delegated permissions under Microsoft Graph, also those of mail, and
// only the application's own under Exchange.  lint-strings: allow
constexpr std::string_view exchange_name = "Office 365 Exchange Online";
constexpr std::string_view exchange_id = "00000002-0000-0ff1-ce00-000000000000";
constexpr std::string_view graph_name = "Microsoft Graph";  // lint-strings: allow
constexpr std::string_view graph_id = "00000003-0000-0000-c000-000000000000";
constexpr std::array<std::string_view, 4> sign_in_scopes{"openid", "profile", "email", "offline_access"};

json::object permission(std::string_view access, std::string_view use, std::string_view resource,
                        std::string_view resource_id, std::string_view name, std::string_view scope)
{
    return {{"access", access},           {"use", use},   {"resource", resource},
            {"resource_id", resource_id}, {"name", name}, {"scope", scope}};
}

json::array permissions_of(model::Application const& application, oauth::Cloud const& cloud, bool entra)
{
    json::array all;
    if (entra && application.scopes.empty()) {
        for (auto const& each : permissions)
            all.emplace_back(permission("delegated", each.use, graph_name, graph_id, each.delegated,
                                        cloud.resource_prefix + std::string(each.delegated)));
        for (auto const scope : sign_in_scopes)
            all.emplace_back(permission("delegated", "sign-in", graph_name, graph_id, scope, scope));
        for (auto const& each : permissions)
            all.emplace_back(permission("application", each.use, exchange_name, exchange_id, each.own, ""));
        return all;
    }
    for (auto const& scope : application.scopes)
        all.emplace_back(permission("delegated", "sign-in", "", "", scope, scope));
    if (application.scopes.empty())
        for (auto const scope : sign_in_scopes)
            all.emplace_back(permission("delegated", "sign-in", "", "", scope, scope));
    return all;
}

std::string_view account_types(std::string const& tenant)
{
    auto const word = to_lower(tenant);
    if (word == "common") return "multi-tenant-and-personal";
    if (word == "organizations") return "multi-tenant";
    if (word == "consumers") return "personal";
    return "single-tenant";
}

// Whatever it holds stays one word of PowerShell.
std::string powershell_word(std::string_view text)
{
    return checks::quoted(text, checks::CommandShell::exchange);
}

struct Exchange {
    std::string object_id;
    std::vector<std::string> mailboxes;
};

// Nothing where no account uses the application's own permissions.
std::optional<Exchange> exchange_of(store::Connection& c, model::ApplicationId application)
{
    std::optional<Exchange> found;
    for (auto const& account : store::accounts(c)) {
        if (account.application != application || account.access != model::Access::application) continue;
        if (!found) found.emplace();
        for (auto const& each : store::mailboxes_of(c, account.id)) found->mailboxes.push_back(each.address);
        // The object id of an application's own token is the enterprise application's.
        auto const grant = store::grant(c, account.id);
        if (grant && parse_uuid(grant->owner.object_id)) found->object_id = grant->owner.object_id;
    }
    return found;
}

// Microsoft, "Connect-ExchangeOnline"; worldwide is its default.
std::string_view environment_of(std::string_view cloud)
{
    if (cloud == "gcc-high") return " -ExchangeEnvironmentName O365USGovGCCHigh";
    if (cloud == "dod") return " -ExchangeEnvironmentName O365USGovDoD";
    if (cloud == "china") return " -ExchangeEnvironmentName O365China";
    return "";
}

json::object to_json(Exchange const& exchange, model::Application const& application)
{
    // PowerShell, pasted as a whole: nothing in it may ask, since the answer would be its next line.
    // lint-strings: allow
    std::string script = fmt::format("Connect-ExchangeOnline{}\n", environment_of(application.cloud));
    script += fmt::format("$objectId = {}\n", exchange.object_id.empty() ? "'<object id of the enterprise application>'"
                                                                         : powershell_word(exchange.object_id));
    script +=
        fmt::format("New-ServicePrincipal -AppId {} -ObjectId $objectId\n", powershell_word(application.client_id));
    json::array mailboxes;
    for (auto const& address : exchange.mailboxes) {
        mailboxes.emplace_back(address);
        script += fmt::format(  // lint-strings: allow
            "Add-MailboxPermission -Identity {0} -User $objectId -AccessRights FullAccess\n"
            "Add-RecipientPermission -Identity {0} -Trustee $objectId -AccessRights SendAs "
            "-Confirm:$false\n",
            powershell_word(address));
    }
    return {{"object_id", exchange.object_id}, {"mailboxes", std::move(mailboxes)}, {"script", script}};
}

// Microsoft's endpoints are known; another provider's only its configuration knows.
std::optional<oauth::Provider> endpoints_under(std::string const& authority, oauth::Cloud const& cloud)
{
    if (cloud.login_host.empty()) return std::nullopt;
    oauth::Provider provider;
    provider.authorize = authority + "/oauth2/v2.0/authorize";
    provider.token = authority + "/oauth2/v2.0/token";
    provider.device_code = authority + "/oauth2/v2.0/devicecode";
    provider.keys = authority + "/discovery/v2.0/keys";
    provider.entra = true;
    return provider;
}

}  // namespace

Answer show_registration(House& house, Request const& request)
{
    request.only_parameters({});
    struct Known {
        model::Application application;
        bool has_credential = false;
        std::string url, redirect;
        std::optional<Exchange> exchange;
    };
    auto const known = co_await house.store().read([&](store::Connection& c) {
        Known found{.application = application_named(c, request.path("name"))};
        found.has_credential = !store::credentials_of(c, found.application.id).empty();
        found.url = external_url(c);
        found.redirect = redirect_url(c);
        found.exchange = exchange_of(c, found.application.id);
        return found;
    });
    auto const& application = known.application;
    auto const cloud = or_problem(oauth::cloud_named(application.cloud));
    auto const authority = or_problem(grants::authority_of(application));
    auto provider = endpoints_under(authority, cloud);
    if (!provider && house.ground.https) {
        auto found = co_await grants::find_provider(house.ground, application);
        if (found) provider = std::move(*found);
    }
    bool const entra = provider && provider->entra;
    json::value endpoints;
    if (provider)
        endpoints = json::object{{"authorize", provider->authorize},
                                 {"token", provider->token},
                                 {"device_code", provider->device_code},
                                 {"keys", provider->keys}};
    json::value exchange;
    if (entra && known.exchange) exchange = to_json(*known.exchange, application);
    auto const consent =
        entra ? grants::admin_consent_url(house.ground, application, known.url, request.caller.name) : std::string();
    json::object const body{{"provider", entra ? "entra" : "openid"},
                            {"client_id", application.client_id},
                            {"tenant", application.tenant},
                            {"redirect_url", known.redirect},
                            {"platform", known.has_credential ? "web" : "mobile-and-desktop"},
                            {"account_types", account_types(application.tenant)},
                            {"public_client_flows", known.has_credential ? "for-device-code" : "always"},
                            {"permissions", permissions_of(application, cloud, entra)},
                            {"admin_consent_url", consent},
                            {"authority", authority},
                            {"configuration_url", oauth::configuration_urls(authority).front()},
                            {"endpoints", std::move(endpoints)},
                            {"exchange", std::move(exchange)}};
    co_return json_response(net::http::status::ok, body);
}

}  // namespace postroom::console
