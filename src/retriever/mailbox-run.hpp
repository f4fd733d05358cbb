// One mailbox: sign in, compare, file, after-actions, wait for more; and again after any trouble.
#pragma once

#include "model/account.hpp"
#include "model/mailbox.hpp"
#include "retriever/filing.hpp"
#include "retriever/retriever.hpp"

#include <boost/asio/steady_timer.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace postroom::retriever {

class MailboxRun {
public:
    MailboxRun(Ground const& ground, model::MailboxId id);

    /// Until stop(). Never throws.
    net::awaitable<void> run();
    void stop();
    /// Look now, whatever it waits for.
    void nudge();
    /// The outcome of the first look that begins after this call.
    net::awaitable<Look> next_look(std::string address, Duration limit);

private:
    struct Waiter;

    net::awaitable<void> visit();
    net::awaitable<void> compare(imap::Session& session, std::uint64_t& seen_changes);
    net::awaitable<std::vector<imap::Uid>> unknown_uids(imap::Session& session);
    net::awaitable<std::vector<imap::Uid>> skip_old(imap::Session& session, std::vector<imap::Uid> uids);
    net::awaitable<std::size_t> fetch(imap::Session& session, std::vector<imap::Uid> uids);
    net::awaitable<void> after_actions(imap::Session& session);
    net::awaitable<void> wait_for_mail(imap::Session& session, Instant token_ends, std::uint64_t seen_changes);
    net::awaitable<void> show(model::MailboxState state, std::string reason, bool success,
                              std::optional<Duration> wait);
    net::awaitable<void> sleep(Duration how_long);
    net::awaitable<void> let_go();
    void answer(bool ok, std::size_t filed, std::string const& reason);

    Ground ground_;
    model::MailboxId id_;
    model::Mailbox mailbox_;
    model::Account account_;
    store::Lease lease_;
    std::uint32_t uid_validity_ = 0;
    imap::Session* session_ = nullptr;  // while there is one to nudge
    boost::asio::steady_timer timer_;
    std::vector<std::shared_ptr<Waiter>> waiters_;  // for the next look
    std::vector<std::shared_ptr<Waiter>> looking_;  // for the one under way
    std::map<imap::Uid, int> gave_nothing_;         // how many looks each was listed in and gave no data
    int in_vain_ = 0;                               // looks in a row that a change called for and that found nothing
    unsigned failures_ = 0;
    bool one_by_one_ = false;  // the server refused to give some mail
    bool edited_ = false;      // what people say about mailbox or account, since the session began
    bool looked_ = false;      // in the session that there is, or was
    bool nudged_ = false;
    bool stopped_ = false;
};

}  // namespace postroom::retriever
