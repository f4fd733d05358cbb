// Runs one coroutine to its end on an event loop of the test's own.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>

namespace postroom::test {

/// Throws what the coroutine throws, and where it has not ended after `limit`, which is a test that hangs.
template <class T>
T run(boost::asio::io_context& loop, boost::asio::awaitable<T> work,
      std::chrono::seconds limit = std::chrono::seconds(60))
{
    using Kept = std::conditional_t<std::is_void_v<T>, bool, T>;
    std::optional<Kept> value;
    std::exception_ptr error;
    bool done = false;
    auto const end = [&](std::exception_ptr why) {
        error = why;
        done = true;
    };
    if constexpr (std::is_void_v<T>)
        boost::asio::co_spawn(loop, std::move(work), end);
    else
        boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr why, T result) {
            if (!why) value.emplace(std::move(result));
            end(why);
        });
    auto const until = std::chrono::steady_clock::now() + limit;
    loop.restart();
    while (!done && std::chrono::steady_clock::now() < until) {
        loop.run_one_until(until);
        if (loop.stopped() && !done) loop.restart();
    }
    if (!done) throw std::runtime_error("the test's coroutine did not end in time");
    if (error) std::rethrow_exception(error);
    if constexpr (!std::is_void_v<T>) return std::move(*value);
}

}  // namespace postroom::test
