// Obtaining a grant, and accepting only one that will work: issued to the account's user, with every scope that is
// needed.
#pragma once

#include "grants/tokens.hpp"

#include <string>
#include <string_view>

namespace postroom::grants {

/// Under the External URL: where the browser comes back. What is registered at the provider must be the same.
inline constexpr std::string_view redirect_path = "/oauth/callback";

struct Begun {
    model::AuthorizationId id;
    std::string url;  ///< for a browser
    Instant ends{};
};

/// Begins a sign-in for the account: remembers state, nonce and PKCE verifier, and gives the provider's URL. Errors:
/// not_found, invalid (the External URL is not set …), unreachable (the provider's discovery document).
[[nodiscard]] net::awaitable<Result<Begun>> begin_authorization(Ground ground, std::string account_name,
                                                                std::string by);

struct Outcome {
    bool accepted = false;
    std::string account;  ///< its name; empty where the state was not known
    std::string words;    ///< what happened and what to do, for the page
};

/// What the browser brought back to the redirect URL. Takes the code, verifies the id token, whose it is (tenant and
/// object id; the user name at the first acceptance), the scopes and the token's life, then stores the grant. The old
/// one stays in force until then. Never throws; leaves an audit entry either way.
[[nodiscard]] net::awaitable<Outcome> finish_authorization(Ground ground, std::string query);

}  // namespace postroom::grants
