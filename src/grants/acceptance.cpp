#include "grants/acceptance.hpp"

#include "base/text.hpp"
#include "oauth/json-fields.hpp"
#include "oauth/jwt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace postroom::grants {

using namespace std::chrono_literals;

namespace {

// A tenant's policy may shorten an access token to 10 minutes (Microsoft, "Configurable token lifetimes").
constexpr Duration shortest_life = 600s;
constexpr Duration usual_life = 3300s;
constexpr Duration assumed_life = 1h;

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

model::Owner owner_of(Candidate const& candidate)
{
    auto const& identity = candidate.identity;
    bool const entra = !identity.tenant_id.empty() && !identity.object_id.empty();
    model::Owner owner;
    owner.tenant_id = entra ? identity.tenant_id : candidate.issuer;
    owner.object_id = entra ? identity.object_id : identity.subject;
    // Entra's email claim is whatever the user's directory says; only where there are no tenants it is the name.
    owner.user_name = identity.user_name.empty() && !entra ? identity.email : identity.user_name;
    return owner;
}

Result<void> check_owner(Candidate const& candidate, model::Owner const& owner)
{
    auto const refuse = [&](std::string_view should_be) {
        return failure(
            Trouble::refused,
            fmt::format("signed in was {}, and the account {} needs {}. A browser may sign in silently as "
                        "whoever uses the machine: open the link in a private window, and sign in as {}",
                        owner.user_name.empty() ? "somebody without a user name" : printable(owner.user_name, 128),
                        candidate.account.name, should_be, should_be));
    };
    if (candidate.bound) {
        // Names change, so that a user who was renamed is still the same one; and a name can be given to another.
        bool const same =
            candidate.bound->tenant_id == owner.tenant_id && candidate.bound->object_id == owner.object_id;
        if (same) return {};
        if (!equal_ignoring_case(candidate.bound->user_name, owner.user_name))
            return refuse(candidate.bound->user_name);
        return failure(
            Trouble::refused,
            fmt::format("signed in was a {} that is not the one whom the account {} has been bound to (object "
                        "id {}, not {}): the user was made anew, or it is another tenant's. Remove the "
                        "account and add it again to bind it anew",
                        printable(owner.user_name, 128), candidate.account.name, printable(owner.object_id, 64),
                        candidate.bound->object_id));
    }
    if (owner.user_name.empty() || !equal_ignoring_case(owner.user_name, candidate.account.user))
        return refuse(candidate.account.user);
    return {};
}

// Decoded for diagnosis only; a token that can't be read is no reason to refuse it (personal accounts have such).
Result<void> check_access_token(Candidate const& candidate)
{
    auto const token = oauth::decode_jwt(candidate.answer.access_token.expose());
    if (!token) return {};
    auto const object_id = oauth::text_member(token->claims, "oid");
    auto const& identity = candidate.identity;
    if (!object_id.empty() && !identity.object_id.empty() && object_id != identity.object_id)
        return failure(Trouble::refused, fmt::format("the access token is for another user (object id {}) than the one "
                                                     "who signed in as {} (object id {})",
                                                     printable(object_id, 64), printable(identity.user_name, 128),
                                                     printable(identity.object_id, 64)));
    return {};
}

std::string missing_scopes(Candidate const& candidate)
{
    std::string missing;
    if (candidate.answer.scopes.empty()) return missing;  // as asked, RFC 6749 section 5.1
    for (auto const& asked : candidate.asked) {
        if (is_about_identity(asked)) continue;
        bool const granted = std::ranges::any_of(candidate.answer.scopes,
                                                 [&](auto const& scope) { return plain(scope) == plain(asked); });
        if (!granted) missing += (missing.empty() ? "" : " ") + asked;
    }
    return missing;
}

}  // namespace

Result<Accepted> judge(Candidate const& candidate)
{
    Accepted accepted;
    accepted.owner = owner_of(candidate);
    if (auto const owner = check_owner(candidate, accepted.owner); !owner) return std::unexpected(owner.error());
    if (auto const token = check_access_token(candidate); !token) return std::unexpected(token.error());
    if (auto const missing = missing_scopes(candidate); !missing.empty())
        return failure(Trouble::refused,
                       fmt::format("the provider did not grant {}. Add the permission to the registration, let an "
                                   "administrator consent, and sign in again",
                                   missing));
    if (candidate.answer.refresh_token.empty())
        return failure(
            Trouble::refused,
            "the provider gave no refresh token, so the grant would end with its first access token. Offline "
            "access (offline_access) must be permitted for the registration");
    accepted.life = candidate.answer.expires_in.count() > 0 ? candidate.answer.expires_in : assumed_life;
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(accepted.life).count();
    if (accepted.life < shortest_life)
        return failure(Trouble::refused,
                       fmt::format("an access token lasts only {} seconds, and {} is the least that works; look for a "
                                   "token lifetime policy (AccessTokenLifetime) in the tenant",
                                   seconds, shortest_life / 1s));
    if (accepted.life < usual_life)
        accepted.warning = fmt::format(
            "an access token lasts only {} seconds, where an hour is usual: a token lifetime "
            "policy (AccessTokenLifetime) of the tenant shortens it",
            seconds);

    accepted.scopes = candidate.answer.scopes.empty() ? candidate.asked : candidate.answer.scopes;
    if (std::ranges::find(accepted.scopes, "offline_access") == accepted.scopes.end())
        accepted.scopes.emplace_back("offline_access");
    return accepted;
}

}  // namespace postroom::grants
