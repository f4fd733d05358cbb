// Grants, and the sign-ins under way that lead to them.
#pragma once

#include "model/account.hpp"
#include "model/grant.hpp"
#include "store/connection.hpp"

namespace postroom::store {

[[nodiscard]] std::optional<model::Grant> grant(Connection& c, model::AccountId account);
/// What the refresher plans by, without the tokens; the earliest end first.
struct GrantEnd {
    model::AccountId account;
    model::AccountState state;
    Instant access_token_ends{};
    Duration access_token_life{};
    std::int64_t version = 0;
};
[[nodiscard]] std::vector<GrantEnd> grant_ends(Connection& c);
/// Puts a new grant in place of what the account had.
void accept_grant(Connection& c, model::Grant const& grant);
/// Stores what a renewal brought, if the grant's version is still `expected`; false where somebody else was first.
[[nodiscard]] bool renew_grant(Connection& c, model::Grant const& renewed, std::int64_t expected);

void add_authorization(Connection& c, model::Authorization const& authorization);
[[nodiscard]] std::optional<model::Authorization> authorization(Connection& c, model::AuthorizationId id);
/// Finds the sign-in that `state` belongs to and uses the state up: a second call finds nothing.
[[nodiscard]] std::optional<model::Authorization> take_authorization(Connection& c, std::string_view state);
void settle_authorization(Connection& c, model::AuthorizationId id, model::Authorization::State outcome,
                          std::string_view reason);

}  // namespace postroom::store
