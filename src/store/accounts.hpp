// Mail accounts.
#pragma once

#include "model/account.hpp"
#include "model/sight.hpp"
#include "store/connection.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace postroom::store {

void add_account(Connection& c, model::Account const& account);
[[nodiscard]] std::vector<model::Account> accounts(Connection& c, model::Sight const& sight = {});
[[nodiscard]] std::optional<model::Account> account(Connection& c, model::AccountId id);
[[nodiscard]] std::optional<model::Account> account_named(Connection& c, std::string_view name);
void set_account_state(Connection& c, model::AccountId id, model::AccountState state, std::string_view reason,
                       Instant now);
void set_account_transcript(Connection& c, model::AccountId id, bool on);
/// Name, servers and whom they are told that we are, as given. At another host no mail is known by its number or unique
/// id any more, only by its bytes.
void change_account(Connection& c, model::Account const& account);
/// Of one that has a password: another one. It is ready with it, and no sign-in is held any more.
void set_account_password(Connection& c, model::AccountId id, model::Sealed const& password, Instant now);
/// Access, application, user, password and servers, as given: the account keeps its mailboxes and their ledgers, and
/// loses its grant. Its state is new, or ready where it has a password.
void convert_account(Connection& c, model::Account const& account, Instant now);
/// Its mailboxes, grant and ledgers go with it; cases and messages stay. Throws Failure (Trouble::conflict) while mail
/// waits to be sent.
void remove_account(Connection& c, model::AccountId id);

/// What the next sign-in rests on: where it differs from what the last one rested on, that may go otherwise.
struct Footing {
    std::int64_t account = 0;  ///< version
    model::AccountState state = model::AccountState::new_account;
    std::optional<Instant> accepted;  ///< its grant

    friend bool operator==(Footing const&, Footing const&) = default;
};
[[nodiscard]] Footing footing(Connection& c, model::Account const& account);

}  // namespace postroom::store
