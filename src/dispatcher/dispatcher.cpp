#include "dispatcher/dispatcher.hpp"

#include "base/backoff.hpp"
#include "base/text.hpp"
#include "dispatcher/account-run.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/holds.hpp"
#include "store/outbound.hpp"
#include "store/settings.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <map>
#include <unordered_map>

namespace postroom::dispatcher {

namespace {

constexpr Duration longest_sleep{10'000};
constexpr std::string_view alarm_cause = "dispatch-refused";

}  // namespace

class Dispatcher::Impl : public std::enable_shared_from_this<Impl> {
public:
    explicit Impl(Ground ground) : ground_(std::move(ground)), timer_(ground_.loop), name_(ground_.owner)
    {
        // Two servers may have one name, where a machine was cloned: what is held now must be this one's.
        ground_.owner += '#' + to_hex(random_bytes(8));
    }

    net::awaitable<void> run()
    {
        while (!*stopped_) {
            auto wait = longest_sleep;
            try {
                wait = co_await begin_turns();
            } catch (store::Failure const& failure) {
                spdlog::error("dispatcher: {}", failure.what());
                wait = Duration(1'000);
            }
            co_await sleep(wait);
        }
        while (running_ > 0) co_await sleep(Duration(50), true);
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
        for (auto const& [account, turn] : busy_) busy.push_back(account);
        auto work = [owner = began_ ? ground_.owner : name_, busy, look](store::Connection& c) {
            return store::recover_outbound(c, look) + store::recover_outbound_of(c, owner, busy, look);
        };
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

    // Begins a turn for each account that has something due; returns how long there is nothing to do.
    net::awaitable<Duration> begin_turns()
    {
        co_await recover();
        struct Due {
            std::vector<std::pair<model::Account, store::Footing>> accounts;
            std::optional<Instant> next;
            Instant now;
        };
        auto read = [](store::Connection& c) {
            Due due;
            for (auto const id : store::accounts_with_outbound(c))
                if (auto const account = store::account(c, id); account && store::may_be_tried(c, *account))
                    due.accounts.emplace_back(*account, store::footing(c, *account));
            due.next = store::next_outbound(c);
            due.now = c.now();
            return due;
        };
        auto const due = co_await ground_.store->read(std::move(read));
        auto const now = ground_.clock->now();
        for (auto const& [account, footing] : due.accounts) {
            if (busy_.contains(account.id)) continue;
            auto& trouble = troubles_[account.id];
            if (trouble.until > now && trouble.footing == footing) continue;
            trouble.footing = footing;
            busy_[account.id] = true;
            ++running_;
            auto work = [](std::shared_ptr<Impl> self, model::Account which) -> net::awaitable<void> {
                auto const id = which.id;
                co_await self->turn(std::move(which));
                self->busy_.erase(id);
                --self->running_;
                self->timer_.cancel();
            };
            auto working = work(shared_from_this(), account);
            boost::asio::co_spawn(ground_.loop, std::move(working), boost::asio::detached);
        }
        if (!due.accounts.empty())
            co_return Duration(1'000);  // some wait for their turn to end, or for their trouble to pass
        if (!due.next || *due.next <= due.now)
            co_return longest_sleep;  // what is due is nobody's: its account is removed
        co_return std::clamp(Duration(*due.next - due.now), Duration(20), longest_sleep);
    }

    net::awaitable<void> turn(model::Account account)
    {
        Turn outcome;
        try {
            outcome = co_await send_due(ground_, account, stopped_);
            if (*stopped_) co_return;  // whatever broke off then was broken off here, and is nobody's trouble
            remember_shut_out(account.id, outcome);
            co_await settle_doubts(ground_, account);
            co_await tell(account, outcome);
        } catch (std::exception const& failure) {
            outcome = {false, failure.what()};
        }
        auto& trouble = troubles_[account.id];
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
    boost::asio::steady_timer timer_;
    std::string const name_;  // of the server, whichever run
    bool began_ = false;
    std::unordered_map<model::AccountId, bool> busy_;
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
