// Identity applications and their credentials.
#pragma once

#include "model/application.hpp"
#include "store/connection.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::store {

void add_application(Connection& c, model::Application const& application);
[[nodiscard]] std::vector<model::Application> applications(Connection& c);
[[nodiscard]] std::optional<model::Application> application(Connection& c, model::ApplicationId id);
[[nodiscard]] std::optional<model::Application> application_named(Connection& c, std::string_view name);
/// Name, tenant, authority, client id and scopes, as given.
void change_application(Connection& c, model::Application const& application);
/// Throws Failure (Trouble::conflict) while an account uses it, naming the accounts.
void remove_application(Connection& c, model::ApplicationId id);

/// Throws Failure (Trouble::conflict) where the application has two already.
void add_credential(Connection& c, model::Credential const& credential);
/// Newest first: the order in which they are tried.
[[nodiscard]] std::vector<model::Credential> credentials_of(Connection& c, model::ApplicationId application);
[[nodiscard]] std::optional<model::Credential> credential(Connection& c, model::CredentialId id);
/// What the provider said of it at `now`: nothing where it took it.
void judge_credential(Connection& c, model::CredentialId id, std::optional<std::string> const& refusal, Instant now);
void remove_credential(Connection& c, model::CredentialId id);

}  // namespace postroom::store
