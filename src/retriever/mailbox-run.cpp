#include "retriever/mailbox-run.hpp"

#include "base/text.hpp"
#include "retriever/imap-retrieval.hpp"
#include "retriever/pop3-retrieval.hpp"
#include "retriever/verdict.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/holds.hpp"
#include "store/mailboxes.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <random>
#include <utility>

namespace postroom::retriever {

namespace {

// Well within the lease. What is decided in the console nudges.
constexpr Duration question_pause{5 * 60'000};
// An account that can't be used is looked at so often, though whatever changes about it is told.
constexpr Duration account_pause{30'000};
// Fewer are filed before anybody could see that they come, and each look would write once more.
constexpr std::size_t shown_from = 3;
// Whose turn comes sooner is not worth a word.
constexpr Duration silent_wait{5'000};

// A refusal is an answer, and trouble with the store is none of the server's.
bool of_the_server(Error const& error)
{
    switch (error.kind) {
        case Trouble::unreachable:
        case Trouble::timed_out:
        case Trouble::closed:
        case Trouble::tls:
        case Trouble::protocol: return true;
        default: return false;
    }
}

double random_fraction()
{
    static thread_local std::minstd_rand generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

}  // namespace

struct MailboxRun::Waiter {
    explicit Waiter(boost::asio::any_io_executor const& loop) : done(loop) {}
    boost::asio::steady_timer done;
    std::optional<Look> look;
};

// While this lives, nothing is expected of the mailbox's server.
class MailboxRun::Resting {
public:
    explicit Resting(MailboxRun& run) : run_(run) { run_.resting_ = true; }
    ~Resting()
    {
        run_.resting_ = false;
        run_.stir();
    }
    Resting(Resting const&) = delete;
    Resting& operator=(Resting const&) = delete;

private:
    MailboxRun& run_;
};

MailboxRun::MailboxRun(std::shared_ptr<Ground const> ground, std::shared_ptr<Turns> turns, model::MailboxId id)
    : ground_(std::move(ground)),
      id_(id),
      custody_(ground_, id, [this] { stir(); }),
      timer_(ground_->loop),
      turn_(std::move(turns), *this)
{
}
MailboxRun::~MailboxRun() = default;

void MailboxRun::stop()
{
    stopped_ = true;
    if (retrieval_) retrieval_->close();
    timer_.cancel();
}

void MailboxRun::nudge()
{
    nudged_ = true;
    if (retrieval_) retrieval_->nudge();
    timer_.cancel();
}

// Somebody else's account is no reason to sign in again: a server locks out who comes too often with a wrong password.
void MailboxRun::follow(store::MailboxFooting footing)
{
    auto const known = std::exchange(footing_, footing);
    if (!known || *known == footing) return;
    changed_ = true;
    nudge();
}

void MailboxRun::asked_to_leave()
{
    leaving_ = true;
    if (retrieval_) retrieval_->nudge();
    timer_.cancel();
}

net::awaitable<Look> MailboxRun::next_look(std::string address, Duration limit)
{
    auto waiter = std::make_shared<Waiter>(ground_->loop);
    waiter->done.expires_after(limit);
    waiters_.push_back(waiter);
    nudge();
    boost::system::error_code ended;
    co_await waiter->done.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ended));
    std::erase(waiters_, waiter);
    std::erase(looking_, waiter);
    if (waiter->look) co_return *waiter->look;
    co_return Look{std::move(address), false, 0, stopped_ ? "the retriever was stopped" : "it took too long"};
}

void MailboxRun::begin_look()
{
    stir();
    take_up_waiters();
    nudged_ = false;
    changed_ = false;
}

void MailboxRun::take_up_waiters()
{
    looking_.insert(looking_.end(), waiters_.begin(), waiters_.end());
    waiters_.clear();
}

void MailboxRun::answer(bool ok, std::size_t filed, std::string const& reason)
{
    auto waiting = std::move(looking_);
    looking_.clear();
    for (auto const& waiter : waiting) {
        waiter->look = Look{mailbox().address, ok, filed, reason};
        waiter->done.cancel();
    }
}

net::awaitable<void> MailboxRun::sleep(Duration how_long)
{
    if (stopped_ || nudged_ || changed_) co_return;
    timer_.expires_after(how_long);
    boost::system::error_code woken;
    Resting const resting(*this);
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
}

// The session's own deadlines see a server that is silent. What they don't see is one that says just enough, and work
// of ours that hangs.
void MailboxRun::watch()
{
    if (resting_ || stalled_ || stirred_ == std::chrono::steady_clock::time_point{}) return;
    auto const still = std::chrono::steady_clock::now() - stirred_;
    if (still < ground_->stall) return;
    stalled_ = true;
    spdlog::error("retriever: {}: nothing was done for {} s: the watchdog ends its connection", mailbox().address,
                  std::chrono::duration_cast<std::chrono::seconds>(still).count());
    if (retrieval_) retrieval_->close();
    timer_.cancel();
}

net::awaitable<void> MailboxRun::show_retrieving(std::size_t count)
{
    turn_.started();  // this may take hours
    wanted_ = count;
    if (count >= shown_from) co_await custody_.show(model::MailboxState::retrieving, fmt::format("{} new", count));
}

net::awaitable<void> MailboxRun::run()
{
    while (!stopped_) {
        Error error;
        try {
            co_await visit();
            turn_.leave();
            failures_ = 0;
            continue;
        } catch (net::Broken const& broken) {
            error = broken.error();
        } catch (store::Failure const& failure) {
            error = failure.error();
        } catch (std::exception const& unexpected) {
            error = {Trouble::internal, unexpected.what()};
        }
        if (of_the_server(error))
            turn_.fail(error.message);
        else
            turn_.leave();
        if (stopped_) break;
        take_up_waiters();
        nudged_ = false;  // whoever asked is answered
        if (std::exchange(stalled_, false))
            error = {Trouble::timed_out, fmt::format("the connection {} for {} s, and the watchdog ended it: {}",
                                                     watchdog_words, ground_->stall.count() / 1'000, error.message)};
        auto const verdict = judge(error, failures_ + 1, random_fraction(), looked_);
        if (verdict.counts) {
            ++failures_;
            spdlog::warn("retriever: {}: {}; trying again in {} s", mailbox().address, printable(error.message, 2'000),
                         verdict.wait.count() / 1'000);
        }
        answer(false, 0, error.message);
        try {
            co_await custody_.show_trouble(error, verdict.wait);
        } catch (store::Failure const& failure) {
            spdlog::error("retriever: {}: {}", mailbox().address, failure.what());
        }
        co_await sleep(verdict.wait);
    }
    turn_.leave();
    co_await custody_.let_go();
    take_up_waiters();
    answer(false, 0, "the retriever was stopped");
}

// An account whose sign-in a server refused is tried again when its hold says so; nothing is asked of any server
// before.
net::awaitable<bool> MailboxRun::wait_for_account()
{
    if (account().state == model::AccountState::ready) co_return true;
    struct Standing {
        bool may_be_tried = false;
        std::optional<store::SignInHold> hold;
    };
    auto const name = grants::retrieval_user(account(), mailbox(), account().user);
    auto read = [this, user = to_lower(name ? *name : account().user)](store::Connection& c) {
        return Standing{store::may_be_tried(c, account()),
                        store::sign_in_hold(c, account().id, store::MailServer::retrieval, user)};
    };
    auto const standing = co_await ground_->store->read(std::move(read));
    auto const now = ground_->clock->now();
    bool const held = standing.hold && standing.hold->next_try > now;
    if (standing.may_be_tried && !held) co_return true;
    bool const is_new = account().state == model::AccountState::new_account;
    std::string const why =
        is_new ? fmt::format("account {} has not been authorized yet", account().name)
               : fmt::format("account {} needs authorization: {}", account().name, account().state_reason);
    auto const trouble = held ? model::MailTrouble::sign_in_refused : model::MailTrouble::needs_authorization;
    auto const wait = held ? std::optional(std::max(Duration(1'000), standing.hold->next_try - now)) : std::nullopt;
    auto const until = wait ? std::optional(now + *wait) : std::nullopt;
    if (mailbox().state != model::MailboxState::waiting || mailbox().state_reason != why || mailbox().next_try != until)
        co_await custody_.show(model::MailboxState::waiting, why, wait, trouble);
    answer(false, 0, why);
    co_await sleep(std::min(wait.value_or(account_pause), account_pause));
    co_return false;
}

// Returns where it ended in good order, or there was nothing to do.
net::awaitable<void> MailboxRun::visit()
{
    begin_look();
    looked_ = false;
    stalled_ = false;
    leaving_ = false;

    bool const taken = co_await custody_.take();
    footing_ = custody_.footing();
    if (!taken) {
        answer(false, 0, "another server retrieves this mailbox");
        co_await sleep(Duration(30'000));
        co_return;
    }
    stir();

    bool const may = co_await wait_for_account();
    if (!may) co_return;

    // What a provider keeps one account waiting for is not the server's doing, nor the other mailboxes' affair.
    if (account().access != model::Access::password) {
        auto const token = co_await ground_->roads.tokens->access(account().id);
        if (!token) throw net::Broken(token.error());
    }
    bool const came = co_await await_turn();
    if (!came) co_return;

    // Over POP3 every look is a visit: one that finds things as they were shows nothing new.
    bool const polls = account().retrieval == model::Protocol::pop3;
    bool const asks = mailbox().state == model::MailboxState::stopped;
    if (!asks && (!polls || mailbox().state != model::MailboxState::idle))
        co_await custody_.show(model::MailboxState::connecting, {});
    if (!retrieval_ && polls) retrieval_ = std::make_unique<Pop3Retrieval>(*this);
    if (!retrieval_) retrieval_ = std::make_unique<ImapRetrieval>(*this);
    co_await retrieval_->visit();
}

net::awaitable<bool> MailboxRun::await_turn()
{
    auto const begun = ground_->clock->now();
    auto const server = to_string(account().retrieval_server);
    std::string said;
    turn_.queue(server, !looking_.empty());
    while (!turn_.came()) {
        if (stopped_ || changed_) co_return false;
        if (!waiters_.empty()) {
            begin_look();
            turn_.queue(server, true);
            continue;
        }
        timer_.expires_after(said.empty() ? silent_wait : question_pause);
        boost::system::error_code woken;
        {
            Resting const resting(*this);
            co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
        }
        if (woken || turn_.came()) continue;
        if (!said.empty()) co_await custody_.renew();
        auto why = turn_.why_not();
        if (turn_.came() || why == said) continue;
        said = std::move(why);
        co_await custody_.show(model::MailboxState::waiting, said);
    }
    if (ground_->clock->now() - begun > silent_wait) co_await custody_.renew();
    co_return true;
}

Duration MailboxRun::offset() const
{
    return Duration(std::hash<model::MailboxId>{}(id_) % 60'000);
}

FilingPlace MailboxRun::filing_place(std::uint32_t uid_validity)
{
    return {mailbox(),       uid_validity, custody_.lease(),  Custody::lease_length,
            ground_->bodies, wanted_,      [this] { stir(); }};
}

net::awaitable<void> MailboxRun::end_look(std::size_t filed, std::string remark)
{
    if (!looked_) custody_.count({.connections = 1});
    edited_ = co_await custody_.show_idle(remark);
    stir();
    edited_ = edited_ || std::exchange(leaving_, false);
    turn_.started();
    if (account().retrieval == model::Protocol::pop3) turn_.leave();  // its session is over
    looked_ = true;
    failures_ = 0;
    answer(true, filed, remark);
}

net::awaitable<void> MailboxRun::ask_people(std::string what)
{
    bool const said = mailbox().state == model::MailboxState::stopped && mailbox().state_reason == what;
    if (!said) {
        spdlog::warn("retriever: {}: {}", mailbox().address, printable(what, 2'000));
        co_await custody_.show(model::MailboxState::stopped, what);
    }
    answer(false, 0, what);
    turn_.leave();  // its session is over
    co_await sleep(question_pause);
}

}  // namespace postroom::retriever
