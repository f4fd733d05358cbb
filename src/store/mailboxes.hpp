// Mailboxes: what they are, how they stand, and what their accounts may do with them.
#pragma once

#include "model/grant.hpp"
#include "model/mailbox.hpp"
#include "model/sight.hpp"
#include "store/accounts.hpp"
#include "store/connection.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace postroom::store {

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
struct MailboxFooting {
    Footing account;
    std::int64_t mailbox = 0;  ///< version
    model::Unexpected unexpected = model::Unexpected::ask;

    friend bool operator==(MailboxFooting const&, MailboxFooting const&) = default;
};
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
