#include "grants/tokens.hpp"

#include "grants/renewal-course.hpp"
#include "store/grants.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <queue>
#include <unordered_map>

namespace postroom::grants {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using net::awaitable;

namespace {

constexpr Duration longest_wait = 90s;  // of who asks, for a flight
constexpr Duration look_again = 30s;    // for grants that another process accepted
constexpr Duration forgotten = 10min;   // that a server's refusal led to a renewal
constexpr Duration soon = 1s;
constexpr int most_tries_to_keep = 20;   // before Postroom ends
constexpr std::size_t most_ahead = 160;  // flights that nobody asked for, at once

struct Flight {
    explicit Flight(asio::any_io_executor const& executor) : ended(executor, longest_wait) {}
    asio::steady_timer ended;
    std::optional<Result<AccessToken>> result;
};

/// When an account's turn comes, unless somebody asks before.
struct Due {
    Instant at{};
    model::AccountId account;
    friend bool operator>(Due const& a, Due const& b) { return a.at > b.at; }
};
using Schedule = std::priority_queue<Due, std::vector<Due>, std::greater<>>;

}  // namespace

class Tokens::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(Ground ground, std::string owner)
        : ground_(std::move(ground)), owner_("refresher/" + std::move(owner)), seed_(std::hash<std::string>{}(owner_))
    {
    }

    awaitable<Result<AccessToken>> access(model::AccountId id)
    {
        auto const loaded = co_await read_grant(ground_, id);
        if (!loaded) co_return std::unexpected(loaded.error());
        if (lasts(loaded->grant, now())) co_return unseal(ground_, loaded->grant);
        auto renewed = co_await fly(id, Why::asked, {});
        co_return renewed;
    }

    awaitable<Result<AccessToken>> replace(model::AccountId id, AccessToken refused)
    {
        auto replacement = co_await fly(id, Why::refused, std::move(refused.token));
        co_return replacement;
    }

    awaitable<Result<AccessToken>> renew(model::AccountId id)
    {
        auto renewed = co_await fly(id, Why::tried, {});
        co_return renewed;
    }

