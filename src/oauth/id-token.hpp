// Who signed in, proven: an id token verified as OpenID Connect Core 1.0 section 3.1.3.7 asks.
#pragma once

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "net/https.hpp"
#include "oauth/authority.hpp"
#include "oauth/jwt.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::oauth {

struct Identity {
    std::string tenant_id;  ///< tid; empty where the provider has no tenants
    std::string object_id;  ///< oid; empty where the provider has none
    std::string subject;    ///< sub; never empty
    std::string user_name;  ///< preferred_username, or upn
    std::string email;
    std::string name;
    Instant issued{};  ///< iat, by the provider's clock
};

struct Expected {
    std::string issuer;  ///< Provider::issuer; {tenantid} stands for the token's own tid
    std::string client_id;
    std::optional<std::string> nonce;  ///< nothing where the flow has none: no browser brings its token (RFC 8628)
    Instant now{};
};

/// Signature, issuer, audience, nonce, and times with five minutes of tolerance. Errors: Trouble::invalid where it is
/// no token, Trouble::refused naming what differs and both values.
[[nodiscard]] Result<Identity> verify_id_token(std::string_view token, std::vector<VerifyKey> const& keys,
                                               Expected const& expected);

/// The keys that the provider publishes. Errors: Trouble::protocol. Throws net::Broken.
[[nodiscard]] net::awaitable<Result<std::vector<VerifyKey>>> fetch_keys(net::Https& https, std::string url);

/// Adds what the id token left out, the user's names: a provider may tell them only to whoever asks with the access
/// token (OpenID Connect Core 1.0 section 5.4). Asks nobody where the identity has a name already, or there is no such
/// endpoint. Errors: Trouble::refused where the answer is about somebody else. Throws net::Broken.
[[nodiscard]] net::awaitable<Result<Identity>> complete_identity(net::Https& https, Provider provider,
                                                                 Identity identity, Secret access_token);

}  // namespace postroom::oauth
