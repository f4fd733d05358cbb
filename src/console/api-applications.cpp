// Identity applications.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/external-url.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"
#include "grants/credentials.hpp"
#include "oauth/clouds.hpp"
#include "store/accounts.hpp"
#include "vault/vault.hpp"

#include <fmt/format.h>

namespace postroom::console {

namespace {

model::Application read_application(Request const& request)
{
    Members const members(request.http, {"name", "cloud", "tenant", "authority", "client_id", "client_secret"});
    model::Application application;
    application.id = model::ApplicationId::make();
    application.name = members.name("name");
    application.cloud = members.text_or("cloud", "worldwide");
    application.tenant = std::string(trim(members.text_or("tenant", "")));
    application.authority = std::string(trim(members.text_or("authority", "")));
    application.client_id = std::string(trim(members.text("client_id")));
    bool const custom = application.cloud == "custom";
    (void)or_problem(oauth::cloud_named(application.cloud), "cloud");
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
    if (!custom && application.tenant.empty())
        throw Problem(
            Trouble::invalid,
            tr("the tenant is missing: its id (a GUID) or one of its verified domains, from the registration's "
               "overview page in Entra"),
            "tenant");
    while (application.authority.ends_with('/')) application.authority.pop_back();
    return application;
}

}  // namespace

Answer list_applications(House& house, Request const& request)
{
    request.only_parameters({});
    auto items = co_await house.store().read([](store::Connection& c) {
        json::array found;
        auto const redirect = redirect_url(c);
        for (auto const& each : store::applications(c))
            found.emplace_back(to_json(each, store::credentials_of(c, each.id), redirect));
        return found;
    });
    co_return items_response(std::move(items));
}

Answer add_application(House& house, Request const& request)
{
    auto application = read_application(request);
    application.created = house.now();
    Secret const secret(Members(request.http, {"name", "cloud", "tenant", "authority", "client_id", "client_secret"})
                            .text_or("client_secret", ""));
    std::vector<model::Credential> credentials;
    if (!secret.empty())
        credentials.push_back(
            or_problem(grants::make_secret(house.ground, application, secret, std::nullopt), "client_secret"));
    auto const redirect = co_await house.store().write([&](store::Connection& c) {
        if (store::application_named(c, application.name))
            throw Problem(Trouble::conflict, tr("there is an application \"{}\" already", application.name), "name");
        store::add_application(c, application);
        for (auto const& each : credentials) store::add_credential(c, each);
        note(c, request.caller, "application.add", application.name,
             {{"cloud", application.cloud}, {"tenant", application.tenant}, {"client_id", application.client_id}},
             application.created);
        return redirect_url(c);
    });
    co_return json_response(net::http::status::created, to_json(application, credentials, redirect));
}

Answer show_application(House& house, Request const& request)
{
    auto const body = co_await house.store().read([&](store::Connection& c) {
        auto const application = application_named(c, request.path("name"));
        return to_json(application, store::credentials_of(c, application.id), redirect_url(c));
    });
    co_return json_response(net::http::status::ok, body);
}

Answer remove_application(House& house, Request const& request)
{
    co_await house.store().write([&](store::Connection& c) {
        auto const application = application_named(c, request.path("name"));
        store::remove_application(c, application.id);
        note(c, request.caller, "application.remove", application.name, {}, house.now());
    });
    co_return no_content();
}

}  // namespace postroom::console
