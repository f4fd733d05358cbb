// Identity applications, accounts, mailboxes.
#pragma once

#include "model/account.hpp"
#include "model/application.hpp"
#include "model/mailbox.hpp"
#include "model/sight.hpp"
#include "store/connection.hpp"

namespace postroom::store {

void add_application(Connection& c, model::Application const& application);
[[nodiscard]] std::vector<model::Application> applications(Connection& c);
[[nodiscard]] std::optional<model::Application> application(Connection& c, model::ApplicationId id);
[[nodiscard]] std::optional<model::Application> application_named(Connection& c, std::string_view name);
/// Throws Failure (Trouble::conflict) while an account uses it, naming the accounts.
void remove_application(Connection& c, model::ApplicationId id);

void add_account(Connection& c, model::Account const& account);
[[nodiscard]] std::vector<model::Account> accounts(Connection& c, model::Sight const& sight = {});
[[nodiscard]] std::optional<model::Account> account(Connection& c, model::AccountId id);
[[nodiscard]] std::optional<model::Account> account_named(Connection& c, std::string_view name);
void set_account_state(Connection& c, model::AccountId id, model::AccountState state, std::string_view reason,
                       Instant now);
void set_account_transcript(Connection& c, model::AccountId id, bool on);
/// Name and servers, as given.
void change_account(Connection& c, model::Account const& account);
/// Its mailboxes, grant and ledgers go with it; cases and messages stay. Throws Failure (Trouble::conflict) while mail
/// waits to be sent.
void remove_account(Connection& c, model::AccountId id);

void add_mailbox(Connection& c, model::Mailbox const& mailbox);
[[nodiscard]] std::vector<model::Mailbox> mailboxes(Connection& c, model::Sight const& sight = {});
[[nodiscard]] std::vector<model::Mailbox> mailboxes_of(Connection& c, model::AccountId account);
[[nodiscard]] std::optional<model::Mailbox> mailbox(Connection& c, model::MailboxId id);
[[nodiscard]] std::optional<model::Mailbox> mailbox_at(Connection& c, std::string_view address);  ///< ignoring case
/// Whose the mailbox is, or was: one that was removed as well. Throws Failure (Trouble::not_found).
[[nodiscard]] model::DepartmentId department_of(Connection& c, model::MailboxId id);
/// Display name, folder, after-action and poll, as given.
void change_mailbox(Connection& c, model::Mailbox const& mailbox);
/// Its ledger goes with it; cases and messages stay. Throws Failure (Trouble::conflict) while mail waits to be sent.
void remove_mailbox(Connection& c, model::MailboxId id);
struct MailboxStatus {
    model::MailboxState state;
    std::string reason;
    std::optional<Instant> next_try;
    bool success = false;  ///< sets last_success to `now` as well
};
void set_mailbox_status(Connection& c, model::MailboxId id, MailboxStatus const& status, Instant now);
void set_uid_validity(Connection& c, model::MailboxId id, std::uint32_t uid_validity);

}  // namespace postroom::store
