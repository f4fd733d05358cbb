// Identity applications, accounts, mailboxes.
#pragma once

#include "model/account.hpp"
#include "model/application.hpp"
#include "model/grant.hpp"
#include "model/mailbox.hpp"
#include "model/sight.hpp"
#include "store/connection.hpp"

#include <unordered_map>

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
    model::MailTrouble trouble = model::MailTrouble::none;
};
void set_mailbox_status(Connection& c, model::MailboxId id, MailboxStatus const& status, Instant now);
/// What the account's grant was seen to allow.
void set_right(Connection& c, model::MailboxRight const& right);
[[nodiscard]] std::vector<model::MailboxRight> rights_of(Connection& c, model::AccountId account);
/// What the next sign-in rests on: where it differs from what the last one rested on, that may go otherwise.
struct Footing {
    std::int64_t account = 0;  ///< version
    model::AccountState state = model::AccountState::new_account;
    std::optional<Instant> accepted;  ///< its grant

    friend bool operator==(Footing const&, Footing const&) = default;
};
struct MailboxFooting {
    Footing account;
    std::int64_t mailbox = 0;  ///< version
    model::Unexpected unexpected = model::Unexpected::ask;

    friend bool operator==(MailboxFooting const&, MailboxFooting const&) = default;
};
[[nodiscard]] Footing footing(Connection& c, model::Account const& account);
/// Of every mailbox.
[[nodiscard]] std::unordered_map<model::MailboxId, MailboxFooting> footings(Connection& c);
/// The folder as it is from now on: what was decided about its mail is over.
void set_uid_validity(Connection& c, model::MailboxId id, std::uint32_t uid_validity);
/// Where the mailbox was retrieved, as host:port, until its account was given another server; empty once the folder was
/// compared there, or where it never was anywhere. Another host is another server, and so is another port, but for
/// the usual ones of a protocol.
[[nodiscard]] std::string left_server(Connection& c, model::MailboxId id);
/// What becomes of the mail for which the mailbox was stopped, which waits no more: it is filed, where it is to be
/// skipped from a baseline of `now` on, whenever the folder is opened next. False where it is not stopped.
[[nodiscard]] bool decide_unexpected(Connection& c, model::MailboxId id, model::Unexpected decision, Instant now);

}  // namespace postroom::store
