// The acknowledgement that a mailbox sends by itself where a mail opens a case: switched off by default, and never sent
// to what may be a machine (RFC 3834). It is queued in the transaction that opens the case, and so once.
#pragma once

#include "desk/desk.hpp"
#include "model/mailbox.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::desk {

/// A mail, and what became of it.
struct Arrived {
    Filed const& filed;
    model::Message const& message;
    mime::Mail const& mail;
    Shown shown = Shown::whole;
};

/// Why it is not answered by a machine, in words; nothing where it may be. Looks at the mail, at whom it is from, and
/// at how often they were acknowledged.
[[nodiscard]] std::optional<std::string_view> why_not_acknowledged(store::Connection& c, Terms const& terms,
                                                                   model::Acknowledgement const& how,
                                                                   Arrived const& arrived, Instant now);

/// Queues the acknowledgement where the mailbox has it switched on and nothing speaks against it; whether it did. Where
/// two machines seem to answer each other it raises the alarm `mail-loop` for the mailbox instead.
bool acknowledge(store::Connection& c, Terms const& terms, model::Mailbox const& mailbox, Arrived const& arrived,
                 Instant now);

/// The mailboxes whose alarm of a loop is raised, and which have been quiet for a period.
[[nodiscard]] std::vector<std::string> quiet_loops(store::Connection& c, Instant now);

inline constexpr std::string_view loop_alarm = "mail-loop";

/// What is sent where the mailbox has no words of its own.
[[nodiscard]] std::string_view default_acknowledgement();
/// Trouble::invalid where subject or text can't be filled in: an unknown field, a brace too many.
[[nodiscard]] Result<void> check_acknowledgement(model::Acknowledgement const& acknowledgement);

}  // namespace postroom::desk
