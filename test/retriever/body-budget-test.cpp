// The memory for bodies of all mailboxes. Seen to fail under these one-line mutations of src/retriever/body-budget.cpp:
//   - take() that asks for `bytes <= free_` only, and not whether others wait: NobodyIsOvertaken
//   - `std::erase(budget.waiting_, this)` left out: WhoeverGoesLosesItsTurn
//   - `bytes = std::min(bytes, most_)` left out: WhatIsMoreThanAllTakesAll
#include "retriever/body-budget.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <optional>
#include <vector>

namespace postroom::retriever {
namespace {

namespace asio = boost::asio;

class BodyBudgetTest : public testing::Test {
protected:
    void take(int who, std::size_t bytes)
    {
        auto work = [](BodyBudgetTest* test, int whose, std::size_t much) -> net::awaitable<void> {
            auto share = co_await test->budget->take(much);
            test->order.push_back(whose);
            test->shares.at(static_cast<std::size_t>(whose)) = std::move(share);
        };
        asio::co_spawn(loop, work(this, who, bytes), asio::detached);
        go_on();
    }
    void give_back(std::size_t who)
    {
        shares.at(who).reset();
        go_on();
    }
    void go_on()
    {
        loop.restart();
        loop.poll();
    }

    asio::io_context loop;
    std::shared_ptr<BodyBudget> budget = BodyBudget::make(100);
    std::vector<int> order;
    std::vector<std::optional<BodyBudget::Share>> shares{4};
};

TEST_F(BodyBudgetTest, GivesWhatThereIsAndMakesTheRestWait)
{
    take(0, 60);
    take(1, 40);
    take(2, 10);
    EXPECT_EQ(order, (std::vector{0, 1}));
    EXPECT_EQ(budget->free(), 0U);
    give_back(1);
    EXPECT_EQ(order, (std::vector{0, 1, 2}));
    EXPECT_EQ(budget->free(), 30U);
    give_back(0);
    give_back(2);
    EXPECT_EQ(budget->free(), 100U);
}

TEST_F(BodyBudgetTest, NobodyIsOvertaken)
{
    take(0, 60);
    take(1, 80);
    take(2, 10);  // would fit, and comes after
    EXPECT_EQ(order, (std::vector{0}));
    give_back(0);
    EXPECT_EQ(order, (std::vector{0, 1, 2}));
}

TEST_F(BodyBudgetTest, WhatIsMoreThanAllTakesAll)
{
    take(0, 1);
    take(1, 1'000);
    EXPECT_EQ(order, (std::vector{0}));
    give_back(0);
    EXPECT_EQ(order, (std::vector{0, 1}));
    EXPECT_EQ(budget->free(), 0U);
    give_back(1);
    EXPECT_EQ(budget->free(), 100U);
}

TEST_F(BodyBudgetTest, WhoeverGoesLosesItsTurn)
{
    take(0, 100);
    {
        asio::io_context other;
        auto work = [](std::shared_ptr<BodyBudget> from) -> net::awaitable<void> {
            auto share = co_await from->take(50);
        };
        asio::co_spawn(other, work(budget), asio::detached);
        other.poll();
    }  // and the coroutine with it, while it waited
    take(1, 100);
    give_back(0);
    EXPECT_EQ(order, (std::vector{0, 1}));
    give_back(1);
    EXPECT_EQ(budget->free(), 100U);
}

}  // namespace
}  // namespace postroom::retriever
