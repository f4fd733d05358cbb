// One account's turn: sign in once, then send what is due, and look for what is in doubt.
#pragma once

#include "dispatcher/dispatcher.hpp"
#include "dispatcher/ruling.hpp"
#include "model/account.hpp"
#include "model/outbound.hpp"

#include <map>
#include <set>

namespace postroom::dispatcher {

/// How an account's turn ended.
struct Turn {
    bool ok = true;
    std::string trouble;  ///< the account's, in words
    /// Where the server is told the mailbox: which ones it did not let in, and why (their mail waits, and nobody
    /// else's), and which it did.
    std::map<model::MailboxId, std::string> shut_out{};
    std::set<model::MailboxId> let_in{};
};

/// Sends what is due of the account's queue, and returns when nothing is left or the account is in trouble. `stopped`
/// is read between mails. Throws store::Failure.
[[nodiscard]] net::awaitable<Turn> send_due(Ground ground, model::Account account, std::shared_ptr<bool const> stopped);

/// One claimed mail over a session that is signed in, from its offer to its end: settled, in doubt, or given up where
/// the claim was lost. Throws net::Broken while nothing was committed: the mail is still claimed, and to be given back.
[[nodiscard]] net::awaitable<Turn> send_one(Ground ground, smtp::Session& session, model::Outbound mail);

/// Looks for the account's mails in doubt in the Sent Items of each mailbox that signed in: what is there was sent;
/// what is not there after the last look waits for a person, or what the doubt-policy says. Throws store::Failure.
[[nodiscard]] net::awaitable<Turn> settle_doubts(Ground ground, model::Account account);

/// When a mail that fell into doubt now is first looked for, and when after `looks` looks; nothing after the last.
[[nodiscard]] std::optional<Duration> next_look_after(std::string_view delays, int looks);

}  // namespace postroom::dispatcher
