// How mailboxes acknowledge new cases, and whom they acknowledged lately.
#pragma once

#include "model/case.hpp"
#include "store/connection.hpp"

namespace postroom::store {

/// As it was set; switched off, with version 0, where it never was.
[[nodiscard]] model::Acknowledgement acknowledgement(Connection& c, model::MailboxId mailbox);
/// Of the mailboxes that have it switched on.
[[nodiscard]] std::vector<model::Acknowledgement> active_acknowledgements(Connection& c);
/// Counts its version.
void set_acknowledgement(Connection& c, model::Acknowledgement const& acknowledgement);
void forget_acknowledgement(Connection& c, model::MailboxId mailbox);

/// How often this address was acknowledged since, by whatever mailbox.
[[nodiscard]] std::int64_t acknowledged_since(Connection& c, std::string_view address, Instant since);
/// Notes it, and forgets those before `before`.
void note_acknowledged(Connection& c, std::string_view address, std::int64_t number, Instant now, Instant before);

}  // namespace postroom::store
