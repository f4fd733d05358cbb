#include "lab/graph.hpp"

#include "base/text.hpp"
#include "lab/answers.hpp"
#include "lab/licences.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <expected>

namespace postroom::lab {

namespace json = boost::json;
using net::http::status;

namespace {

constexpr std::string_view root = "/v1.0/";
constexpr std::string_view metadata = "https://graph.microsoft.com/v1.0/$metadata#";
constexpr std::string_view exchange_name = "Office 365 Exchange Online";
constexpr std::string_view exchange_id = "00000002-0000-0ff1-ce00-000000000000";
constexpr std::string_view delegated = "IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send";

struct Refused {
    status code;
    std::string name, message;
};
using Answer = std::expected<json::object, Refused>;

// Whoever is in the directory. A shared mailbox is in it as a user who can't sign in.
struct Entry {
    std::string id, upn, name;
    bool enabled = false, shared = false;
    std::shared_ptr<Mailbox> mailbox;
};

struct Asking {
    State& state;
    json::object claims;
    std::vector<std::string> segments;  // behind /v1.0/
    std::string select;

    [[nodiscard]] bool as_application() const { return string_at(claims, "idtyp") == "app"; }
    [[nodiscard]] bool may(std::initializer_list<std::string_view> any) const
    {
        auto const one_of = [&](std::string_view has) { return std::ranges::find(any, has) != any.end(); };
        if (!as_application()) return std::ranges::any_of(split(string_at(claims, "scp"), ' '), one_of);
        auto const* const roles = claims.if_contains("roles");
        return roles != nullptr && roles->is_array() && std::ranges::any_of(roles->get_array(), [&](auto const& each) {
                   return each.is_string() && one_of(std::string_view(each.get_string()));
               });
    }
};

std::unexpected<Refused> denied()
{
    return std::unexpected(Refused{status::forbidden, "Authorization_RequestDenied",
                                   "Insufficient privileges to complete the operation."});
}

std::unexpected<Refused> no_resource(std::string_view name)
{
    return std::unexpected(
        Refused{status::not_found, "Request_ResourceNotFound",
                "Resource '" + printable(name, 128) +
                    "' does not exist or one of its queried reference-property objects are not present."});
}

std::unexpected<Refused> bad(std::string message)
{
    return std::unexpected(Refused{status::bad_request, "BadRequest", std::move(message)});
}

std::unexpected<Refused> no_segment(std::string_view segment)
{
    return bad("Resource not found for the segment '" + printable(segment, 128) + "'.");
}

// Words as quoted in issues: sentences of Graph's that are not documented.
Answer read_token(State const& state, net::HttpRequest const& request)
{
    auto const refuse = [](char const* message) {
        return std::unexpected(Refused{status::unauthorized, "InvalidAuthenticationToken", message});
    };
    auto const token = bearer(request);
    if (token.empty()) return refuse("Access token is empty.");
    auto claims = state.keys.read(token);
    if (!claims) return refuse("CompactToken parsing failed with error code: 80049217");
    auto const audience = string_at(*claims, "aud");
    if (audience != "https://graph.microsoft.com" && audience != "00000003-0000-0000-c000-000000000000")
        return refuse("Access token validation failure. Invalid audience.");
    auto const* const expires = claims->if_contains("exp");
    if (expires == nullptr || !expires->is_int64() || expires->get_int64() <= to_seconds(state.clock.now()))
        return refuse("Lifetime validation failed, the token is expired.");
    return std::move(*claims);
}

Entry entry_of(Tenant& tenant, User const& user)
{
    return {user.object_id, user.upn, user.name, user.enabled, false, tenant.mailbox(user.upn)};
}

std::expected<Entry, Refused> find_entry(Asking const& asking, std::string const& wanted)
{
    auto& tenant = asking.state.tenant;
    if (auto const* const user = tenant.user(wanted)) return entry_of(tenant, *user);
    if (auto const* const user = tenant.user_by_id(to_lower(wanted))) return entry_of(tenant, *user);
    for (auto const& [address, mailbox] : tenant.mailboxes) {
        auto const id = stable_guid("user " + address);
        if (!tenant.users.contains(address) && (equal_ignoring_case(address, wanted) || id == to_lower(wanted)))
            return Entry{id, address, mailbox->name, false, true, mailbox};
    }
    return no_resource(wanted);
}

Licence const* licence_of(Entry const& entry)
{
    if (!entry.mailbox || entry.shared) return nullptr;  // up to 50 GB a shared one needs none
    auto const* const licence = licence_named(entry.mailbox->product);
    return entry.mailbox->licensed || (licence != nullptr && !licence->mailbox) ? licence : nullptr;
}

json::object plan_of(Licence const& licence)
{
    return {{"servicePlanId", licence.plan_id},
            {"servicePlanName", licence.plan},
            {"provisioningStatus", "Success"},
            {"appliesTo", licence.mailbox ? "User" : "Company"}};
}

json::object list(std::string_view of, json::array value)
{
    return {{"@odata.context", std::string(metadata) + std::string(of)}, {"value", std::move(value)}};
}

// One entity; $select takes away what was not asked for.
json::object entity(Asking const& asking, std::string_view of, json::object const& all)
{
    json::object shown{{"@odata.context", std::string(metadata) + std::string(of) + "/$entity"}};
    auto const wanted = split(asking.select, ',');
    for (auto const& [name, value] : all)
        if (asking.select.empty() || std::ranges::find(wanted, std::string_view(name)) != wanted.end())
            shown[name] = value;
    return shown;
}

json::object user(Asking const& asking, Entry const& entry)
{
    auto const* const licence = licence_of(entry);
    json::array licences, plans, addresses;
    if (licence != nullptr) {
        licences.emplace_back(json::object{{"disabledPlans", json::array{}}, {"skuId", licence->product_id}});
        plans.emplace_back(json::object{
            {"capabilityStatus", "Enabled"}, {"service", "exchange"}, {"servicePlanId", licence->plan_id}});
    }
    json::value mail = nullptr;
    if (entry.mailbox) {
        mail = entry.upn;
        addresses.emplace_back("SMTP:" + entry.upn);
    }
    return entity(asking, "users",
                  {{"id", entry.id},
                   {"displayName", entry.name},
                   {"userPrincipalName", entry.upn},
                   {"mail", std::move(mail)},
                   {"proxyAddresses", std::move(addresses)},
                   {"accountEnabled", entry.enabled},
                   {"assignedLicenses", std::move(licences)},
                   {"assignedPlans", std::move(plans)}});
}

json::object licence_details(Entry const& entry)
{
    json::array value;
    if (auto const* const licence = licence_of(entry))
        value.emplace_back(json::object{{"id", to_base64url(entry.id + std::string(licence->product_id)).substr(0, 43)},
                                        {"skuId", licence->product_id},
                                        {"skuPartNumber", licence->product},
                                        {"servicePlans", json::array{plan_of(*licence)}}});
    return list("users('" + entry.id + "')/licenseDetails", std::move(value));
}

Answer of_user(Asking const& asking, Entry const& entry, std::size_t at)
{
    bool const own = string_at(asking.claims, "oid") == entry.id;
    auto const& path = asking.segments;
    auto const rest = path.size() > at ? path[at] : std::string();
    if (rest.empty()) {
        if (!asking.may({"User.Read.All", "Directory.Read.All"}) && !(own && asking.may({"User.Read"})))
            return denied();
        return user(asking, entry);
    }
    if (rest == "licenseDetails" && path.size() == at + 1) {
        // With no user: "Not supported."
        bool const may = asking.may({"LicenseAssignment.Read.All", "User.Read.All", "Directory.Read.All"}) ||
                         (own && asking.may({"User.Read"}));
        if (asking.as_application() || !may) return denied();
        return licence_details(entry);
    }
    if (rest == "mailboxSettings" && path.size() == at + 2 && path[at + 1] == "userPurpose") {
        if (!asking.may({"MailboxSettings.Read", "MailboxSettings.ReadWrite"}) || !(own || asking.as_application()))
            return denied();
        if (!entry.mailbox) return no_resource(entry.id);
        return json::object{
            {"@odata.context", std::string(metadata) + "users('" + entry.id + "')/mailboxSettings/userPurpose"},
            {"value", entry.shared ? "shared" : "user"}};
    }
    return no_segment(rest);
}

Answer products(Asking const& asking)
{
    if (!asking.may({"LicenseAssignment.Read.All", "Organization.Read.All", "Directory.Read.All"})) return denied();
    json::array value;
    for (auto const& licence : licences()) {
        auto const used = std::ranges::count_if(asking.state.tenant.mailboxes, [&](auto const& each) {
            return each.second->licensed && each.second->product == licence.product &&
                   asking.state.tenant.users.contains(each.first);
        });
        if (used == 0) continue;
        value.emplace_back(json::object{
            {"id", asking.state.tenant.id + '_' + std::string(licence.product_id)},
            {"appliesTo", "User"},
            {"capabilityStatus", "Enabled"},
            {"consumedUnits", used},
            {"prepaidUnits", json::object{{"enabled", used}, {"lockedOut", 0}, {"suspended", 0}, {"warning", 0}}},
            {"servicePlans", json::array{plan_of(licence)}},
            {"skuId", licence.product_id},
            {"skuPartNumber", licence.product}});
    }
    return list("subscribedSkus", std::move(value));
}

// "applications(appId='…')"
std::optional<std::string> client_of(std::string_view segment, std::string_view collection)
{
    auto const begin = std::string(collection) + "(appId='";
    if (!segment.starts_with(begin) || !segment.ends_with("')")) return std::nullopt;
    return std::string(segment.substr(begin.size(), segment.size() - begin.size() - 2));
}

// The ids of Exchange's app roles are not known: these are ours.
std::string role_id(std::string_view role)
{
    return stable_guid("app role " + std::string(role));
}

Answer registration(Asking const& asking, std::string const& client_id)
{
    auto const* const found = asking.state.tenant.application(client_id);
    if (found == nullptr) return no_resource(client_id);
    auto const& application = *found;
    bool const own = string_at(asking.claims, "appid") == application.client_id;
    if (!asking.may({"Application.Read.All", "Directory.Read.All"}) &&
        !(own && asking.may({"Application.ReadWrite.OwnedBy"})))
        return denied();
    json::array uris(application.redirect_uris.begin(), application.redirect_uris.end());
    json::array secrets, certificates, roles;
    for (auto const& each : application.secrets) {
        json::value end = nullptr;
        if (each.expires) end = to_rfc3339(*each.expires);
        secrets.emplace_back(
            json::object{{"keyId", each.id}, {"endDateTime", std::move(end)}, {"hint", each.value.substr(0, 3)}});
    }
    for (auto const& each : application.certificates)
        certificates.emplace_back(
            json::object{{"keyId", stable_guid(each)}, {"type", "AsymmetricX509Cert"}, {"usage", "Verify"}});
    for (auto const& each : application.required_app_roles)
        roles.emplace_back(json::object{{"id", role_id(each)}, {"type", "Role"}});
    auto const listed = [&](bool here) { return json::object{{"redirectUris", here ? uris : json::array()}}; };
    json::array required;
    if (!roles.empty())
        required.emplace_back(json::object{{"resourceAppId", exchange_id}, {"resourceAccess", std::move(roles)}});
    return entity(asking, "applications",
                  {{"id", stable_guid("registration " + application.client_id)},
                   {"appId", application.client_id},
                   {"displayName", application.name},
                   {"signInAudience", "AzureADMyOrg"},
                   {"isFallbackPublicClient", application.public_client},
                   {"web", listed(!application.public_client)},
                   {"publicClient", listed(application.public_client)},
                   {"spa", listed(false)},
                   {"requiredResourceAccess", std::move(required)},
                   {"passwordCredentials", std::move(secrets)},
                   {"keyCredentials", std::move(certificates)}});
}

json::object consents(Application const& application)
{
    auto const grant = [&](std::string_view type, json::value principal) {
        auto const words =
            application.client_id + std::string(type) + (principal.is_null() ? "" : principal.get_string().c_str());
        return json::object{{"id", to_base64url(words).substr(0, 43)},
                            {"clientId", application.enterprise_object_id()},
                            {"consentType", type},
                            {"principalId", std::move(principal)},
                            {"resourceId", stable_guid(exchange_name)},
                            {"scope", delegated}};
    };
    json::array value;
    if (application.admin_consent) value.emplace_back(grant("AllPrincipals", nullptr));
    for (auto const& each : application.consented) value.emplace_back(grant("Principal", json::value(each)));
    return list("oauth2PermissionGrants", std::move(value));
}

json::object assigned_roles(Application const& application)
{
    json::array value;
    for (auto const& each : application.app_roles)
        value.emplace_back(json::object{{"id", to_base64url(application.client_id + each).substr(0, 43)},
                                        {"appRoleId", role_id(each)},
                                        {"principalDisplayName", application.name},
                                        {"principalId", application.enterprise_object_id()},
                                        {"principalType", "ServicePrincipal"},
                                        {"resourceDisplayName", exchange_name},
                                        {"resourceId", stable_guid(exchange_name)}});
    return list("appRoleAssignments", std::move(value));
}

Answer of_principal(Asking const& asking, Application const& application, std::size_t at)
{
    if (!asking.may({"Application.Read.All", "Directory.Read.All"})) return denied();
    auto const& path = asking.segments;
    if (path.size() == at)
        return entity(asking, "servicePrincipals",
                      {{"id", application.enterprise_object_id()},
                       {"appId", application.client_id},
                       {"displayName", application.name},
                       {"accountEnabled", true},
                       {"appRoleAssignmentRequired", false}});
    if (path.size() == at + 1 && path[at] == "oauth2PermissionGrants") return consents(application);
    if (path.size() == at + 1 && path[at] == "appRoleAssignments") return assigned_roles(application);
    return no_segment(path[at]);
}

Answer look_up(Asking const& asking)
{
    auto const& path = asking.segments;
    auto const& first = path.front();
    auto& tenant = asking.state.tenant;
    if (first == "me" && asking.as_application())
        return bad("/me request is only valid with delegated authentication flow.");
    if (first == "me" || (first == "users" && path.size() > 1)) {
        auto const entry = find_entry(asking, first == "me" ? string_at(asking.claims, "oid") : path[1]);
        if (!entry) return std::unexpected(entry.error());
        return of_user(asking, *entry, first == "me" ? 1 : 2);
    }
    if (first == "subscribedSkus" && path.size() == 1) return products(asking);
    if (auto const id = client_of(first, "applications"); id && path.size() == 1) return registration(asking, *id);
    if (auto const id = client_of(first, "servicePrincipals")) {
        auto const* const application = tenant.application(*id);
        if (application == nullptr) return no_resource(*id);
        return of_principal(asking, *application, 1);
    }
    if (first == "servicePrincipals" && path.size() > 1) {
        for (auto const& [id, application] : tenant.applications)
            if (application.registered && application.enterprise_object_id() == to_lower(path[1]))
                return of_principal(asking, application, 2);
        return no_resource(path[1]);
    }
    return no_segment(first);
}

net::HttpResponse refuse(State const& state, Refused const& refused)
{
    auto const id = stable_guid(random_bytes(16));
    json::object const inner{
        {"date", to_rfc3339(state.clock.now()).substr(0, 19)}, {"request-id", id}, {"client-request-id", id}};
    json::object const error{{"code", refused.name}, {"message", refused.message}, {"innerError", inner}};
    return json_response({{"error", error}}, refused.code);
}

}  // namespace

std::optional<net::HttpResponse> answer_graph(State& state, net::HttpRequest const& request)
{
    if (!request.path.starts_with(root)) return std::nullopt;
    auto claims = read_token(state, request);
    if (!claims) return refuse(state, claims.error());
    Asking asking{state, std::move(*claims), {}, std::string(request.parameter("$select").value_or(""))};
    for (auto const each : split(std::string_view(request.path).substr(root.size()), '/'))
        asking.segments.emplace_back(each);
    Answer const answer =
        request.method == net::http::verb::get ? look_up(asking) : Answer(bad("The lab's Graph is read only."));
    return answer ? json_response(*answer) : refuse(state, answer.error());
}

}  // namespace postroom::lab
