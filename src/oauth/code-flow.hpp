// The authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636): begun with a URL for a browser, ended with
// what that browser brings back.
#pragma once

#include "oauth/token-call.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::oauth {

struct Ask {
    std::string client_id;
    std::string redirect_url;
    std::vector<std::string> scopes;
    std::string login_hint;  ///< the account's user; empty: none
    /// Never empty: a browser that is signed in already would otherwise give the grant of whoever sits there.
    std::string prompt = "login";
};

/// What has to be kept until the browser returns, and works once.
struct SignIn {
    std::string url;
    std::string state;
    std::string nonce;
    Secret verifier;
    std::string redirect_url;
};

[[nodiscard]] SignIn begin_sign_in(Provider const& provider, Ask const& ask);

/// BASE64URL(SHA256(ASCII(verifier))), RFC 7636 section 4.2.
[[nodiscard]] std::string code_challenge(std::string_view verifier);

/// What the browser brought back.
struct Return {
    std::string state;
    Secret code;          ///< empty where the provider refused
    ProviderError error;  ///< meaningful where `code` is empty
};

/// Takes the query of the redirect URL, without its "?". Errors: Trouble::invalid where it is none of a provider: no
/// state, a member twice, neither code nor error.
[[nodiscard]] Result<Return> read_return(std::string_view query);

/// Throws net::Broken.
[[nodiscard]] net::awaitable<std::expected<TokenAnswer, ProviderError>> redeem(net::Https& https,
                                                                               Provider const& provider,
                                                                               Client const& client, Secret code,
                                                                               Secret verifier,
                                                                               std::string redirect_url);

}  // namespace postroom::oauth
