// Messages, the ledger, and the queue between filing and triage.
#pragma once

#include "model/message.hpp"
#include "model/sight.hpp"
#include "store/connection.hpp"

#include <utility>

namespace postroom::store {

/// A mail that its server lists by a unique id, as far as the ledger knows.
struct NamedMail {
    std::string unique_id;
    std::uint32_t uid = 0;

    friend auto operator<=>(NamedMail const&, NamedMail const&) = default;
};
/// In no order.
[[nodiscard]] std::vector<NamedMail> named_mails(Connection& c, model::MailboxId mailbox);
/// The highest UID of the folder in the ledger; 0 where there is none.
[[nodiscard]] std::uint32_t last_uid(Connection& c, model::MailboxId mailbox, std::string_view folder,
                                     std::uint32_t uid_validity);
/// The server lists it no more: nothing is left to be done, and its unique id may be another mail's.
void gone_from_server(Connection& c, model::Place const& place, Instant now);
/// Throws Failure (Trouble::conflict) where the place is in the ledger already.
void add_to_ledger(Connection& c, model::LedgerRow const& row, Instant now);
void after_action_done(Connection& c, model::Place const& place, Instant now);
void after_action_failed(Connection& c, model::Place const& place, std::string_view note, Instant now);
struct LedgerCounts {
    std::int64_t skipped = 0, filed = 0, duplicate = 0, unreadable = 0, due = 0;
    std::int64_t screened = 0;  ///< of the filed ones: those that met a screen, whatever became of them then
};
[[nodiscard]] LedgerCounts ledger_counts(Connection& c, model::MailboxId mailbox);

void add_message(Connection& c, model::Message const& message);
[[nodiscard]] std::optional<model::Message> message(Connection& c, model::MessageId id);
/// The mail of this mailbox with these bytes, filed before: under another UID, before a change of UIDVALIDITY, or by a
/// mailbox of the same department that was removed since, as one that moved was. Likewise the fingerprint.
[[nodiscard]] std::optional<model::MessageId> message_with(Connection& c, model::MailboxId mailbox,
                                                           model::Digest const& digest);
[[nodiscard]] bool fingerprint_known(Connection& c, model::MailboxId mailbox, model::Digest const& fingerprint);

/// The oldest messages that await triage.
[[nodiscard]] std::vector<model::Message> awaiting_triage(Connection& c, int most);
/// Counts one more try, before it begins. False where the message awaits triage no more: another server was faster.
bool begin_triage(Connection& c, model::MessageId id);
void triage_done(Connection& c, model::MessageId id);
/// Sets it aside. False, and nothing is changed, where it awaits triage no more: what another server made a case of
/// must not become an exception.
bool triage_failed(Connection& c, model::MessageId id, std::string_view why);
void triage_again(Connection& c, model::MessageId id);  ///< out of the exception queue, tries from 0
[[nodiscard]] std::vector<model::Message> exceptions(Connection& c, int most, model::Sight const& sight = {},
                                                     std::optional<Moment> const& after = {});  ///< oldest first

}  // namespace postroom::store
