#include "retriever/mailbox-run.hpp"

#include "base/text.hpp"
#include "retriever/imap-retrieval.hpp"
#include "retriever/pop3-retrieval.hpp"
#include "retriever/verdict.hpp"
#include "store/accounts.hpp"
#include "store/after-actions.hpp"
#include "store/coordination.hpp"
#include "store/figures.hpp"
#include "store/holds.hpp"
#include "store/messages.hpp"
#include "store/unreadable.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <random>
#include <span>
#include <utility>

namespace postroom::retriever {

namespace {

// IDLE is renewed well within this, and so is the lease.
constexpr Duration lease_length{15 * 60'000};
// Well within the lease. What is decided in the console nudges.
constexpr Duration question_pause{5 * 60'000};
// In one transaction: other mailboxes wait for it.
constexpr std::size_t noted_at_once = 5'000;
// An account that can't be used is looked at so often, though whatever changes about it is told.
constexpr Duration account_pause{30'000};
// How often the connections of a mailbox that nothing comes for are told.
constexpr auto connections_told = std::chrono::minutes(10);
// Fewer are filed before anybody could see that they come, and each look would write once more.
constexpr std::size_t shown_from = 3;
// Whose turn comes sooner is not worth a word.
constexpr Duration silent_wait{5'000};
constexpr std::string_view failing_actions = "after-actions";

std::string_view done_to(model::AfterAction action)
{
    using enum model::AfterAction;
    return action == move ? "moved" : action == remove ? "deleted" : "marked as seen";
}

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
    : ground_(std::move(ground)), id_(id), timer_(ground_->loop), turn_(std::move(turns), *this)
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
        waiter->look = Look{mailbox_.address, ok, filed, reason};
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

net::awaitable<void> MailboxRun::show(model::MailboxState state, std::string reason, std::optional<Duration> wait,
                                      model::MailTrouble trouble)
{
    auto const now = ground_->clock->now();
    store::MailboxStatus status{state, std::move(reason), std::nullopt, false, trouble};
    if (wait) status.next_try = now + *wait;
    auto work = [id = id_, status, now](store::Connection& c) { store::set_mailbox_status(c, id, status, now); };
    co_await ground_->store->write(std::move(work));
}

// With what was counted so far, in one transaction.
net::awaitable<void> MailboxRun::show_trouble(Error const& error, std::optional<Duration> wait)
{
    auto const now = ground_->clock->now();
    auto const trouble = trouble_of(error);
    store::MailboxStatus status{model::MailboxState::backing_off, error.message, std::nullopt, false, trouble};
    if (wait) status.next_try = now + *wait;
    auto counted = counted_;
    auto work = [this, status, counted, now](store::Connection& c) mutable {
        store::set_mailbox_status(c, id_, status, now);
        // Before its first lease it is somebody else's to count.
        if (!figures_begun_) return;
        if (status.trouble != model::MailTrouble::none)
            store::note_failure(c, id_, status.trouble, printable(status.reason, 2'000), now);
        store::add_figures(c, id_, counted);
    };
    co_await ground_->store->write(std::move(work));
    if (figures_begun_) counted_ = {};
}

void MailboxRun::count(model::Figures const& figures)
{
    counted_ += figures;
}

// The session's own deadlines see a server that is silent. What they don't see is one that says just enough, and work
// of ours that hangs.
void MailboxRun::watch()
{
    if (resting_ || stalled_ || stirred_ == std::chrono::steady_clock::time_point{}) return;
    auto const still = std::chrono::steady_clock::now() - stirred_;
    if (still < ground_->stall) return;
    stalled_ = true;
    spdlog::error("retriever: {}: nothing was done for {} s: the watchdog ends its connection", mailbox_.address,
                  std::chrono::duration_cast<std::chrono::seconds>(still).count());
    if (retrieval_) retrieval_->close();
    timer_.cancel();
}

net::awaitable<void> MailboxRun::show_retrieving(std::size_t count)
{
    turn_.started();  // this may take hours
    wanted_ = count;
    if (count >= shown_from) co_await show(model::MailboxState::retrieving, fmt::format("{} new", count));
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
            spdlog::warn("retriever: {}: {}; trying again in {} s", mailbox_.address, printable(error.message, 2'000),
                         verdict.wait.count() / 1'000);
        }
        answer(false, 0, error.message);
        try {
            co_await show_trouble(error, verdict.wait);
        } catch (store::Failure const& failure) {
            spdlog::error("retriever: {}: {}", mailbox_.address, failure.what());
        }
        co_await sleep(verdict.wait);
    }
    turn_.leave();
    co_await let_go();
    take_up_waiters();
    answer(false, 0, "the retriever was stopped");
}

// The next run, under another owner's name perhaps, need not wait for the lease to end.
net::awaitable<void> MailboxRun::let_go()
{
    if (lease_.name.empty()) co_return;
    try {
        auto drop = [lease = lease_](store::Connection& c) { store::drop_lease(c, lease); };
        co_await ground_->store->write(std::move(drop));
    } catch (store::Failure const& failure) {
        spdlog::warn("retriever: {}: {}", mailbox_.address, failure.what());
    }
}

// An account whose sign-in a server refused is tried again when its hold says so; nothing is asked of any server
// before.
net::awaitable<bool> MailboxRun::wait_for_account()
{
    if (account_.state == model::AccountState::ready) co_return true;
    struct Standing {
        bool may_be_tried = false;
        std::optional<store::SignInHold> hold;
    };
    auto const name = grants::retrieval_user(account_, mailbox_, account_.user);
    auto read = [this, user = to_lower(name ? *name : account_.user)](store::Connection& c) {
        return Standing{store::may_be_tried(c, account_),
                        store::sign_in_hold(c, account_.id, store::MailServer::retrieval, user)};
    };
    auto const standing = co_await ground_->store->read(std::move(read));
    auto const now = ground_->clock->now();
    bool const held = standing.hold && standing.hold->next_try > now;
    if (standing.may_be_tried && !held) co_return true;
    bool const is_new = account_.state == model::AccountState::new_account;
    std::string const why =
        is_new ? fmt::format("account {} has not been authorized yet", account_.name)
               : fmt::format("account {} needs authorization: {}", account_.name, account_.state_reason);
    auto const trouble = held ? model::MailTrouble::sign_in_refused : model::MailTrouble::needs_authorization;
    auto const wait = held ? std::optional(std::max(Duration(1'000), standing.hold->next_try - now)) : std::nullopt;
    auto const until = wait ? std::optional(now + *wait) : std::nullopt;
    if (mailbox_.state != model::MailboxState::waiting || mailbox_.state_reason != why || mailbox_.next_try != until)
        co_await show(model::MailboxState::waiting, why, wait, trouble);
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

    store::MailboxFooting footing;
    auto begin = [this, &footing](store::Connection& c) {
        auto const mailbox = store::mailbox(c, id_);
        if (!mailbox) throw store::Failure(Trouble::not_found, "the mailbox was removed");
        auto const account = store::account(c, mailbox->account);
        if (!account) throw store::Failure(Trouble::not_found, "the mailbox's account was removed");
        mailbox_ = *mailbox;
        account_ = *account;
        footing = {store::footing(c, *account), mailbox->version, mailbox->unexpected};
        auto taken = store::take_lease(c, "mailbox/" + to_string(id_), ground_->owner, lease_length);
        if (taken && !figures_begun_) store::begin_figures(c, id_, ground_->clock->now());
        return taken;
    };
    auto lease = co_await ground_->store->write(std::move(begin));
    footing_ = footing;
    if (!lease) {
        answer(false, 0, "another server retrieves this mailbox");
        co_await sleep(Duration(30'000));
        co_return;
    }
    lease_ = std::move(*lease);
    figures_begun_ = true;
    stir();

    bool const may = co_await wait_for_account();
    if (!may) co_return;

    // What a provider keeps one account waiting for is not the server's doing, nor the other mailboxes' affair.
    if (account_.access != model::Access::password) {
        auto const token = co_await ground_->roads.tokens->access(account_.id);
        if (!token) throw net::Broken(token.error());
    }
    bool const came = co_await await_turn();
    if (!came) co_return;

    // Over POP3 every look is a visit: one that finds things as they were shows nothing new.
    bool const polls = account_.retrieval == model::Protocol::pop3;
    bool const asks = mailbox_.state == model::MailboxState::stopped;
    if (!asks && (!polls || mailbox_.state != model::MailboxState::idle))
        co_await show(model::MailboxState::connecting, {});
    if (!retrieval_ && polls) retrieval_ = std::make_unique<Pop3Retrieval>(*this);
    if (!retrieval_) retrieval_ = std::make_unique<ImapRetrieval>(*this);
    co_await retrieval_->visit();
}

net::awaitable<bool> MailboxRun::await_turn()
{
    auto const begun = ground_->clock->now();
    auto const server = to_string(account_.retrieval_server);
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
        if (!said.empty()) co_await renew_lease();
        auto why = turn_.why_not();
        if (turn_.came() || why == said) continue;
        said = std::move(why);
        co_await show(model::MailboxState::waiting, said);
        mailbox_.state = model::MailboxState::waiting;
    }
    if (ground_->clock->now() - begun > silent_wait) co_await renew_lease();
    co_return true;
}

Duration MailboxRun::offset() const
{
    return Duration(std::hash<model::MailboxId>{}(id_) % 60'000);
}

FilingPlace MailboxRun::filing_place(std::uint32_t uid_validity)
{
    return {mailbox_, uid_validity, lease_, lease_length, ground_->bodies, wanted_, [this] { stir(); }};
}

net::awaitable<void> MailboxRun::end_look(std::size_t filed, std::string remark)
{
    auto const now = ground_->clock->now();
    if (!looked_) ++counted_.connections;
    // A mailbox that idles, or is polled in vain, costs nothing for its figures.
    auto const counted = counted_;
    model::Figures const only_connections{.connections = counted.connections};
    bool const tell = counted != only_connections || std::chrono::steady_clock::now() - told_ > connections_told;
    auto renew = [this, now, &remark, counted, tell](store::Connection& c) {
        auto const lease = store::take_lease(c, lease_.name, lease_.owner, lease_length);
        if (!lease) throw store::Failure(Trouble::conflict, "another server took this mailbox over");
        auto const mailbox = store::mailbox(c, id_);
        auto const account = store::account(c, account_.id);
        edited_ = !mailbox || mailbox->version != mailbox_.version || !account || account->version != account_.version;
        store::set_mailbox_status(c, id_, {model::MailboxState::idle, remark, std::nullopt, true}, now);
        if (tell) store::add_figures(c, id_, counted);
        return *lease;
    };
    lease_ = co_await ground_->store->write(std::move(renew));
    if (tell) {
        counted_ = {};
        told_ = std::chrono::steady_clock::now();
    }
    stir();
    edited_ = edited_ || std::exchange(leaving_, false);
    turn_.started();
    if (account_.retrieval == model::Protocol::pop3) turn_.leave();  // its session is over
    looked_ = true;
    failures_ = 0;
    answer(true, filed, {});
}

net::awaitable<void> MailboxRun::ask_people(std::string what)
{
    bool const said = mailbox_.state == model::MailboxState::stopped && mailbox_.state_reason == what;
    if (!said) {
        spdlog::warn("retriever: {}: {}", mailbox_.address, printable(what, 2'000));
        co_await show(model::MailboxState::stopped, what);
    }
    answer(false, 0, what);
    turn_.leave();  // its session is over
    co_await sleep(question_pause);
}

net::awaitable<void> MailboxRun::renew_lease()
{
    auto renew = [this](store::Connection& c) { store::renew_lease(c, lease_, lease_length); };
    co_await ground_->store->write(std::move(renew));
}

net::awaitable<void> MailboxRun::note(std::vector<model::LedgerRow> rows)
{
    for (std::span left(rows); !left.empty(); left = left.subspan(std::min(noted_at_once, left.size()))) {
        auto const some = left.first(std::min(noted_at_once, left.size()));
        auto add = [this, some, now = ground_->clock->now()](store::Connection& c) {
            store::renew_lease(c, lease_, lease_length);
            for (auto const& row : some) {
                if (row.state != model::LedgerState::unreadable) {
                    store::add_to_ledger(c, row, now);
                    continue;
                }
                model::UnreadableMail const mail{.id = model::UnreadableMailId::make(*ground_->clock),
                                                 .mailbox = id_,
                                                 .folder = row.place.folder,
                                                 .uid_validity = row.place.uid_validity,
                                                 .uid = row.place.uid,
                                                 .tries = row.tries,
                                                 .reason = row.note,
                                                 .noted = now};
                store::add_unreadable(c, mail, row.unique_id);
            }
        };
        co_await ground_->store->write(std::move(add), some.size() * 64);
        stir();
        for (auto const& row : some) {
            if (row.state == model::LedgerState::skipped) ++counted_.skipped;
            if (row.state == model::LedgerState::unreadable) ++counted_.refused;
        }
    }
}

net::awaitable<void> MailboxRun::keep_withheld(Withheld& withheld, std::string folder, std::uint32_t uid_validity)
{
    auto const changes = withheld.take_changes();
    if (changes.empty()) co_return;
    auto write = [&](store::Connection& c) {
        store::renew_lease(c, lease_, lease_length);
        for (auto const& name : changes.forgotten) store::forget_withheld(c, id_, folder, uid_validity, name);
        for (auto const& mail : changes.kept) store::keep_withheld(c, id_, folder, uid_validity, mail);
    };
    co_await ground_->store->write(std::move(write), (changes.kept.size() + changes.forgotten.size()) * 64);
}

net::awaitable<bool> MailboxRun::note_done(std::vector<Done> done, bool gone_from_server)
{
    auto write = [&, now = ground_->clock->now()](store::Connection& c) {
        store::renew_lease(c, lease_, lease_length);
        for (auto const& action : done) {
            if (action.copied) store::copied_not_deleted(c, action.place);
            if (!action.refusal.empty())
                store::after_action_failed(c, action.place, action.refusal, now);
            else if (gone_from_server)
                store::gone_from_server(c, action.place, now);
            else
                store::after_action_done(c, action.place, now);
        }
    };
    co_await ground_->store->write(std::move(write), done.size() * 64);
    auto const refused = std::ranges::find_if(done, [](Done const& action) { return !action.refusal.empty(); });
    if (refused == done.end()) co_return false;
    spdlog::warn("retriever: {}: {}", mailbox_.address, refused->refusal);
    co_return true;
}

net::awaitable<std::string> MailboxRun::tell_failing(std::string folder, std::uint32_t uid_validity, bool refused,
                                                     bool& due)
{
    auto note = [&, now = ground_->clock->now()](store::Connection& c) {
        auto found = store::failing_after_actions(c, id_, folder, uid_validity);
        if (found.failing == 0) (void)store::end_alarm(c, failing_actions, mailbox_.address, now);
        if (found.failing > 0 && refused)
            (void)store::raise_alarm(
                c, failing_actions, mailbox_.address,
                fmt::format("{} is filling up: of {} mails that were filed and are to be {}, {} can't "
                            "be, time and again, and stay in {}: {}",
                            mailbox_.address, found.due, done_to(mailbox_.after), found.failing, folder, found.words),
                now);
        return found;
    };
    auto const found = co_await ground_->store->write(std::move(note));
    due = found.due > 0;
    if (!due || found.words.empty()) co_return std::string();
    co_return fmt::format("{} mails that were filed are still to be {}: {}", found.due, done_to(mailbox_.after),
                          found.words);
}

}  // namespace postroom::retriever
