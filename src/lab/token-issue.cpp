// The tokens that the token endpoint issues, and what is in them.
#include "base/text.hpp"
#include "lab/answers.hpp"
#include "lab/identity-provider.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <random>

namespace postroom::lab {

namespace json = boost::json;

std::string make_refresh_token(State const& state, std::string_view client_id, User const& user, std::string_view scope)
{
    return state.keys.seal({{"client", client_id},
                            {"user", user.object_id},
                            {"scope", scope},
                            {"at", to_seconds(state.clock.now())},
                            {"id", to_base64url(random_bytes(300))}});
}

std::string IdentityProvider::access_token(Application const& application, User const& user,
                                           std::string const& resource, std::string const& scopes, Instant now,
                                           std::int64_t life) const
{
    auto const issued = to_seconds(now);
    // Exchange's tokens are of version 1.0; the issuer of real ones is https://sts.windows.net/{tid}/.
    json::object claims{{"aud", resource},
                        {"iss", state_->base_url + '/' + state_->tenant.id + '/'},
                        {"iat", issued},
                        {"nbf", issued},
                        {"exp", issued + life},
                        {"acr", "1"},
                        {"amr", json::array{"pwd"}},
                        {"app_displayname", application.name},
                        {"appid", application.client_id},
                        {"appidacr", application.public_client ? "0" : "1"},
                        {"ipaddr", "127.0.0.1"},
                        {"name", user.name},
                        {"oid", user.object_id},
                        {"scp", scopes},
                        {"sub", to_base64url(user.object_id + application.client_id).substr(0, 43)},
                        {"tid", state_->tenant.id},
                        {"unique_name", user.upn},
                        {"upn", user.upn},
                        {"uti", to_base64url(random_bytes(16))},
                        {"ver", "1.0"}};
    say_otherwise(claims, {user.upn, application.client_id});
    return pad(std::move(claims));
}

void IdentityProvider::say_otherwise(json::object& claims, std::initializer_list<std::string_view> who) const
{
    auto const said = state_->faults.take(Fault::token_claims, who);
    if (!said) return;
    boost::system::error_code error;
    auto const others = json::parse(*said, error);
    if (error || !others.is_object()) return;
    for (auto const& [name, value] : others.get_object()) claims[name] = value;
}

std::string IdentityProvider::pad(json::object claims) const
{
    auto token = state_->keys.sign(claims);
    auto const wanted =
        static_cast<std::size_t>(std::clamp<std::int64_t>(state_->settings.access_token_bytes, 0, 65'536));
    if (token.size() < wanted) {
        // Base64 makes four characters of three; the claim's own name takes the rest. (invented)
        auto const more = (wanted - token.size()) * 3 / 4;
        claims["xms_lab_padding"] = std::string(more > 21 ? more - 21 : more, 'x');
        token = state_->keys.sign(claims);
    }
    return token;
}

// A token without the roles is issued all the same, and refused by the mail servers (Microsoft, client credentials).
net::HttpResponse IdentityProvider::grant_application(Application const& application, Form const& form)
{
    auto const scope = value_of(form, "scope");
    auto const scopes = read_scopes(scope);
    if (scopes.names != std::vector<std::string>{".default"})
        return refuse({400,
                       "invalid_scope",
                       70011,
                       "The provided request must include a 'scope' input parameter. The provided value for the input "
                       "parameter 'scope' is not valid. The scope '" +
                           printable(scope, 300) + "' is not valid.",
                       {}});
    auto const now = state_->clock.now();
    auto const life = state_->settings.access_token_life_s > 0 ? state_->settings.access_token_life_s : 3'600;
    json::object claims{{"aud", scopes.resource},
                        {"iss", state_->base_url + '/' + state_->tenant.id + '/'},
                        {"iat", to_seconds(now)},
                        {"nbf", to_seconds(now)},
                        {"exp", to_seconds(now) + life},
                        {"app_displayname", application.name},
                        {"appid", application.client_id},
                        {"appidacr", application.certificates.empty() ? "1" : "2"},
                        {"idtyp", "app"},
                        {"oid", application.enterprise_object_id()},
                        {"sub", application.enterprise_object_id()},
                        {"tid", state_->tenant.id},
                        {"uti", to_base64url(random_bytes(16))},
                        {"ver", "1.0"}};
    // Exchange's own roles are those of an "app"; the others are Graph's.
    json::array roles;
    for (auto const& each : application.app_roles)
        if (each.ends_with("AsApp") != (scopes.resource == "https://graph.microsoft.com")) roles.emplace_back(each);
    if (!roles.empty()) claims["roles"] = std::move(roles);
    say_otherwise(claims, {application.client_id});
    return json_response({{"token_type", "Bearer"},
                          {"expires_in", life - 1},
                          {"ext_expires_in", life - 1},
                          {"access_token", pad(std::move(claims))}});
}

net::HttpResponse IdentityProvider::issue(Application const& application, User const& user, std::string const& scope,
                                          std::string const& granted, std::string const& nonce, bool with_refresh_token)
{
    auto scopes = read_scopes(scope);
    auto const allowed = read_scopes(granted);
    if (scopes.several_resources)
        return refuse({400,
                       "invalid_scope",
                       70011,
                       "The provided request must include a 'scope' input parameter. The provided value for the input "
                       "parameter 'scope' is not valid. The scope '" +
                           printable(scope, 300) + "' is not valid: it names more than one resource.",
                       {}});
    if (scopes.names == std::vector<std::string>{".default"}) scopes.names = allowed.names;
    for (auto const& name : scopes.names)
        if (std::ranges::find(allowed.names, name) == allowed.names.end())
            return refuse({400, "invalid_grant", 65001,
                           "The user or administrator has not consented to use the application with ID '" +
                               application.client_id + "' named '" + application.name +
                               "'. Send an interactive authorization request for this user and resource.",
                           "consent_required"});
    auto const now = state_->clock.now();
    // Between 60 and 90 minutes at random (Microsoft, access tokens).
    std::int64_t life = state_->settings.access_token_life_s;
    if (life <= 0) life = 3'600 + static_cast<std::int64_t>(std::random_device{}() % 1'800);
    if (auto const shorter = state_->faults.take(Fault::token_short_life, {user.upn, application.client_id}))
        life = std::max<std::int64_t>(1, to_number(*shorter, 600));
    auto const resource = scopes.resource.empty() ? std::string("https://graph.microsoft.com") : scopes.resource;
    if (auto const lacks = state_->faults.take(Fault::token_lacks_scope, {user.upn, application.client_id})) {
        std::erase(scopes.names, *lacks);
        std::erase_if(scopes.full, [&](auto const& each) { return each.ends_with(*lacks); });
    }
    std::string names, full;
    for (auto const& name : scopes.names) names += (names.empty() ? "" : " ") + name;
    for (auto const& name : scopes.full) full += (full.empty() ? "" : " ") + name;

    json::object body{{"token_type", "Bearer"},
                      {"scope", full},
                      {"expires_in", life - 1},
                      {"ext_expires_in", life - 1},
                      {"access_token", access_token(application, user, resource, names, now, life)}};
    if (with_refresh_token) body["refresh_token"] = make_refresh_token(*state_, application.client_id, user, granted);
    if (allowed.openid) {
        json::object claims{{"aud", application.client_id},
                            {"iss", state_->base_url + '/' + state_->tenant.id + "/v2.0"},
                            {"iat", to_seconds(now)},
                            {"nbf", to_seconds(now)},
                            {"exp", to_seconds(now) + 3'600},
                            {"name", user.name},
                            {"email", user.upn},
                            {"oid", user.object_id},
                            {"preferred_username", user.upn},
                            {"sub", to_base64url(user.object_id + application.client_id).substr(0, 43)},
                            {"tid", state_->tenant.id},
                            {"ver", "2.0"}};
        if (!nonce.empty()) claims["nonce"] = nonce;
        body["id_token"] = state_->keys.sign(claims);
    }
    return json_response(body);
}

}  // namespace postroom::lab
