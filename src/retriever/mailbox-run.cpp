#include "retriever/mailbox-run.hpp"

#include "base/text.hpp"
#include "retriever/after-actions.hpp"
#include "retriever/fetch-each.hpp"
#include "retriever/verdict.hpp"
#include "store/accounts.hpp"
#include "store/messages.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <random>
#include <span>

namespace postroom::retriever {

namespace {

// IDLE is renewed well within this, and so is the lease.
constexpr Duration lease_length{15 * 60'000};
// A safety net beside IDLE, which dies in silence behind NAT (imapflow #98): then everything is compared. Exchange has
// been seen to show a mail late (imapclient #441).
constexpr Duration idle_length{5 * 60'000};
// A mail that is listed and gives no data is taken for unreadable after so many looks.
constexpr int looks_for_data = 3;
// A few new mails are fetched at once and judged by the date that comes with them; of many the dates are asked first.
constexpr std::size_t fetch_without_asking = 20;
// In one transaction: other mailboxes wait for it.
constexpr std::size_t skipped_at_once = 5'000;

double random_fraction()
{
    static thread_local std::minstd_rand generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

// A refusal in the middle of a session ends it; what to do then is judged by its words.
[[noreturn]] void give_up(imap::Reply const& reply, std::string_view what)
{
    throw net::Broken(Trouble::refused, fmt::format("the server refused {}: {}", what, reply.words()));
}

}  // namespace

struct MailboxRun::Waiter {
    explicit Waiter(boost::asio::any_io_executor loop) : done(std::move(loop)) {}
    boost::asio::steady_timer done;
    std::optional<Look> look;
};

MailboxRun::MailboxRun(Ground const& ground, model::MailboxId id) : ground_(ground), id_(id), timer_(ground.loop) {}

void MailboxRun::stop()
{
    stopped_ = true;
    if (session_ != nullptr) session_->close();
    timer_.cancel();
}

void MailboxRun::nudge()
{
    nudged_ = true;
    if (session_ != nullptr) session_->nudge();
    timer_.cancel();
}

net::awaitable<Look> MailboxRun::next_look(std::string address, Duration limit)
{
    auto waiter = std::make_shared<Waiter>(ground_.loop);
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
    if (stopped_ || nudged_) co_return;
    timer_.expires_after(how_long);
    boost::system::error_code woken;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
}

net::awaitable<void> MailboxRun::show(model::MailboxState state, std::string reason, bool success,
                                      std::optional<Duration> wait)
{
    auto const now = ground_.clock->now();
    store::MailboxStatus status{state, std::move(reason), std::nullopt, success};
    if (wait) status.next_try = now + *wait;
    auto work = [id = id_, status, now](store::Connection& c) { store::set_mailbox_status(c, id, status, now); };
    co_await ground_.store->write(std::move(work));
}

net::awaitable<void> MailboxRun::run()
{
    while (!stopped_) {
        Error error;
        try {
            co_await visit();
            failures_ = 0;
            continue;
        } catch (net::Broken const& broken) {
            error = broken.error();
        } catch (store::Failure const& failure) {
            error = failure.error();
        } catch (std::exception const& unexpected) {
            error = {Trouble::internal, unexpected.what()};
        }
        session_ = nullptr;
        if (stopped_) break;
        looking_.insert(looking_.end(), waiters_.begin(), waiters_.end());
        waiters_.clear();
        nudged_ = false;
        auto const verdict = judge(error, failures_ + 1, random_fraction(), looked_);
        if (verdict.counts) {
            ++failures_;
            spdlog::warn("retriever: {}: {}; trying again in {} s", mailbox_.address, printable(error.message, 2'000),
                         verdict.wait.count() / 1'000);
        }
        answer(false, 0, error.message);
        try {
            co_await show(model::MailboxState::backing_off, error.message, false, verdict.wait);
        } catch (store::Failure const& failure) {
            spdlog::error("retriever: {}: {}", mailbox_.address, failure.what());
        }
        co_await sleep(verdict.wait);
    }
    co_await let_go();
    looking_.insert(looking_.end(), waiters_.begin(), waiters_.end());
    waiters_.clear();
    answer(false, 0, "the retriever was stopped");
}

// The next run, under another owner's name perhaps, need not wait for the lease to end.
net::awaitable<void> MailboxRun::let_go()
{
    if (lease_.name.empty()) co_return;
    try {
        auto drop = [lease = lease_](store::Connection& c) { store::drop_lease(c, lease); };
        co_await ground_.store->write(std::move(drop));
    } catch (store::Failure const& failure) {
        spdlog::warn("retriever: {}: {}", mailbox_.address, failure.what());
    }
}

// From sign-in to the end of the session. Returns where the session ended in good order or there was nothing to do.
net::awaitable<void> MailboxRun::visit()
{
    nudged_ = false;
    looked_ = false;
    looking_.insert(looking_.end(), waiters_.begin(), waiters_.end());
    waiters_.clear();

    auto begin = [this](store::Connection& c) {
        auto const mailbox = store::mailbox(c, id_);
        if (!mailbox) throw store::Failure(Trouble::not_found, "the mailbox was removed");
        auto const account = store::account(c, mailbox->account);
        if (!account) throw store::Failure(Trouble::not_found, "the mailbox's account was removed");
        mailbox_ = *mailbox;
        account_ = *account;
        return store::take_lease(c, "mailbox/" + to_string(id_), ground_.owner, lease_length);
    };
    auto lease = co_await ground_.store->write(std::move(begin));
    if (!lease) {
        answer(false, 0, "another server retrieves this mailbox");
        co_await sleep(Duration(30'000));
        co_return;
    }
    lease_ = std::move(*lease);

    if (account_.state != model::AccountState::ready) {
        std::string const why =
            account_.state == model::AccountState::new_account
                ? fmt::format("account {} has not been authorized yet", account_.name)
                : fmt::format("account {} needs authorization: {}", account_.name, account_.state_reason);
        if (mailbox_.state != model::MailboxState::waiting || mailbox_.state_reason != why)
            co_await show(model::MailboxState::waiting, why, false, std::nullopt);
        answer(false, 0, why);
        co_await sleep(Duration(30'000));
        co_return;
    }

    co_await show(model::MailboxState::connecting, {}, false, std::nullopt);
    auto signed_in = co_await grants::sign_in_imap(ground_.roads, account_, mailbox_.address);
    if (!signed_in) throw net::Broken(signed_in.error());
    if (stopped_) co_return;
    auto const session = std::move(signed_in->session);
    session_ = session.get();
    struct Forget {
        imap::Session*& session;
        ~Forget() { session = nullptr; }
    } const forget{session_};

    auto const selected = co_await session->select(mailbox_.folder);
    if (!selected) give_up(selected.error(), "to open the folder " + mailbox_.folder);
    if (selected->uid_validity != mailbox_.uid_validity) {
        if (mailbox_.uid_validity != 0)
            spdlog::warn("retriever: {}: UIDVALIDITY changed from {} to {}; mail filed before is known by its bytes",
                         mailbox_.address, mailbox_.uid_validity, selected->uid_validity);
        auto note = [id = id_, now = selected->uid_validity](store::Connection& c) {
            store::set_uid_validity(c, id, now);
        };
        co_await ground_.store->write(std::move(note));
    }
    uid_validity_ = selected->uid_validity;

    while (!stopped_) {
        std::uint64_t seen = 0;
        co_await compare(*session, seen);
        looked_ = true;
        failures_ = 0;
        auto const soon = ground_.clock->now() + Duration(60'000);
        if (edited_) break;                        // a new session, with what people changed
        if (signed_in->token_ends <= soon) break;  // a new session with a new token, before the server ends this one
        co_await wait_for_mail(*session, signed_in->token_ends, seen);
    }
    session_ = nullptr;
    co_await session->logout();
}

// One look: what the server lists, less what the ledger knows, is fetched and filed; then what is due is done.
net::awaitable<void> MailboxRun::compare(imap::Session& session, std::uint64_t& seen_changes)
{
    looking_.insert(looking_.end(), waiters_.begin(), waiters_.end());
    waiters_.clear();
    nudged_ = false;
    seen_changes = session.changes();

    std::size_t filed = 0;
    auto unknown = co_await unknown_uids(session);
    if (unknown.size() > fetch_without_asking && mailbox_.baseline > Instant{})
        unknown = co_await skip_old(session, std::move(unknown));
    if (!unknown.empty()) {
        co_await show(model::MailboxState::retrieving, fmt::format("{} new", unknown.size()), false, std::nullopt);
        filed = co_await fetch(session, std::move(unknown));
    }
    if (filed > 0) ground_.filed();
    in_vain_ = filed > 0 ? 0 : in_vain_ + 1;
    co_await after_actions(session);

    auto const now = ground_.clock->now();
    auto renew = [this, now](store::Connection& c) {
        auto const lease = store::take_lease(c, lease_.name, lease_.owner, lease_length);
        if (!lease) throw store::Failure(Trouble::conflict, "another server took this mailbox over");
        auto const mailbox = store::mailbox(c, id_);
        auto const account = store::account(c, account_.id);
        edited_ = !mailbox || mailbox->version != mailbox_.version || !account || account->version != account_.version;
        store::set_mailbox_status(c, id_, {model::MailboxState::idle, {}, std::nullopt, true}, now);
        return *lease;
    };
    lease_ = co_await ground_.store->write(std::move(renew));
    answer(true, filed, {});
}

net::awaitable<std::vector<imap::Uid>> MailboxRun::unknown_uids(imap::Session& session)
{
    imap::SearchFor const everything;
    auto const listed = co_await session.search(everything);
    if (!listed) give_up(listed.error(), "to list the folder");
    auto read = [this](store::Connection& c) { return store::known_uids(c, id_, mailbox_.folder, uid_validity_); };
    auto const known = co_await ground_.store->read(std::move(read));
    std::vector<imap::Uid> unknown;
    std::ranges::set_difference(*listed, known, std::back_inserter(unknown));
    co_return unknown;
}

// Mail from before the baseline goes to the ledger without its bytes. Returns the rest.
net::awaitable<std::vector<imap::Uid>> MailboxRun::skip_old(imap::Session& session, std::vector<imap::Uid> uids)
{
    auto const infos = co_await session.fetch_info(uids);
    if (!infos) give_up(infos.error(), "to tell the dates of mail");
    std::vector<imap::Uid> old;
    for (auto const& info : *infos)
        if (info.internal_date && *info.internal_date < mailbox_.baseline) old.push_back(info.uid);
    std::ranges::sort(old);
    for (std::span left(old); !left.empty(); left = left.subspan(std::min(skipped_at_once, left.size()))) {
        auto const some = left.first(std::min(skipped_at_once, left.size()));
        auto skip = [&, now = ground_.clock->now()](store::Connection& c) {
            store::renew_lease(c, lease_, lease_length);
            for (auto const uid : some) {
                model::LedgerRow row;
                row.place = {id_, mailbox_.folder, uid_validity_, uid};
                row.state = model::LedgerState::skipped;
                store::add_to_ledger(c, row, now);
            }
        };
        co_await ground_.store->write(std::move(skip), some.size() * 64);
    }
    std::vector<imap::Uid> rest;
    std::ranges::set_difference(uids, old, std::back_inserter(rest));
    co_return rest;
}

net::awaitable<std::size_t> MailboxRun::fetch(imap::Session& session, std::vector<imap::Uid> uids)
{
    Filing filing(*ground_.store, *ground_.clock, ground_.loop, {mailbox_, uid_validity_, lease_, lease_length}, {});
    imap::Fetched fetched;
    std::exception_ptr broke;
    try {
        if (one_by_one_)
            fetched = co_await fetch_each(session, std::move(uids), filing);
        else
            fetched = co_await session.fetch(std::move(uids), filing);
    } catch (...) {
        broke = std::current_exception();
    }
    // Also where the connection broke: what has come is filed, and the next look must find it in the ledger.
    co_await filing.settle();
    if (filing.filed() > 0 && (broke || fetched.refusal)) ground_.filed();
    if (broke) std::rethrow_exception(broke);
    one_by_one_ = fetched.refusal.has_value();
    if (fetched.refusal) give_up(*fetched.refusal, "to give mail");

    // The server lists it and gives nothing (MailKit #1615): looked for again some times, since the trouble may pass;
    // then said in the ledger, and never looped over.
    std::vector<imap::Uid> unreadable;
    std::map<imap::Uid, int> still;
    for (auto const uid : fetched.missing) {
        int const looks = gave_nothing_[uid] + 1;
        if (looks < looks_for_data)
            still[uid] = looks;
        else
            unreadable.push_back(uid);
    }
    gave_nothing_ = std::move(still);
    if (!unreadable.empty()) {
        auto note = [&, now = ground_.clock->now()](store::Connection& c) {
            store::check_lease(c, lease_);
            for (auto const uid : unreadable) {
                model::LedgerRow row;
                row.place = {id_, mailbox_.folder, uid_validity_, uid};
                row.state = model::LedgerState::unreadable;
                row.note = "the server lists this mail and gives no data for it";
                store::add_to_ledger(c, row, now);
            }
        };
        co_await ground_.store->write(std::move(note));
        spdlog::warn("retriever: {}: {} mails are listed by the server, which gives no data for them", mailbox_.address,
                     unreadable.size());
    }
    co_return filing.filed();
}

net::awaitable<void> MailboxRun::after_actions(imap::Session& session)
{
    // Bounded: what fails stays due, and would come again at once.
    for (int round = 0; round < 100; ++round) {
        auto read = [this](store::Connection& c) {
            return store::due_after_actions(c, id_, mailbox_.folder, uid_validity_, 500);
        };
        auto const due = co_await ground_.store->read(std::move(read));
        if (due.empty()) co_return;
        auto const done = co_await carry_out(session, due, mailbox_.after_folder);
        auto write = [&, now = ground_.clock->now()](store::Connection& c) {
            store::renew_lease(c, lease_, lease_length);
            for (auto const& action : done) {
                if (action.refusal.empty())
                    store::after_action_done(c, action.place, now);
                else
                    store::after_action_failed(c, action.place, action.refusal, now);
            }
        };
        co_await ground_.store->write(std::move(write), due.size() * 64);
        bool const refused = std::ranges::any_of(done, [](Done const& action) { return !action.refusal.empty(); });
        if (refused) {
            spdlog::warn("retriever: {}: {}", mailbox_.address, done.front().refusal);
            co_return;
        }
    }
}

net::awaitable<void> MailboxRun::wait_for_mail(imap::Session& session, Instant token_ends, std::uint64_t seen_changes)
{
    if (nudged_ || stopped_) co_return;
    if (session.changes() != seen_changes) {
        // A server that repeats EXISTS after every command would keep us looking for ever.
        if (in_vain_ > 3) co_await sleep(Duration(1'000));
        co_return;
    }
    auto const left = std::max(Duration(1'000), token_ends - Duration(60'000) - ground_.clock->now());
    if (!session.has("IDLE")) {
        co_await sleep(std::min(left, mailbox_.poll));
        auto const reply = co_await session.noop();
        if (!reply.ok()) give_up(reply, "NOOP");
        co_return;
    }
    auto const ended = co_await session.idle(std::min(left, idle_length));
    if (!ended) give_up(ended.error(), "IDLE");
}

}  // namespace postroom::retriever
