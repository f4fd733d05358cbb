// Tokens for the application itself, without a user (RFC 6749 section 4.4): what it may do, an administrator granted.
#pragma once

#include "oauth/token-call.hpp"

namespace postroom::oauth {

/// `scope` is the resource with /.default (Entra grants what the administrator consented to, and names no scopes). The
/// answer has no refresh token. Throws net::Broken.
[[nodiscard]] net::awaitable<std::expected<TokenAnswer, ProviderError>> ask_as_application(net::Https& https,
                                                                                           Provider const& provider,
                                                                                           Client const& client,
                                                                                           std::string scope);

}  // namespace postroom::oauth
