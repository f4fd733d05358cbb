// From an identity application as stored to what oauth/ needs of it.
#pragma once

#include "grants/tokens.hpp"
#include "model/account.hpp"
#include "model/application.hpp"
#include "oauth/authority.hpp"
#include "oauth/clouds.hpp"

namespace postroom::grants {

/// What grants of the application are asked for, for an account that retrieves so. Errors: Trouble::invalid.
[[nodiscard]] Result<std::vector<std::string>> scopes_of(model::Application const& application,
                                                         model::Protocol retrieval);
/// Errors: Trouble::invalid.
[[nodiscard]] Result<std::string> authority_of(model::Application const& application);
/// Asks the provider for its configuration. Never throws; what the network did is an error of its kind.
[[nodiscard]] net::awaitable<Result<oauth::Provider>> find_provider(Ground ground, model::Application application);

}  // namespace postroom::grants
