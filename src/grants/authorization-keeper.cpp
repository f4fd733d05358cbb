#include "grants/authorization-keeper.hpp"

#include "base/readable-time.hpp"
#include "grants/authorizations.hpp"
#include "grants/provider.hpp"
#include "grants/under-way.hpp"
#include "store/accounts.hpp"
#include "store/coordination.hpp"
#include "store/grants.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace postroom::grants {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using model::Flow;
using net::awaitable;
using State = model::Authorization::State;

namespace {

constexpr Duration look_again = 5s;
constexpr Duration untaken_for = 60s;   // a trial that no services server took
constexpr Duration trial_limit = 5min;  // of one that somebody took; it ends after a minute by itself
constexpr Duration grace = 2min;        // a return that came in time may still be judged
constexpr Duration one_poll = 2min;     // discovery, keys and a token, each at its limit
constexpr Duration longest_wait = 60s;  // between two polls of a provider that does not answer
constexpr Duration provider_known_for = 1h;
constexpr auto sweep_every = 1h;
constexpr auto kept_for = std::chrono::hours(30 * 24);
constexpr auto jobs_kept_for = std::chrono::hours(7 * 24);

struct Open {
    model::Authorization authorization;
    std::optional<std::string> lost;  ///< as why_lost()
};

// Why a trial won't come to anything any more; nothing while it may. By the store's clock, as the jobs' times are.
std::optional<std::string> why_lost(store::Connection& c, model::Authorization const& authorization)
{
    auto const job = authorization.job ? store::job(c, *authorization.job) : std::nullopt;
    if (!job) return "the trial was lost";
    auto const age = c.now() - job->created;
    if (job->state == "waiting") {
        // Where others are tried, it waits for its turn.
        auto const limit = store::job_worked_on(c, trial_job) ? trial_limit : untaken_for;
        if (age < limit) return std::nullopt;
        return fmt::format(
            "no services server tried it within {} seconds, so that what it opens could not be told; that is caught up "
            "on as soon as one can",
            limit / 1s);
    }
    bool const ended = job->state == "done" || job->state == "failed";
    if (age >= trial_limit || (ended && age >= untaken_for))
        return "the services server that tried it came to no end, so that what it opens could not be told";
    return std::nullopt;
}

std::vector<Open> read_open(store::Connection& c)
{
    std::vector<Open> open;
    for (auto& each : store::open_authorizations(c)) {
        auto lost = each.outcome == State::trying ? why_lost(c, each) : std::nullopt;
        open.push_back({std::move(each), std::move(lost)});
    }
    return open;
}

std::string nobody_came(model::Authorization const& authorization)
{
    if (authorization.flow == Flow::device)
        return fmt::format("nobody entered the code by {}", to_readable(authorization.ends));
    if (authorization.flow == Flow::application) return "the server stopped while it asked the provider: begin again";
    return fmt::format("nobody came back from the provider by {}", to_readable(authorization.ends));
}

}  // namespace

