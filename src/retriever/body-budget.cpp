#include "retriever/body-budget.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace postroom::retriever {

namespace asio = boost::asio;

// Lives in the coroutine that waits. Where that is destroyed, its turn goes with it.
struct BodyBudget::Waiter {
    Waiter(BodyBudget& its_budget, std::size_t how_much, asio::any_io_executor const& loop)
        : budget(its_budget), bytes(how_much), woken(loop, asio::steady_timer::time_point::max())
    {
        budget.waiting_.push_back(this);
    }
    ~Waiter()
    {
        std::erase(budget.waiting_, this);
        if (has) budget.give_back(bytes);
    }
    Waiter(Waiter const&) = delete;
    Waiter& operator=(Waiter const&) = delete;

    BodyBudget& budget;
    std::size_t bytes;
    asio::steady_timer woken;
    bool has = false;
};

std::shared_ptr<BodyBudget> BodyBudget::make(std::size_t bytes)
{
    return std::shared_ptr<BodyBudget>(new BodyBudget(bytes));
}

BodyBudget::Share::Share(Share&& other) noexcept
    : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0))
{
}

BodyBudget::Share& BodyBudget::Share::operator=(Share&& other) noexcept
{
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

BodyBudget::Share::~Share()
{
    if (budget_) budget_->give_back(bytes_);
}

net::awaitable<BodyBudget::Share> BodyBudget::take(std::size_t bytes)
{
    auto const self = shared_from_this();
    bytes = std::min(bytes, most_);
    if (waiting_.empty() && bytes <= free_) {
        free_ -= bytes;
        co_return Share(self, bytes);
    }
    auto const loop = co_await asio::this_coro::executor;
    Waiter waiter(*this, bytes, loop);
    while (!waiter.has) {
        boost::system::error_code woken;
        co_await waiter.woken.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    waiter.has = false;
    co_return Share(self, bytes);
}

void BodyBudget::give_back(std::size_t bytes)
{
    free_ += bytes;
    while (!waiting_.empty() && waiting_.front()->bytes <= free_) {
        auto& first = *waiting_.front();
        waiting_.pop_front();
        free_ -= first.bytes;
        first.has = true;
        first.woken.cancel();
    }
}

}  // namespace postroom::retriever
