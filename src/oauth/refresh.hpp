// A new access token from a refresh token (RFC 6749 section 6).
#pragma once

#include "oauth/token-call.hpp"

namespace postroom::oauth {

/// `scopes` are the mail scopes, of one resource. Where the answer has no refresh token the old one stays in force;
/// where it has one, that one is stored before anything else happens. Throws net::Broken.
[[nodiscard]] net::awaitable<std::expected<TokenAnswer, ProviderError>> refresh(net::Https& https,
                                                                                Provider const& provider,
                                                                                Client const& client,
                                                                                Secret refresh_token,
                                                                                std::vector<std::string> scopes);

}  // namespace postroom::oauth
