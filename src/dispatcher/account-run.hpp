// One account's turn: sign in once, then send what is due, and look for what is in doubt.
#pragma once

#include "dispatcher/dispatcher.hpp"
#include "dispatcher/ruling.hpp"
#include "model/account.hpp"
#include "model/outbound.hpp"
#include "model/sending.hpp"
#include "store/outbound.hpp"

#include <map>
#include <set>
#include <vector>

namespace postroom::dispatcher {

/// How an account's turn ended.
struct Turn {
    bool ok = true;
    std::string trouble;   ///< the account's, in words
    Slow slow = Slow::no;  ///< not ok, and no trouble: the server wants less at once
    /// Where the server is told the mailbox: which ones it did not let in, and why (their mail waits, and nobody
    /// else's), and which it did.
    std::map<model::MailboxId, std::string> shut_out{};
    std::set<model::MailboxId> let_in{};
    bool refused = false;  ///< not ok, by what the server said to a mail: whoever signed in may not send
};

/// A connection to an account's server, kept for a while for what comes next.
class Line;
/// What all sessions write into.
class Daybook;

/// Sends what is due of the account's queue, and returns when nothing is left or the account is in trouble. `stopped`
/// is read between mails. `line` is one that was kept, or nothing; afterwards it is one that can be kept, or nothing.
/// Throws store::Failure.
[[nodiscard]] net::awaitable<Turn> send_due(Ground ground, std::shared_ptr<Daybook> book, model::Account account,
                                            model::AccountSending sending, std::shared_ptr<bool const> stopped,
                                            std::shared_ptr<Line>& line);
/// QUIT.
[[nodiscard]] net::awaitable<void> hang_up(std::shared_ptr<Line> line);

/// One claimed mail over a session that is signed in, from its offer to its end: settled, in doubt, or given up where
/// the claim was lost. Throws net::Broken while nothing was committed: the mail is still claimed, and to be given back.
[[nodiscard]] net::awaitable<Turn> send_one(Ground ground, smtp::Session& session, model::Outbound mail);

/// Looks for the account's mails in doubt in the Sent Items of each mailbox that signed in: what is there was sent;
/// what is not there after the last look waits for a person, or what the doubt-policy says. Throws store::Failure.
[[nodiscard]] net::awaitable<Turn> settle_doubts(Ground ground, model::Account account, std::string sent_folder = {});

/// Puts copies that are due where sent mail is, for a server that keeps none itself; what can't be put there is tried
/// again for a day. Throws store::Failure.
[[nodiscard]] net::awaitable<void> put_copies(Ground ground, model::Account account, std::string sent_folder);

/// A mail's bytes are not in the store: no try will find them.
class DamagedMail : public store::Failure {
public:
    explicit DamagedMail(std::string const& why) : store::Failure(Trouble::store, why) {}
};

/// The bytes as they go out, with the part's Message-ID. Throws DamagedMail where they are not there, store::Failure
/// where it can't be told.
[[nodiscard]] std::string read_chunk(store::Connection& c, model::Outbound const& mail, int number);
[[nodiscard]] net::awaitable<std::string> chunk_of(Ground const& ground, model::Outbound const& mail, int number);

/// When a mail that fell into doubt now is first looked for, and when after `looks` looks; nothing after the last.
[[nodiscard]] std::optional<Duration> next_look_after(std::string_view delays, int looks);

}  // namespace postroom::dispatcher
