#include "grants/together.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <memory>

namespace postroom::grants {

namespace asio = boost::asio;

namespace {

struct Row {
    explicit Row(asio::any_io_executor const& executor) : ended(executor, asio::steady_timer::time_point::max()) {}
    std::vector<Task> tasks;
    std::size_t next = 0;
    std::size_t lanes = 0;
    asio::steady_timer ended;  // never expires: each task has its deadline
    std::exception_ptr failure;
};

net::awaitable<void> lane(std::shared_ptr<Row> row)
{
    while (row->next < row->tasks.size()) {
        auto& task = row->tasks[row->next++];
        co_await task();
    }
}

}  // namespace

net::awaitable<void> together(std::vector<Task> tasks, std::size_t at_once)
{
    auto const executor = co_await asio::this_coro::executor;
    auto const row = std::make_shared<Row>(executor);
    row->tasks = std::move(tasks);
    row->lanes = std::min(at_once, row->tasks.size());
    for (std::size_t i = row->lanes; i > 0; --i)
        asio::co_spawn(executor, lane(row), [row](std::exception_ptr const& failure) {
            if (failure && !row->failure) row->failure = failure;
            --row->lanes;
            row->ended.cancel();
        });
    while (row->lanes > 0) {
        boost::system::error_code woken;
        co_await row->ended.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    if (row->failure) std::rethrow_exception(row->failure);
}

}  // namespace postroom::grants