class AuthorizationKeeper::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(Ground ground, std::string server, std::function<void()> accepted)
        : ground_(std::move(ground)), server_(std::move(server)), accepted_(std::move(accepted))
    {
    }

    awaitable<void> run()
    {
        auto const self = shared_from_this();
        auto const executor = co_await asio::this_coro::executor;
        wake_ = std::make_unique<asio::steady_timer>(executor);
        while (!stopped_) {
            auto const pause = co_await look(false);
            if (stopped_) break;
            if (nudged_) {
                nudged_ = false;
                continue;
            }
            wake_->expires_after(pause);
            boost::system::error_code ignored;
            co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        co_await polls_end();
    }

    void stop()
    {
        stopped_ = true;
        if (wake_) wake_->cancel();
    }

    void nudge()
    {
        nudged_ = true;
        if (wake_) wake_->cancel();
    }

    // Returns how long nothing is due.
    awaitable<Duration> look(bool wait_for_polls)
    {
        auto const self = shared_from_this();
        nudged_ = false;
        std::vector<Open> seen;
        try {
            seen = co_await ground_.store->read(read_open);
            co_await attend(seen);
            co_await sweep();
        } catch (store::Failure const& e) {
            spdlog::error("what is under way to a grant can't be looked after: {}", e.what());
        }
        if (wait_for_polls) co_await polls_end();
        std::erase_if(polls_, [&](auto const& each) {
            return !each.second.running && std::ranges::none_of(seen, [&](Open const& open) {
                return open.authorization.id == each.first && open.authorization.outcome == State::waiting;
            });
        });
        auto pause = look_again;
        for (auto const& [id, poll] : polls_)
            if (!poll.running) pause = std::clamp<Duration>(poll.due - ground_.clock->now(), 100ms, pause);
        co_return pause;
    }

private:
    struct Poll {
        Instant due{};
        Duration after_trouble{};  ///< grows while the provider does not answer
        bool running = false;
    };

    awaitable<void> attend(std::vector<Open> const& seen)
    {
        auto const executor = co_await asio::this_coro::executor;
        auto const now = ground_.clock->now();
        for (auto const& open : seen) {
            auto const& authorization = open.authorization;
            if (authorization.outcome == State::trying) {
                if (open.lost) co_await settle_untried(authorization);
            } else if (authorization.flow == Flow::device) {
                if (poll_is_due(authorization, now))
                    asio::co_spawn(executor, poll(shared_from_this(), authorization), asio::detached);
            } else if (now >= authorization.ends + grace) {
                co_await give_up(authorization, nobody_came(authorization));
            }
        }
    }

    awaitable<void> settle_untried(model::Authorization authorization)
    {
        auto const settled = co_await ground_.store->write([&](store::Connection& c) {
            std::optional<Settled> end;
            // Somebody may have taken it since it was looked at.
            auto const why = why_lost(c, authorization);
            if (!why) return end;
            end = settle(c, ground_, authorization.id, {.rights = {}, .refusal = std::nullopt, .notes = {*why}});
            if (end && end->accepted) add_trial(c, authorization.account, authorization.test_mail);
            return end;
        });
        if (!settled) co_return;
        spdlog::warn("account {}: {}", settled->account, settled->words);
        if (settled->accepted) accepted_();
    }

    awaitable<void> give_up(model::Authorization authorization, std::string words)
    {
        co_await ground_.store->write([&](store::Connection& c) { (void)refuse(c, ground_, authorization, words); });
    }

    // Also after a restart an interval passes first: when the last poll was is not known.
    bool poll_is_due(model::Authorization const& authorization, Instant now)
    {
        auto const [found, first] = polls_.try_emplace(authorization.id);
        auto& poll = found->second;
        if (first) poll.due = now + authorization.poll_every;
        if (poll.running || (poll.due > now && authorization.ends > now)) return false;
        poll.running = true;
        ++running_;
        return true;
    }

    static awaitable<void> poll(std::shared_ptr<Impl> self, model::Authorization authorization)
    {
        auto const id = authorization.id;
        Duration wait = authorization.poll_every;
        try {
            wait = co_await self->poll_alone(std::move(authorization));
        } catch (std::exception const& e) {
            spdlog::error("a device's code could not be asked for: {}", e.what());
        }
        auto& poll = self->polls_[id];
        poll.running = false;
        poll.due = self->ground_.clock->now() + wait;
        --self->running_;
        if (self->wake_) self->wake_->cancel();
    }

    // One server at a time asks, and goes on asking: the lease outlasts the wait. Returns the wait.
    awaitable<Duration> poll_alone(model::Authorization authorization)
    {
        auto const lease_name = "device-flow/" + to_string(authorization.account);
        auto const begun = co_await ground_.store->write([&](store::Connection& c) {
            std::optional<UnderWay> under_way;
            auto lease = store::take_lease(c, lease_name, server_, one_poll);
            auto current = store::authorization(c, authorization.id);
            if (lease && current && current->outcome == State::waiting)
                under_way = find_under_way(c, std::move(*current));
            return std::pair(std::move(lease), std::move(under_way));
        });
        auto const& [lease, under_way] = begun;
        if (!lease || !under_way) co_return authorization.poll_every;
        auto const wait = co_await ask(*under_way);
        co_await ground_.store->write([&](store::Connection& c) {
            if (wait)
                (void)store::take_lease(c, lease_name, server_, *wait + 5s);
            else
                store::drop_lease(c, *lease);
        });
        co_return wait.value_or(authorization.poll_every);
    }

    // Nothing once it ended.
    awaitable<std::optional<Duration>> ask(UnderWay under_way)
    {
        auto const authorization = under_way.authorization;
        if (ground_.clock->now() >= authorization.ends) {
            co_await give_up(authorization, nobody_came(authorization));
            co_return std::nullopt;
        }
        Result<Polled> polled;
        std::optional<std::string> no_answer;
        try {
            auto const provider = co_await provider_of(under_way);
            if (provider)
                polled = co_await poll_device_flow(ground_, under_way, *provider);
            else
                no_answer = provider.error().message;
        } catch (net::Broken const& broken) {
            no_answer = broken.what();
        }
        auto& trouble = polls_[authorization.id].after_trouble;
        if (no_answer) {
            // RFC 8628 section 3.5: less often, as long as it lasts.
            trouble = std::min(std::max(trouble, authorization.poll_every) * 2, longest_wait);
            spdlog::info("the provider of a device's code does not answer: {}", *no_answer);
            co_return trouble;
        }
        trouble = {};
        if (polled) co_return polled->wait;
        co_await give_up(authorization, polled.error().message);
        co_return std::nullopt;
    }

    awaitable<Result<oauth::Provider>> provider_of(UnderWay const& under_way)
    {
        if (!under_way.application) co_return oauth::Provider{};  // told by who asks
        auto const authority = authority_of(*under_way.application).value_or("");
        auto const now = ground_.clock->now();
        if (auto const known = providers_.find(authority);
            known != providers_.end() && now - known->second.second < provider_known_for)
            co_return known->second.first;
        auto const found = co_await find_provider(ground_, *under_way.application);
        if (found) providers_[authority] = {*found, now};
        co_return found;
    }

    awaitable<void> sweep()
    {
        auto const now = std::chrono::steady_clock::now();
        if (swept_ && now - *swept_ < sweep_every) co_return;
        swept_ = now;
        auto const before = ground_.clock->now() - kept_for;
        co_await ground_.store->write([&](store::Connection& c) {
            store::sweep_authorizations(c, before);
            store::sweep_jobs(c, c.now() - jobs_kept_for);
        });
    }

    awaitable<void> polls_end()
    {
        asio::steady_timer pause(co_await asio::this_coro::executor);
        while (running_ > 0) {
            pause.expires_after(10ms);
            co_await pause.async_wait(asio::use_awaitable);
        }
    }

    Ground ground_;
    std::string const server_;
    std::function<void()> const accepted_;
    std::unordered_map<model::AuthorizationId, Poll> polls_;
    std::unordered_map<std::string, std::pair<oauth::Provider, Instant>> providers_;
    std::size_t running_ = 0;
    std::optional<std::chrono::steady_clock::time_point> swept_;
    std::unique_ptr<asio::steady_timer> wake_;
    bool nudged_ = false;
    bool stopped_ = false;
};

AuthorizationKeeper::AuthorizationKeeper(Ground ground, std::string server, std::function<void()> accepted)
    : impl_(std::make_shared<Impl>(std::move(ground), std::move(server), std::move(accepted)))
{
}

AuthorizationKeeper::~AuthorizationKeeper()
{
    impl_->stop();
}

awaitable<void> AuthorizationKeeper::run()
{
    return impl_->run();
}

void AuthorizationKeeper::stop()
{
    impl_->stop();
}

void AuthorizationKeeper::nudge()
{
    impl_->nudge();
}

awaitable<void> AuthorizationKeeper::look()
{
    (void)co_await impl_->look(true);
}

}  // namespace postroom::grants
