// From an identity application as stored to what oauth/ needs of it.
#pragma once

#include "grants/tokens.hpp"
#include "model/account.hpp"
#include "model/application.hpp"
#include "oauth/authority.hpp"
#include "oauth/clouds.hpp"

namespace postroom::grants {

/// What a user's grant of the application is asked for, for an account that retrieves so: the application's own scopes,
/// or else the cloud's, of which a provider that is none of Microsoft's and not made like one is asked for none.
/// Errors: Trouble::invalid.
[[nodiscard]] Result<std::vector<std::string>> scopes_of(model::Application const& application,
                                                         model::Protocol retrieval, oauth::Provider const& provider);
/// What the application asks for as itself, without a user. Errors: Trouble::invalid, where only a person knows it.
[[nodiscard]] Result<std::string> own_scope_of(model::Application const& application, oauth::Provider const& provider);
/// Errors: Trouble::invalid.
[[nodiscard]] Result<std::string> authority_of(model::Application const& application);
/// Asks the provider for its configuration. Never throws; what the network did is an error of its kind.
[[nodiscard]] net::awaitable<Result<oauth::Provider>> find_provider(Ground ground, model::Application application);

}  // namespace postroom::grants
