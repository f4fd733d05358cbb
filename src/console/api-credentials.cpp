// What identity applications prove themselves with: two at once, so that one can be replaced without a gap.
#include "console/api.hpp"
#include "console/credential-fields.hpp"
#include "console/json.hpp"
#include "console/names.hpp"
#include "console/responses.hpp"
#include "grants/credential-ends.hpp"
#include "store/accounts.hpp"
#include "store/applications.hpp"

#include <algorithm>

namespace postroom::console {

namespace {

json::object described(model::Credential const& credential)
{
    json::object detail{{"credential", to_string(credential.id)}, {"kind", to_string(credential.kind)}};
    if (!credential.thumbprint.empty()) detail["thumbprint"] = credential.thumbprint;
    if (credential.ends) detail["ends"] = to_rfc3339(*credential.ends);
    return detail;
}

}  // namespace

Answer add_credential(House& house, Request const& request)
{
    Members const members(request.http, {"client_secret", "ends", "certificate"});
    auto const application =
        co_await house.store().read([&](store::Connection& c) { return application_named(c, request.path("name")); });
    auto const credential = credential_given(house.ground, application, members);
    if (!credential) throw Problem(Trouble::invalid, tr("give a client secret, or a certificate"), "client_secret");
    co_await house.store().write([&](store::Connection& c) {
        for (auto const& each : store::credentials_of(c, application.id))
            if (!credential->thumbprint.empty() && each.thumbprint == credential->thumbprint)
                throw Problem(Trouble::conflict, tr("the application has this certificate already"), "certificate");
        store::add_credential(c, *credential);
        grants::note_credential_ends(c, house.now());
        note(c, request.caller, "application.credential.add", application.name, described(*credential), house.now());
    });
    co_return json_response(net::http::status::created, to_json(*credential, request.language()));
}

Answer remove_credential(House& house, Request const& request)
{
    auto const id = request.id<model::CredentialId>("id");
    co_await house.store().write([&](store::Connection& c) {
        auto const application = application_named(c, request.path("name"));
        auto const all = store::credentials_of(c, application.id);
        auto const found = std::ranges::find(all, id, &model::Credential::id);
        if (found == all.end()) throw Problem(Trouble::not_found, tr("the application has no such credential"));
        auto const accounts = store::accounts(c);
        bool const used = std::ranges::any_of(
            accounts, [&](model::Account const& each) { return each.application == application.id; });
        if (used && all.size() == 1)
            throw Problem(Trouble::conflict,
                          tr("it is the application's last credential, and accounts use the application: add the next "
                             "one first, with postroom application credential add {}",
                             application.name));
        store::remove_credential(c, id);
        grants::note_credential_ends(c, house.now());
        note(c, request.caller, "application.credential.remove", application.name, described(*found), house.now());
    });
    co_return no_content();
}

}  // namespace postroom::console
