#include "dispatcher/dispatcher.hpp"

#include "base/backoff.hpp"
#include "base/text.hpp"
#include "dispatcher/account-run.hpp"
#include "dispatcher/commitments.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/holds.hpp"
#include "store/outbound.hpp"
#include "store/sending.hpp"
#include "store/sent-copies.hpp"
#include "store/settings.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace postroom::dispatcher {

namespace {

constexpr Duration longest_sleep{10'000};
constexpr std::string_view alarm_cause = "dispatch-refused";
// One more connection for so many mails that are due, up to what the account allows.
constexpr std::int64_t mails_a_connection = 10;
constexpr Duration slot_length{5 * 60'000};
// A connection is kept for so long for what comes next. Exchange Online ends a session after some 20 minutes.
constexpr Duration kept_for{20'000};
constexpr Duration kept_in_all{5 * 60'000};

}  // namespace

class Dispatcher::Impl : public std::enable_shared_from_this<Impl> {
public:
    explicit Impl(Ground ground) : ground_(std::move(ground)), timer_(ground_.loop), name_(ground_.owner)
    {
        // Two servers may have one name, where a machine was cloned: what is held now must be this one's.
        ground_.owner += '#' + to_hex(random_bytes(8));
        book_ = std::make_shared<Daybook>(ground_);
    }

    net::awaitable<void> run()
    {
        while (!*stopped_) {
            auto wait = longest_sleep;
            try {
                wait = co_await begin_turns();
                co_await drop_kept(false);
                if (!kept_.empty()) wait = std::min(wait, kept_for);
            } catch (store::Failure const& failure) {
                spdlog::error("dispatcher: {}", failure.what());
                wait = Duration(1'000);
            }
            co_await sleep(wait);
        }
        while (running_ > 0) co_await sleep(Duration(50), true);
        co_await drop_kept(true);
    }

    void nudge()
    {
        nudged_ = true;
        timer_.cancel();
    }

    void stop()
    {
        *stopped_ = true;
        timer_.cancel();
    }

private:
    struct Trouble {
        unsigned in_a_row = 0;
        Instant until{};                                     // or until it rests on something else
        store::Footing footing;                              // as the last turn began by
        std::map<model::MailboxId, std::string> shut_out{};  // as the last turn found that had mail of theirs
    };

    // Leases that ran out; what an earlier run of this server died with, once; and what this run holds, and no turn
    // works on: the store broke off before it said what had been claimed. Claimed goes back to the queue, committing is
    // in doubt.
    net::awaitable<void> recover()
    {
        auto const look = co_await first_look();
        std::vector<model::AccountId> busy;
        for (auto const& [account, slots] : busy_) busy.push_back(account);
        auto work = [owner = began_ ? ground_.owner : name_, busy, look](store::Connection& c) {
            return store::recover_outbound(c, look) + store::recover_outbound_of(c, owner, busy, look);
        };
        if (!began_) {
            auto release = [owner = name_](store::Connection& c) { store::release_slots(c, owner); };
            co_await ground_.store->write(std::move(release));
        }
        auto const recovered = co_await ground_.store->write(std::move(work));
        began_ = true;
        if (recovered > 0) spdlog::info("dispatcher: recovered {} mails that somebody had begun to send", recovered);
    }

    net::awaitable<Instant> first_look()
    {
        auto read = [](store::Connection& c) { return store::setting(c, "doubt-delays"); };
        auto const delays = co_await ground_.store->read(std::move(read));
        co_return ground_.clock->now() + next_look_after(delays, 0).value_or(Duration(0));
    }

    // One connection of ours to an account's server, of those that all servers of ours may have together.
    struct Slot {
        std::size_t number = 0;
        store::Lease lease;
        std::shared_ptr<Line> line{};  // where it was kept
        store::Footing footing{};
        Instant opened{}, kept{};
    };
    struct Due {
        model::Account account;
        store::Footing footing;
        model::AccountSending sending;
        std::int64_t mails = 0;
    };

    // Begins turns for each account that has something due; returns how long there is nothing to do.
    net::awaitable<Duration> begin_turns()
    {
        co_await recover();
        struct All {
            std::vector<Due> accounts;
            std::optional<Instant> next;
            Instant now;
        };
        auto read = [](store::Connection& c) {
            All all;
            auto ids = store::accounts_with_outbound(c);
            for (auto const id : store::accounts_with_sent_copies_due(c))
                if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
            for (auto const id : ids)
                if (auto const account = store::account(c, id); account && store::may_be_tried(c, *account)) {
                    auto sending = model::with_defaults(store::account_sending(c, id), account->submission_server.host);
                    if (auto const pause = store::pause_of(c, id.value); pause && pause->connections)
                        sending.connections = std::min(*sending.connections, *pause->connections);
                    auto const most = *sending.connections * mails_a_connection;
                    all.accounts.push_back(
                        {*account, store::footing(c, *account), sending, store::queued_of(c, id, most)});
                }
            all.next = store::next_outbound(c);
            if (auto const copy = store::next_sent_copy(c); copy && (!all.next || *copy < *all.next)) all.next = copy;
            all.now = c.now();
            return all;
        };
        auto const all = co_await ground_.store->read(std::move(read));
        auto const now = ground_.clock->now();
        bool full = true;  // whatever is due has all the connections that it may have
        for (auto const& due : all.accounts) {
            auto const id = due.account.id;
            auto& trouble = troubles_[id];
            if (trouble.until > now && trouble.footing == due.footing) continue;
            trouble.footing = due.footing;
            // Where each mailbox signs in for itself, one connection changes between them.
            auto const wanted =
                grants::submits_as_mailbox(due.account)
                    ? 1
                    : std::clamp<std::int64_t>((due.mails + mails_a_connection - 1) / mails_a_connection, 1,
                                               *due.sending.connections);
            while (std::cmp_less(busy_[id].size(), wanted)) {
                auto slot = co_await slot_of(due);
                if (!slot) break;
                begin_turn(due, std::move(*slot));
            }
            if (busy_[id].empty()) {
                busy_.erase(id);
                full = false;
            }
        }
        if (!all.accounts.empty())
            co_return full ? Duration(500) : Duration(1'000);  // some wait for their turn to end, or for their trouble
        if (!all.next || *all.next <= all.now)
            co_return longest_sleep;  // what is due is nobody's: its account is removed
        co_return std::clamp(Duration(*all.next - all.now), Duration(20), longest_sleep);
    }

    // One that is kept, or a new one; nothing where all servers of ours have as many as there may be.
    net::awaitable<std::optional<Slot>> slot_of(Due const& due)
    {
        auto const id = due.account.id;
        auto const now = ground_.clock->now();
        auto& kept = kept_[id];
        while (!kept.empty()) {
            // The first is the one that looks after what is in doubt, and puts copies: no other has anything to do
            // then.
            auto const lowest = std::ranges::min_element(kept, {}, &Slot::number);
            if (due.mails == 0 && lowest->number != 0) break;
            auto slot = std::move(*lowest);
            kept.erase(lowest);
            bool const usable = slot.footing == due.footing && now - slot.opened < kept_in_all &&
                                std::cmp_less(slot.number, *due.sending.connections);
            if (usable) co_return slot;
            co_await give_up(std::move(slot));
        }
        if (kept.empty()) kept_.erase(id);
        auto taken = busy_[id];
        auto const slots = due.mails == 0 ? 1 : *due.sending.connections;
        for (std::size_t number = 0; std::cmp_less(number, slots); ++number) {
            if (taken.contains(number)) continue;
            auto take = [name = store::slot_name(id, number), owner = ground_.owner](store::Connection& c) {
                return store::take_lease(c, name, owner, slot_length);
            };
            auto lease = co_await ground_.store->write(std::move(take));
            if (lease) co_return Slot{.number = number, .lease = *lease, .footing = due.footing, .opened = now};
        }
        co_return std::nullopt;
    }

    void begin_turn(Due const& due, Slot slot)
    {
        busy_[due.account.id].insert(slot.number);
        ++running_;
        auto work = [](std::shared_ptr<Impl> self, Due of, Slot with) -> net::awaitable<void> {
            auto const id = of.account.id;
            auto const number = with.number;
            co_await self->turn(std::move(of), std::move(with));
            auto& slots = self->busy_[id];
            slots.erase(number);
            if (slots.empty()) self->busy_.erase(id);
            --self->running_;
            self->timer_.cancel();
        };
        auto working = work(shared_from_this(), due, std::move(slot));
        boost::asio::co_spawn(ground_.loop, std::move(working), boost::asio::detached);
    }

    net::awaitable<void> give_up(Slot slot)
    {
        if (slot.line) co_await hang_up(slot.line);
        auto drop = [lease = slot.lease](store::Connection& c) { store::drop_lease(c, lease); };
        try {
            co_await ground_.store->write(std::move(drop));
        } catch (store::Failure const& failure) {
            spdlog::warn("dispatcher: {}; a connection's place is free in some minutes", failure.what());
        }
    }

    net::awaitable<void> drop_kept(bool all)
    {
        std::vector<Slot> old;
        auto const now = ground_.clock->now();
        for (auto& [id, slots] : kept_)
            std::erase_if(slots, [&](Slot& slot) {
                if (!all && now - slot.kept < kept_for) return false;
                old.push_back(std::move(slot));
                return true;
            });
        std::erase_if(kept_, [](auto const& each) { return each.second.empty(); });
        for (auto& slot : old) co_await give_up(std::move(slot));
    }

    net::awaitable<void> turn(Due due, Slot slot)
    {
        auto const& account = due.account;
        bool const first = slot.number == 0;
        Turn outcome;
        auto line = slot.line;
        slot.line.reset();
        try {
            auto renew = [name = slot.lease.name, owner = ground_.owner](store::Connection& c) {
                return store::take_lease(c, name, owner, slot_length);
            };
            auto const renewed = co_await ground_.store->write(std::move(renew));
            if (!renewed) throw std::runtime_error("another server has this connection's place");
            slot.lease = *renewed;
            outcome = co_await send_due(ground_, book_, account, due.sending, stopped_, line);
            if (line && !*stopped_) {
                slot.line = line;
                slot.kept = ground_.clock->now();
            }
            if (!*stopped_) {  // whatever broke off then was broken off here, and is nobody's trouble
                remember_shut_out(account.id, outcome);
                if (first) co_await settle_doubts(ground_, account, due.sending.sent_folder);
                if (first) co_await put_copies(ground_, account, due.sending.sent_folder);
                if (outcome.slow == Slow::no || outcome.slow == Slow::rest) co_await tell(account, outcome);
            }
        } catch (std::exception const& failure) {
            outcome = {false, failure.what()};
        }
        if (slot.line)
            kept_[account.id].push_back(std::move(slot));
        else {
            if (line) co_await hang_up(line);
            co_await give_up(std::move(slot));
        }
        if (*stopped_) co_return;
        auto& trouble = troubles_[account.id];
        if (outcome.slow != Slow::no) {
            trouble.until = ground_.clock->now() + Duration(5'000);
            co_return;
        }
        if (outcome.ok || !outcome.shut_out.empty()) {
            trouble.in_a_row = 0;
            trouble.until = {};
            co_return;
        }
        static constexpr Backoff backoff{Duration(2'000), Duration(300'000)};
        auto const wait = backoff.before(++trouble.in_a_row, 0.5);
        trouble.until = ground_.clock->now() + wait;
        spdlog::warn("dispatcher: {}: {}; the queue waits {} s", account.name, printable(outcome.trouble, 2'000),
                     wait.count() / 1'000);
    }

    // A mailbox that is not let in is the account's trouble until it is let in again, but holds up nobody else's mail.
    void remember_shut_out(model::AccountId account, Turn& outcome)
    {
        auto& shut_out = troubles_[account].shut_out;
        for (auto const& id : outcome.let_in) shut_out.erase(id);
        for (auto const& [id, words] : outcome.shut_out) shut_out[id] = words;
        if (!outcome.ok) {
            outcome.shut_out.clear();
            return;
        }
        outcome.shut_out = shut_out;
        if (shut_out.empty()) return;
        outcome.ok = false;
        outcome.trouble = shut_out.begin()->second;
        spdlog::warn("dispatcher: {}", printable(outcome.trouble, 2'000));
    }

    // The account's trouble is shown on the account and raised as an alarm; it ends with the next turn that goes well.
    net::awaitable<void> tell(model::Account const& account, Turn const& outcome)
    {
        auto work = [account, outcome, now = ground_.clock->now()](store::Connection& c) {
            auto const current = store::account(c, account.id);
            bool const ready = current && current->state == model::AccountState::ready;
            if (outcome.ok) {
                (void)store::end_alarm(c, alarm_cause, account.name, now);
                if (ready && !current->state_reason.empty())
                    store::set_account_state(c, account.id, model::AccountState::ready, {}, now);
                return;
            }
            (void)store::raise_alarm(c, alarm_cause, account.name, outcome.trouble, now);
            if (ready)
                store::set_account_state(c, account.id, model::AccountState::ready,
                                         "mail can't be sent: " + outcome.trouble, now);
        };
        co_await ground_.store->write(std::move(work));
    }

    net::awaitable<void> sleep(Duration how_long, bool even_stopped = false)
    {
        if ((*stopped_ && !even_stopped) || std::exchange(nudged_, false)) co_return;
        timer_.expires_after(how_long);
        boost::system::error_code woken;
        co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
        nudged_ = false;
    }

    Ground ground_;
    std::shared_ptr<Daybook> book_;
    boost::asio::steady_timer timer_;
    std::string const name_;  // of the server, whichever run
    bool began_ = false;
    std::unordered_map<model::AccountId, std::set<std::size_t>> busy_;  // the slots that turns work with
    std::map<model::AccountId, std::vector<Slot>> kept_;
    std::unordered_map<model::AccountId, Trouble> troubles_;
    std::size_t running_ = 0;
    std::shared_ptr<bool> stopped_ = std::make_shared<bool>(false);
    bool nudged_ = false;
};

Dispatcher::Dispatcher(Ground ground) : impl_(std::make_shared<Impl>(std::move(ground))) {}
Dispatcher::~Dispatcher() = default;

net::awaitable<void> Dispatcher::run()
{
    return impl_->run();
}
void Dispatcher::nudge()
{
    impl_->nudge();
}
void Dispatcher::stop()
{
    impl_->stop();
}

}  // namespace postroom::dispatcher
