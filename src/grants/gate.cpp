#include "grants/gate.hpp"

#include "base/readable-time.hpp"

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <random>

namespace postroom::grants {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using net::awaitable;

namespace {

constexpr std::size_t most_calls = 64;           // at once
constexpr Duration provider_known_for = 1h;      // its endpoints
constexpr Steady::duration longest_closed = 5s;  // that somebody waits for it inside

double chance()
{
    thread_local std::mt19937 random{std::random_device{}()};
    return std::uniform_real_distribution<>(0.0, 1.0)(random);
}

}  // namespace

bool Gate::knows_provider() const
{
    auto const age = ground_.clock->now() - found_;
    return provider_ && age >= 0s && age < provider_known_for;
}

// The first one finds the provider for all.
std::size_t Gate::most() const
{
    return knows_provider() ? most_calls : 1;
}

void Gate::admit()
{
    while (!waiting_.empty() && (shut_ || inside_ < most())) {
        ++inside_;
        waiting_.front()->cancel();
        waiting_.pop_front();
    }
}

void Gate::leave()
{
    --inside_;
    admit();
}

void Gate::shut()
{
    shut_ = true;
    admit();
}

awaitable<void> Gate::take_a_place()
{
    if (waiting_.empty() && inside_ < most()) {
        ++inside_;
        co_return;
    }
    auto const executor = co_await asio::this_coro::executor;
    auto const turn = std::make_shared<asio::steady_timer>(executor, Steady::time_point::max());
    waiting_.push_back(turn);
    boost::system::error_code ignored;
    co_await turn->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void Gate::busy(std::optional<Duration> retry_after, std::string words)
{
    pace_.slow_down(retry_after, ground_.clock->now());
    words_ = std::move(words);
}

void Gate::silent(std::string words)
{
    pace_.failed(ground_.clock->now(), chance());
    words_ = std::move(words);
}

Error Gate::closed(Instant until) const
{
    return {Trouble::unreachable, fmt::format("{}; the next try is at {}", words_, to_readable(until))};
}

awaitable<Result<std::unique_ptr<Gate::Pass>>> Gate::enter(model::Application application)
{
    auto const self = shared_from_this();
    if (auto const until = closed_until(); until && *until - ground_.clock->now() > longest_closed)
        co_return std::unexpected(closed(*until));
    co_await take_a_place();
    auto pass = std::make_unique<Pass>(self);

    auto const executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    auto const patience = Steady::now() + longest_closed;
    for (;;) {
        if (shut_) co_return failure(Trouble::closed, "Postroom stops");
        if (auto const until = closed_until()) {
            timer.expires_after(*until - ground_.clock->now());
            if (timer.expiry() > patience) co_return std::unexpected(closed(*until));
        } else if (!knows_provider()) {
            auto found = co_await find_provider(ground_, application);
            if (!found) {
                pace_.out_of_reach(ground_.clock->now(), chance());
                words_ = found.error().message;
                co_return std::unexpected(found.error());
            }
            provider_ = std::move(*found);
            found_ = ground_.clock->now();
            admit();
            continue;
        } else {
            timer.expires_at(pace_.take(Steady::now()));
        }
        bool const turn = !closed_until();
        boost::system::error_code ignored;
        if (timer.expiry() > Steady::now())
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (turn && !shut_ && !closed_until()) co_return std::move(pass);
    }
}

}  // namespace postroom::grants