    awaitable<void> run()
    {
        auto const self = shared_from_this();
        auto const executor = co_await asio::this_coro::executor;
        wake_ = std::make_unique<asio::steady_timer>(executor);
        auto look_at = Steady::now();
        while (!stopped_) {
            if (Steady::now() >= look_at) {
                co_await look_ahead();
                look_at = Steady::now() + look_again;
            }
            if (stopped_) break;
            wake_->expires_at(std::min(look_at, begin_what_is_due(executor)));
            boost::system::error_code ignored;
            co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        // A provider that renews at this moment may take the stored refresh token's place with another, which only the
        // flight knows.
        asio::steady_timer pause(executor);
        for (int tries = 0; !flights_.empty() || (holds_answers() && tries < most_tries_to_keep);) {
            if (flights_.empty()) {
                ++tries;
                for (auto const& [id, known] : known_)
                    if (known.in_hand) (void)begin(executor, id, Why::ahead, {});
            }
            pause.expires_after(flights_.empty() ? soon : Duration(50));
            co_await pause.async_wait(asio::use_awaitable);
        }
    }

    void stop()
    {
        stopped_ = true;
        gates_->shut();
        if (wake_) wake_->cancel();
    }

private:
    [[nodiscard]] Instant now() const { return ground_.clock->now(); }
    [[nodiscard]] bool holds_answers() const
    {
        return std::ranges::any_of(known_, [](auto const& each) { return each.second.in_hand.has_value(); });
    }

    // One flight an account: who comes while it lasts gets what it brings. It goes on where nobody waits any more.
    awaitable<Result<AccessToken>> fly(model::AccountId id, Why why, Secret refused)
    {
        auto const self = shared_from_this();
        auto const executor = co_await asio::this_coro::executor;
        auto const flight = begin(executor, id, why, std::move(refused));
        if (!flight->result) {
            boost::system::error_code ignored;
            co_await flight->ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        if (!flight->result) co_return failure(Trouble::timed_out, "the renewal of the account's token takes too long");
        co_return *flight->result;
    }

    std::shared_ptr<Flight> begin(asio::any_io_executor const& executor, model::AccountId id, Why why, Secret refused)
    {
        auto& flight = flights_[id];
        if (flight) return flight;
        flight = std::make_shared<Flight>(executor);
        auto begun = flight;
        if (why == Why::ahead) ++ahead_;
        asio::co_spawn(executor, conduct(shared_from_this(), begun, id, why, std::move(refused)), asio::detached);
        return begun;
    }

    static awaitable<void> conduct(std::shared_ptr<Impl> self, std::shared_ptr<Flight> flight, model::AccountId id,
                                   Why why, Secret refused)
    {
        Result<AccessToken> result = failure(Trouble::internal, "");
        auto& known = self->known_[id];
        Course course(self->ground_, self->owner_, self->gates_, id, why, std::move(refused), known);
        try {
            result = co_await course.run();
        } catch (store::Failure const& e) {
            result = std::unexpected(e.error());
        } catch (std::exception const& e) {
            result = failure(Trouble::internal, e.what());
        }
        if (known.in_hand)
            self->try_again(id, self->now() + soon);
        else if (course.again())
            self->try_again(id, *course.again());
        if (!known.in_hand && !known.replaced) self->known_.erase(id);
        flight->result = std::move(result);
        self->flights_.erase(id);
        if (why == Why::ahead) --self->ahead_;
        flight->ended.cancel();
        if (self->wake_) self->wake_->cancel();
    }

    void try_again(model::AccountId id, Instant at)
    {
        if (wake_) due_.push({at, id});
    }

    // The same for a grant of one version, so that looking again doesn't throw the dice again; another on each server,
    // so that they don't all want the same ones at once.
    [[nodiscard]] double chance_of(store::GrantEnd const& end) const
    {
        auto mixed = (std::hash<Uuid>{}(end.account.value) ^ seed_) * 0x9e3779b97f4a7c15ULL +
                     static_cast<std::uint64_t>(end.version) * 0xbf58476d1ce4e5b9ULL;
        mixed = (mixed ^ mixed >> 31) * 0x94d049bb133111ebULL;
        return static_cast<double>(mixed >> 11) / static_cast<double>(1ULL << 53);
    }

    [[nodiscard]] Instant due(store::GrantEnd const& end) const
    {
        Standing const standing{.version = end.version,
                                .ends = end.access_token_ends,
                                .life = end.access_token_life,
                                .tries = {.refusals = end.refusals, .next_try = end.next_try}};
        return due_at(standing, now(), chance_of(end));
    }

    awaitable<void> look_ahead()
    {
        std::vector<store::GrantEnd> ends;
        try {
            ends = co_await ground_.store->read([](store::Connection& c) { return store::grant_ends(c); });
        } catch (store::Failure const& e) {
            spdlog::error("the refresher can't read the grants: {}", e.what());
        }
        auto const horizon = now() + look_again;
        due_ = {};
        for (auto const& end : ends)
            if (auto const at = due(end); at <= horizon) due_.push({at, end.account});
        for (auto const& [id, known] : known_)
            if (known.in_hand) due_.push({now(), id});
        std::erase_if(known_, [this](auto const& each) {
            auto const& [id, known] = each;
            return !flights_.contains(id) && !known.in_hand && (!known.replaced || now() - *known.replaced > forgotten);
        });
    }

    // Returns when the next one is due, as far as it is known.
    Steady::time_point begin_what_is_due(asio::any_io_executor const& executor)
    {
        while (!due_.empty() && due_.top().at <= now()) {
            if (ahead_ >= most_ahead) return Steady::time_point::max();  // the end of a flight wakes
            auto const id = due_.top().account;
            due_.pop();
            (void)begin(executor, id, Why::ahead, {});
        }
        return due_.empty() ? Steady::time_point::max() : Steady::now() + (due_.top().at - now());
    }

    Ground ground_;
    std::string owner_;
    std::size_t seed_;
    std::unordered_map<model::AccountId, std::shared_ptr<Flight>> flights_;
    std::unordered_map<model::AccountId, Known> known_;
    std::shared_ptr<Gates> gates_ = std::make_shared<Gates>(ground_);
    Schedule due_;
    std::size_t ahead_ = 0;  // of the flights
    std::unique_ptr<asio::steady_timer> wake_;
    bool stopped_ = false;
};

Tokens::Tokens(Ground ground, std::string owner) : impl_(std::make_shared<Impl>(std::move(ground), std::move(owner))) {}

Tokens::~Tokens()
{
    impl_->stop();
}

awaitable<Result<AccessToken>> Tokens::access(model::AccountId account)
{
    return impl_->access(account);
}

awaitable<Result<AccessToken>> Tokens::renew(model::AccountId account)
{
    return impl_->renew(account);
}

awaitable<Result<AccessToken>> Tokens::replace(model::AccountId account, AccessToken refused)
{
    return impl_->replace(account, std::move(refused));
}

awaitable<void> Tokens::run()
{
    return impl_->run();
}

void Tokens::stop()
{
    impl_->stop();
}

}  // namespace postroom::grants
