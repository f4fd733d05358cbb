#include "grants/acceptance.hpp"

#include "base/text.hpp"
#include "oauth/json-fields.hpp"
#include "oauth/jwt.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <array>

namespace postroom::grants {

using namespace std::chrono_literals;

namespace {

// A tenant's policy may shorten an access token to 10 minutes (Microsoft, "Configurable token lifetimes").
constexpr Duration shortest_life = 600s;
constexpr Duration usual_life = 3300s;
constexpr Duration assumed_life = 1h;
constexpr Duration tolerated = 5min;  // between two clocks

// OpenID's own scopes and offline_access are not always listed among what was granted.
bool is_about_identity(std::string_view scope)
{
    constexpr std::array<std::string_view, 4> words{"openid", "profile", "email", "offline_access"};
    return std::ranges::find(words, scope) != words.end();
}

// The worldwide resource has two names, and either may come back.
std::string plain(std::string_view scope)
{
    constexpr std::string_view other = "https://outlook.office365.com/";
    auto text = to_lower(scope);
    if (text.starts_with(other)) text = "https://outlook.office.com/" + text.substr(other.size());
    return text;
}

model::Owner owner_of(Issued const& issued)
{
    auto const& identity = issued.identity;
    bool const entra = !identity.tenant_id.empty() && !identity.object_id.empty();
    model::Owner owner;
    owner.tenant_id = entra ? identity.tenant_id : issued.issuer;
    owner.object_id = entra ? identity.object_id : identity.subject;
    // Entra's email claim is whatever the user's directory says; only where there are no tenants it is the name.
    owner.user_name = identity.user_name.empty() && !entra ? identity.email : identity.user_name;
    return owner;
}

Result<void> check_owner(Issued const& issued, model::Owner const& owner)
{
    auto const refuse = [&](std::string_view should_be) {
        return failure(
            Trouble::refused,
            fmt::format("signed in was {}, and the account {} needs {}. A browser may sign in silently as "
                        "whoever uses the machine: open the link in a private window, and sign in as {}",
                        owner.user_name.empty() ? "somebody without a user name" : printable(owner.user_name, 128),
                        issued.account.name, should_be, should_be));
    };
    if (issued.bound) {
        // Names change, so that a user who was renamed is still the same one; and a name can be given to another.
        bool const same = issued.bound->tenant_id == owner.tenant_id && issued.bound->object_id == owner.object_id;
        if (same) return {};
        if (!equal_ignoring_case(issued.bound->user_name, owner.user_name)) return refuse(issued.bound->user_name);
        return failure(
            Trouble::refused,
            fmt::format("signed in was a {} that is not the one whom the account {} has been bound to (object "
                        "id {}, not {}): the user was made anew, or it is another tenant's. To bind the account "
                        "anew, keeping all that was retrieved: postroom account convert {} --application X --user Y",
                        printable(owner.user_name, 128), issued.account.name, printable(owner.object_id, 64),
                        issued.bound->object_id, issued.account.name));
    }
    if (owner.user_name.empty() || !equal_ignoring_case(owner.user_name, issued.account.user))
        return refuse(issued.account.user);
    return {};
}

// Decoded for diagnosis only; a token that can't be read is no reason to refuse it (personal accounts have such).
Result<void> check_access_token(Issued const& issued)
{
    auto const token = oauth::decode_jwt(issued.answer.access_token.expose());
    if (!token) return {};
    auto const object_id = oauth::text_member(token->claims, "oid");
    auto const& identity = issued.identity;
    if (!object_id.empty() && !identity.object_id.empty() && object_id != identity.object_id)
        return failure(Trouble::refused, fmt::format("the access token is for another user (object id {}) than the one "
                                                     "who signed in as {} (object id {})",
                                                     printable(object_id, 64), printable(identity.user_name, 128),
                                                     printable(identity.object_id, 64)));
    return {};
}

std::string missing_scopes(Issued const& issued)
{
    std::string missing;
    if (issued.answer.scopes.empty()) return missing;  // as asked, RFC 6749 section 5.1
    for (auto const& asked : issued.asked) {
        if (is_about_identity(asked)) continue;
        bool const granted =
            std::ranges::any_of(issued.answer.scopes, [&](auto const& scope) { return plain(scope) == plain(asked); });
        if (!granted) missing += (missing.empty() ? "" : " ") + asked;
    }
    return missing;
}

Result<void> check_life(Candidate& candidate, oauth::TokenAnswer const& answer)
{
    candidate.life = answer.expires_in.count() > 0 ? answer.expires_in : assumed_life;
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(candidate.life).count();
    if (candidate.life < shortest_life)
        return failure(Trouble::refused,
                       fmt::format("an access token lasts only {} seconds, and {} is the least that works; look for a "
                                   "token lifetime policy (AccessTokenLifetime) in the tenant",
                                   seconds, shortest_life / 1s));
    if (candidate.life < usual_life)
        candidate.notes.push_back(
            fmt::format("an access token lasts only {} seconds, where an hour is usual: a token lifetime "
                        "policy (AccessTokenLifetime) of the tenant shortens it",
                        seconds));
    return {};
}

// Nothing fails yet, and will where a token's times are looked at more closely.
void compare_clocks(Candidate& candidate, Issued const& issued)
{
    if (issued.identity.issued == Instant{}) return;
    auto const ahead = issued.now - issued.identity.issued;
    if (std::chrono::abs(ahead) <= tolerated) return;
    candidate.notes.push_back(fmt::format("this server's clock is {} seconds {} of the provider's: set it by NTP",
                                          std::chrono::abs(ahead) / 1s, ahead.count() > 0 ? "ahead" : "short"));
}

std::vector<std::string> roles_in(oauth::Jwt const& token)
{
    std::vector<std::string> roles;
    auto const* const listed = token.claims.if_contains("roles");
    if (listed && listed->is_array())
        for (auto const& each : listed->get_array())
            if (each.is_string()) roles.emplace_back(each.get_string().data(), each.get_string().size());
    return roles;
}

// Entra issues a token without the roles all the same (Microsoft, client credentials); the mail servers refuse it.
Result<void> check_roles(Candidate& candidate, IssuedToItself const& issued, oauth::Jwt const& token)
{
    auto const roles = roles_in(token);
    auto const has = [&](std::string_view role) { return std::ranges::find(roles, role) != roles.end(); };
    std::string_view const needed =
        issued.account.retrieval == model::Protocol::pop3 ? "POP.AccessAsApp" : "IMAP.AccessAsApp";
    if (!has(needed))
        return failure(
            Trouble::refused,
            fmt::format("the application has no role {}: the access token names {}. Add it to the "
                        "registration as an application permission of Office 365 Exchange Online, have an "
                        "administrator consent, and try again in some minutes",
                        needed, roles.empty() ? "none" : printable(fmt::format("{}", fmt::join(roles, ", ")))));
    // Exchange's own role does without it, and is even hindered by it (Microsoft, "Application RBAC for SMTP").
    if (!has("SMTP.SendAsApp"))
        candidate.notes.emplace_back(
            "the application has no role SMTP.SendAsApp: it can send only where Exchange gives it the role Application "
            "SMTP.SendAsApp");
    return {};
}

}  // namespace

Result<Candidate> judge(Issued const& issued)
{
    Candidate candidate{.issued = issued.now, .application = {}, .access = issued.account.access};
    if (issued.account.application) candidate.application = *issued.account.application;
    candidate.owner = owner_of(issued);
    if (auto const owner = check_owner(issued, candidate.owner); !owner) return std::unexpected(owner.error());
    if (auto const token = check_access_token(issued); !token) return std::unexpected(token.error());
    if (auto const missing = missing_scopes(issued); !missing.empty())
        return failure(Trouble::refused,
                       fmt::format("the provider did not grant {}. Add the permission to the registration, let an "
                                   "administrator consent, and sign in again",
                                   missing));
    if (issued.answer.refresh_token.empty())
        return failure(
            Trouble::refused,
            "the provider gave no refresh token, so the grant would end with its first access token. Offline "
            "access (offline_access) must be permitted for the registration");
    if (auto const life = check_life(candidate, issued.answer); !life) return std::unexpected(life.error());
    compare_clocks(candidate, issued);
    candidate.scopes = issued.answer.scopes.empty() ? issued.asked : issued.answer.scopes;
    // Not always listed among what was granted; a renewal may ask for nothing that was not asked for at first (RFC 6749
    // section 6).
    auto const among = [](std::vector<std::string> const& scopes) {
        return std::ranges::find(scopes, "offline_access") != scopes.end();
    };
    if (among(issued.asked) && !among(candidate.scopes)) candidate.scopes.emplace_back("offline_access");
    return candidate;
}

Result<Candidate> judge(IssuedToItself const& issued)
{
    auto const refuse = [](std::string words) { return failure(Trouble::refused, std::move(words)); };
    Candidate candidate{.scopes = {issued.asked},
                        .issued = issued.now,
                        .application = issued.application.id,
                        .access = issued.account.access};
    if (auto const life = check_life(candidate, issued.answer); !life) return std::unexpected(life.error());
    auto const token = oauth::decode_jwt(issued.answer.access_token.expose());
    if (!token) {
        // Whoever has been bound stays it: nothing says otherwise.
        candidate.owner = issued.bound.value_or(model::Owner{issued.issuer, issued.application.client_id, ""});
        if (issued.entra)
            candidate.notes.emplace_back("which roles the access token has could not be told, since it can't be read");
        return candidate;
    }
    auto const claim = [&](std::string_view name) { return oauth::text_member(token->claims, name); };
    // appid in tokens of Entra's first version, which Exchange's are; azp in the second; client_id in RFC 9068.
    for (auto const* const name : {"appid", "azp", "client_id"})
        if (auto const client = claim(name); !client.empty() && client != issued.application.client_id)
            return refuse(fmt::format("the access token is for another application ({}) than the one that asked ({})",
                                      printable(client, 64), issued.application.client_id));
    auto const tenant = claim("tid");
    auto const object_id = claim("oid");
    candidate.owner.tenant_id = tenant.empty() ? issued.issuer : tenant;
    candidate.owner.object_id = object_id.empty() ? issued.application.client_id : object_id;
    if (!tenant.empty() && parse_uuid(issued.application.tenant) &&
        !equal_ignoring_case(tenant, issued.application.tenant))
        return refuse(fmt::format("the access token is of the tenant {}, and the identity application {} of {}",
                                  printable(tenant, 64), issued.application.name, issued.application.tenant));
    if (issued.bound && issued.bound->tenant_id != candidate.owner.tenant_id)
        return refuse(
            fmt::format("the access token is of the tenant {}, and the account {} has been bound to {}. To bind the "
                        "account anew, keeping all that was retrieved: postroom account convert {} --access "
                        "application --application X",
                        printable(candidate.owner.tenant_id, 64), issued.account.name, issued.bound->tenant_id,
                        issued.account.name));
    if (issued.entra)
        if (auto const roles = check_roles(candidate, issued, *token); !roles) return std::unexpected(roles.error());
    return candidate;
}

}  // namespace postroom::grants
