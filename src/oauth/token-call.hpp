// One POST to a token endpoint: what redeeming a code and refreshing have in common.
#pragma once

#include "net/https.hpp"
#include "oauth/authority.hpp"
#include "oauth/client-certificate.hpp"
#include "oauth/token-answer.hpp"

#include <vector>

namespace postroom::oauth {

/// Who asks: the registration. A public client has neither credential and must send none (AADSTS700025).
struct Client {
    std::string id;
    Secret secret{};
    std::shared_ptr<ClientCertificate const> certificate{};  ///< goes before the secret where both are there
    Clock const* clock = &system_clock();                    ///< what it signs is valid by this one
};

/// Appends name=value, encoded, to a form.
void add_field(Wire& form, std::string_view name, std::string_view value);
void add_secret_field(Wire& form, std::string_view name, std::string_view value);

/// Adds the client's id, and the credential that it has, to a request whose body is a form.
void prove_client(net::HttpsCall& request, Provider const& provider, Client const& client);

/// The secrets that a request holds. A provider may quote what it was sent, and its words go to logs and pages.
class SentSecrets {
public:
    /// `request` as prove_client() left it.
    SentSecrets(net::HttpsCall const& request, Client const& client);
    /// Puts "[secret]" in their place, also where one was cut off.
    void hide_in(ProviderError& error) const;

private:
    std::vector<Secret> secrets_;
};

/// Adds the client's credential to `form` and posts it. Throws net::Broken.
[[nodiscard]] net::awaitable<std::expected<TokenAnswer, ProviderError>> ask_for_tokens(net::Https& https,
                                                                                       Provider const& provider,
                                                                                       Client const& client, Wire form);

}  // namespace postroom::oauth
