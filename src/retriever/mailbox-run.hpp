// One mailbox: visit after visit, and again after any trouble. When it looks, and who waits for that, is here; what is
// said to its server is the Retrieval's, and what is written of it the Custody's.
#pragma once

#include "retriever/custody.hpp"
#include "retriever/filing.hpp"
#include "retriever/retrieval.hpp"
#include "retriever/retriever.hpp"
#include "retriever/turns.hpp"
#include "store/accounts.hpp"
#include "store/mailboxes.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace postroom::retriever {

class MailboxRun final : private Turns::Guest {
public:
    MailboxRun(std::shared_ptr<Ground const> ground, std::shared_ptr<Turns> turns, model::MailboxId id);
    ~MailboxRun();

    /// Until stop(). Never throws.
    net::awaitable<void> run();
    void stop();
    /// Look now, whatever it waits for.
    void nudge();
    /// The same, where that is not what it last signed in by, or tried to.
    void follow(store::MailboxFooting footing);
    /// The outcome of the first look that begins after this call.
    net::awaitable<Look> next_look(std::string address, Duration limit);

    // For the Retrieval, during a visit:

    [[nodiscard]] Ground const& ground() const { return *ground_; }
    /// What is written of the mailbox.
    [[nodiscard]] Custody& custody() { return custody_; }
    [[nodiscard]] model::Mailbox const& mailbox() const { return custody_.mailbox(); }
    [[nodiscard]] model::Account const& account() const { return custody_.account(); }
    [[nodiscard]] bool stopped() const { return stopped_; }
    [[nodiscard]] bool nudged() const { return nudged_; }
    /// Somebody waits for what the look under way brings.
    [[nodiscard]] bool asked() const { return !looking_.empty(); }
    /// The session is to end after this look: people changed mailbox or account, or others wait for the connection.
    [[nodiscard]] bool edited() const { return edited_; }
    /// A part of a minute, this mailbox's own: what all do every few minutes is not to be done by all at once.
    [[nodiscard]] Duration offset() const;
    [[nodiscard]] FilingPlace filing_place(std::uint32_t uid_validity);
    /// Whoever has asked for a look gets the outcome of this one.
    void begin_look();
    net::awaitable<void> show_retrieving(std::size_t count);
    /// Everything was filed, and what was due was done or refused. `remark`: what people should know all the same.
    net::awaitable<void> end_look(std::size_t filed, std::string remark = {});
    /// Nothing goes on before a person has decided something: says so, and returns when it is worth looking again.
    net::awaitable<void> ask_people(std::string what);
    net::awaitable<void> sleep(Duration how_long);
    /// A step was done. Where nothing is for longer than `stall` the watchdog ends the session.
    void stir() { stirred_ = std::chrono::steady_clock::now(); }
    /// Ends a session that makes no progress. For whoever watches over all mailboxes, every few seconds.
    void watch();

private:
    struct Waiter;
    class Resting;

    void turn_came() override { timer_.cancel(); }
    void asked_to_leave() override;

    net::awaitable<void> visit();
    /// False where there is something to find out anew first, or it is stopped.
    net::awaitable<bool> await_turn();
    /// Where the account can't be used now: why, and what is to be shown.
    net::awaitable<bool> wait_for_account();

    void take_up_waiters();
    void answer(bool ok, std::size_t filed, std::string const& reason);

    std::shared_ptr<Ground const> ground_;
    model::MailboxId id_;
    Custody custody_;
    std::size_t wanted_ = 0;  // by the look under way
    std::chrono::steady_clock::time_point stirred_{};
    boost::asio::steady_timer timer_;
    Turns::Turn turn_;
    std::unique_ptr<Retrieval> retrieval_;          // from the first visit on
    std::vector<std::shared_ptr<Waiter>> waiters_;  // for the next look
    std::vector<std::shared_ptr<Waiter>> looking_;  // for the one under way
    std::optional<store::MailboxFooting> footing_;  // as the last visit found it, or was told since
    unsigned failures_ = 0;
    bool resting_ = false;  // nothing is expected of its server
    bool stalled_ = false;  // the watchdog ended the session
    bool edited_ = false;
    bool looked_ = false;  // in the session that there is, or was
    bool nudged_ = false;
    bool changed_ = false;  // what it rests on, since the visit began
    bool leaving_ = false;  // others wait
    bool stopped_ = false;
};

/// Counts what a fetch came to, however it ends.
class Counting {
public:
    Counting(MailboxRun& run, Filing const& filing) : run_(run), filing_(filing) {}
    ~Counting() { run_.custody().count(filing_.counted()); }
    Counting(Counting const&) = delete;
    Counting& operator=(Counting const&) = delete;

private:
    MailboxRun& run_;
    Filing const& filing_;
};

}  // namespace postroom::retriever
