// What every handler works with.
#pragma once

#include "console/events.hpp"
#include "console/hooks.hpp"
#include "console/problem.hpp"
#include "console/request.hpp"
#include "console/throttle.hpp"
#include "grants/tokens.hpp"
#include "store/coordination.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace postroom::console {

struct Options {
    std::string web = "web/dist";
    Duration heartbeat{15'000};  ///< of an event stream, which also asks then whether its caller may still listen
};

struct House {
    grants::Ground ground;
    Hooks hooks;
    Options options;
    Throttle names{};  ///< wrong passwords by the name that they were for
    Throttle addresses{
        ThrottleLimits{.free = 50}};              ///< and by where they came from: a whole office may share an address
    Throttle tokens{ThrottleLimits{.free = 50}};  ///< access tokens that are none, by where they came from
    int hashing = 0;                              ///< sign-ins that wait for their password to be compared
    Feed feed{};                                  ///< what changed lately
    Listeners listeners{};                        ///< whom it is told
    /// Asks anew who made a request that is long under way; nothing where they may not make it any more.
    std::function<net::awaitable<std::optional<Caller>>(net::HttpRequest)> who_is{};
    /// One thread for what would stall the event loop: hashing passwords, reading mails.
    boost::asio::thread_pool pool{1};

    [[nodiscard]] store::Store& store() { return *ground.store; }
    [[nodiscard]] Instant now() const { return ground.clock->now(); }

    /// Runs `work` on the pool and returns its value here.
    template <class Work>
    net::awaitable<std::invoke_result_t<Work&>> off_the_loop(Work work)
    {
        auto const job = [](Work moved) -> net::awaitable<std::invoke_result_t<Work&>> { co_return moved(); };
        co_return co_await boost::asio::co_spawn(pool, job(std::move(work)), boost::asio::use_awaitable);
    }
};

/// Notes a change in the transaction that makes it. `detail` holds no secret.
void note(store::Connection& c, Caller const& caller, std::string_view what, std::string_view on, json::object detail,
          Instant now);

}  // namespace postroom::console
