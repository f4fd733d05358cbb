// What mail servers refuse is the account's trouble, and everybody's who works for it: said once, in the store.
#pragma once

#include "grants/sign-in.hpp"
#include "store/holds.hpp"

namespace postroom::grants {

/// A user name at a server of an account.
struct Login {
    model::Account account;
    store::MailServer server = store::MailServer::retrieval;
    std::string user_name;
    std::optional<model::MailboxId> mailbox{};  ///< that is opened
};

/// Whether a password may be shown now. Where it was refused: hourly six times, then daily, and by one worker at a
/// time. Errors: Trouble::refused with the refusal's own words and the next try; what the store failed with.
[[nodiscard]] net::awaitable<Result<void>> may_show_password(Roads roads, Login login);

/// A server refused the password, or a token that was fresh: the account needs authorization, and an alarm tells. With
/// a token that opens another mailbox of the account, it is the mailbox's trouble alone. Never throws.
net::awaitable<void> note_refused(Roads roads, Login login, std::string words);
/// It was let in. What was noted before is over. Never throws.
net::awaitable<void> note_let_in(Roads roads, Login login);

}  // namespace postroom::grants
