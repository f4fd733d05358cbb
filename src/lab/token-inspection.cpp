// The two endpoints that say what an access token is worth.
#include "lab/answers.hpp"
#include "lab/identity-provider.hpp"

namespace postroom::lab {

// invented: Entra has no introspection (RFC 7662). Dovecot asks here in the tests.
net::HttpResponse IdentityProvider::introspect(net::HttpRequest const& request) const
{
    auto const form = net::parse_form(request.body);
    std::string token(bearer(request));
    if (form && form->contains("token")) token = value_of(*form, "token");
    if (auto const given = request.parameter("token")) token = *given;
    auto const read = read_access_token(state_->keys, token, state_->clock.now());
    if (!read || !read->is_for_exchange()) return json_response({{"active", false}});
    return json_response({{"active", true},
                          {"username", read->upn},
                          {"email", read->upn},
                          {"upn", read->upn},
                          {"sub", read->object_id},
                          {"aud", read->audience},
                          {"scope", read->scopes},
                          {"token_type", "Bearer"},
                          {"exp", to_seconds(read->expires)}});
}

net::HttpResponse IdentityProvider::user_info(net::HttpRequest const& request) const
{
    auto const read = read_access_token(state_->keys, bearer(request), state_->clock.now());
    auto* const user = read ? state_->tenant.user(read->upn) : nullptr;
    if (user == nullptr) return json_response({{"error", "invalid_token"}}, net::http::status::unauthorized);
    return json_response(
        {{"sub", user->object_id}, {"name", user->name}, {"email", user->upn}, {"preferred_username", user->upn}});
}

}  // namespace postroom::lab
