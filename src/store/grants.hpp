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
    Instant next_try{};
    unsigned refusals = 0;
};
[[nodiscard]] std::vector<GrantEnd> grant_ends(Connection& c);
/// Puts a new grant in place of what the account had.
void accept_grant(Connection& c, model::Grant const& grant);
/// Notes that a renewal is sent to the provider now, unless an earlier one is noted whose answer is not stored either:
/// whoever finds the note later knows that an answer was lost.
void note_asked(Connection& c, model::AccountId account, std::int64_t version, Instant now);
/// Forgets the account's grant, and what its mailboxes were seen to allow by it.
void forget_grant(Connection& c, model::AccountId account);
/// What is remembered of a renewal that did not succeed: refusals, failures, next_try, trouble, and `asked` where an
/// answer was lost. False where the grant is not of this version any more.
[[nodiscard]] bool note_trouble(Connection& c, model::Grant const& grant);
/// Stores what a renewal brought, if the grant's version is still `expected`; false where somebody else was first. The
/// trouble of earlier ones is over.
[[nodiscard]] bool renew_grant(Connection& c, model::Grant const& renewed, std::int64_t expected);

void add_authorization(Connection& c, model::Authorization const& authorization);
[[nodiscard]] std::optional<model::Authorization> authorization(Connection& c, model::AuthorizationId id);
/// Finds the sign-in that `state` belongs to and uses the state up: a second call finds nothing.
[[nodiscard]] std::optional<model::Authorization> take_authorization(Connection& c, std::string_view state);
/// The one that `state` belongs to, used or not.
[[nodiscard]] std::optional<model::Authorization> authorization_of_state(Connection& c, std::string_view state);
/// Keeps others from accepting, settling or beginning anything of the account's until this operation is committed.
/// Throws Failure (Trouble::not_found).
void lock_account(Connection& c, model::AccountId account);
/// Every one of the account's that waits or is tried, latest first.
[[nodiscard]] std::vector<model::Authorization> open_authorizations(Connection& c, model::AccountId account);
/// However they ended, latest first.
[[nodiscard]] std::vector<model::Authorization> latest_authorizations(Connection& c, model::AccountId account,
                                                                      int most);
/// Every one that waits or is tried, of all accounts.
[[nodiscard]] std::vector<model::Authorization> open_authorizations(Connection& c);
/// Tokens came: they are tried from now on. False where it is not waiting any more.
[[nodiscard]] bool try_authorization(Connection& c, model::Authorization const& authorization);
/// Ends it, once: false where it had ended already. Its candidate's tokens are forgotten.
[[nodiscard]] bool settle_authorization(Connection& c, model::AuthorizationId id, model::Authorization::State outcome,
                                        std::string_view reason);
/// A device's provider wants to be asked less often.
void set_polling(Connection& c, model::AuthorizationId id, Duration every);
/// Removes what ended, and whose time was over before then.
void sweep_authorizations(Connection& c, Instant before);

}  // namespace postroom::store
