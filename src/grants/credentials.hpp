// What an identity application proves itself with: made from what a person gave, and used so that one credential can be
// replaced by the next without a gap.
#pragma once

#include "grants/tokens.hpp"
#include "model/application.hpp"
#include "oauth/token-call.hpp"

#include <expected>
#include <functional>
#include <optional>

namespace postroom::grants {

/// A secret as it was pasted, sealed for its place. `ends` is when it runs out, where that is known. Errors:
/// Trouble::invalid where it is empty, or, in Entra's clouds, a secret's id (a GUID: the portal shows both).
[[nodiscard]] Result<model::Credential> make_secret(Ground const& ground, model::Application const& application,
                                                    Secret const& secret, std::optional<Instant> ends);
/// A certificate and its private key, in PEM. Errors: as oauth::read_client_certificate(), and Trouble::invalid where
/// it ran out.
[[nodiscard]] Result<model::Credential> make_certificate(Ground const& ground, model::Application const& application,
                                                         Secret const& pem);

using Answered = std::expected<oauth::TokenAnswer, oauth::ProviderError>;
/// One question to a provider, by a client that proves itself in one way. Called once a credential, so that whatever it
/// holds must serve twice.
using Ask = std::function<net::awaitable<Answered>(oauth::Client client)>;

/// Asks with the application's newest credential, and where the provider refuses that one (invalid_client), with the
/// other; remembers what the provider said of each. Without any it asks as a public client. Where a credential can't be
/// unsealed, the answer is an error without a word of the provider's. Throws net::Broken, store::Failure.
[[nodiscard]] net::awaitable<Answered> ask_as(Ground ground, model::Application application, Ask ask);

}  // namespace postroom::grants
