// What becomes of a mail once it is accepted: inboxes, Sent Items, and the world outside.
#pragma once

#include "lab/state.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace postroom::lab {

/// A mail that comes from outside, into that folder of each of `recipients`, which are addresses of mailboxes. The
/// bytes stay as they are. The UID in the last of them. Errors: Trouble::not_found for an address without a mailbox, or
/// one that has no such folder, Trouble::limit.
[[nodiscard]] Result<std::uint32_t> deliver_from_outside(State& state, std::vector<std::string> const& recipients,
                                                         std::string raw, std::string_view folder = "INBOX");

/// The lines that a mail server puts before a mail that it takes over SMTP.
[[nodiscard]] std::string trace_header(State const& state, std::string_view sender, std::string_view peer,
                                       std::string_view hello);

/// A mail that one of the lab's mailboxes submitted: a copy into its Sent Items, and to each recipient, in the lab or
/// outside. `message_id` is what the final reply shows. Errors: Trouble::limit; nothing is delivered then.
[[nodiscard]] Result<void> deliver_submission(State& state, Mailbox& submitter, std::string const& sender,
                                              std::vector<std::string> const& recipients, std::string raw,
                                              std::string const& trace, std::string const& message_id);

/// RFC 5322: "Sun, 22 Nov 2026 09:30:00 +0000"
[[nodiscard]] std::string mail_date(Instant at);

}  // namespace postroom::lab
