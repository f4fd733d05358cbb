// What became of a mail is noted while the next one is offered and streamed.
#pragma once

#include "net/transport.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace postroom::dispatcher {

/// Of one session, on its loop. A copy is the same.
class Notes {
public:
    explicit Notes(boost::asio::any_io_executor loop) : state_(std::make_shared<State>(std::move(loop))) {}

    /// `note` goes on even where nobody waits for its end any more.
    void begin(net::awaitable<void> note)
    {
        ++state_->under_way;
        auto ended = [state = state_](std::exception_ptr failure) {
            if (failure && !state->failure) state->failure = std::move(failure);
            --state->under_way;
            state->changed.cancel();
        };
        boost::asio::co_spawn(state_->changed.get_executor(), std::move(note), std::move(ended));
    }

    /// Waits for all of them; throws what the first that failed threw.
    net::awaitable<void> end()
    {
        while (state_->under_way > 0) {
            boost::system::error_code woken;
            co_await state_->changed.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
        }
        if (state_->failure) std::rethrow_exception(std::exchange(state_->failure, {}));
    }

private:
    struct State {
        explicit State(boost::asio::any_io_executor const& loop)
            : changed(loop, boost::asio::steady_timer::time_point::max())
        {
        }
        boost::asio::steady_timer changed;  // never expires: the store answers, or throws
        std::size_t under_way = 0;
        std::exception_ptr failure;
    };
    std::shared_ptr<State> state_;
};

/// One thing that is done while something else goes on, and waited for.
template <class T>
class Beside {
public:
    explicit Beside(boost::asio::any_io_executor loop) : state_(std::make_shared<State>(std::move(loop))) {}

    void begin(net::awaitable<T> work)
    {
        state_->under_way = true;
        auto ended = [state = state_](std::exception_ptr failure, T value) {
            state->failure = std::move(failure);
            state->value = std::move(value);
            state->under_way = false;
            state->changed.cancel();
        };
        boost::asio::co_spawn(state_->changed.get_executor(), std::move(work), std::move(ended));
    }

    [[nodiscard]] bool has_ended() const { return !state_->under_way; }

    /// What it came to; throws what it threw.
    net::awaitable<T> end()
    {
        while (state_->under_way) {
            boost::system::error_code woken;
            co_await state_->changed.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
        }
        if (state_->failure) std::rethrow_exception(std::exchange(state_->failure, {}));
        co_return std::move(state_->value);
    }

private:
    struct State {
        explicit State(boost::asio::any_io_executor const& loop)
            : changed(loop, boost::asio::steady_timer::time_point::max())
        {
        }
        boost::asio::steady_timer changed;
        bool under_way = false;
        std::exception_ptr failure;
        T value{};
    };
    std::shared_ptr<State> state_;
};

}  // namespace postroom::dispatcher
