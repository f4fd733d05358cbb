// One POST to a token endpoint: what redeeming a code and refreshing have in common.
#pragma once

#include "net/https.hpp"
#include "oauth/authority.hpp"
#include "oauth/token-answer.hpp"

namespace postroom::oauth {

/// Who asks: the registration.
struct Client {
    std::string id;
    Secret secret;  ///< empty for a public client, which must send none (AADSTS700025)
};

/// Appends name=value, encoded, to a form.
void add_field(Wire& form, std::string_view name, std::string_view value);
void add_secret_field(Wire& form, std::string_view name, std::string_view value);

/// Adds the client's credential to `form` and posts it. Throws net::Broken.
[[nodiscard]] net::awaitable<std::expected<TokenAnswer, ProviderError>> ask_for_tokens(net::Https& https,
                                                                                       Provider const& provider,
                                                                                       Client const& client, Wire form);

}  // namespace postroom::oauth
