// Judges a compiler before it may compile Postroom: each form of co_await below runs under the sanitizers, and counts
// that every object that it made was destroyed once. The first part is what our own code is written in. The second is
// what g++ 12.2 miscompiles without a warning (docs/adr/0001-clang-19.md); ours avoids it, and the compiler must still
// get it right, since Asio's templates and other people's code contain it. With g++ 12.2 -O1 all of the second part
// fails but the switch, whose crash needs other surroundings.
#include <gtest/gtest.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

// Owns memory and counts itself: a double destruction, or one left out, shows even without a sanitizer.
class Owner {
public:
    explicit Owner(std::string value) : value_(std::move(value)) { ++alive; }
    Owner(Owner const& other) : value_(other.value_) { ++alive; }
    Owner(Owner&& other) noexcept : value_(std::move(other.value_)) { ++alive; }
    Owner& operator=(Owner const&) = default;
    Owner& operator=(Owner&&) = default;
    ~Owner() { --alive; }

    [[nodiscard]] std::string const& value() const { return value_; }

    static inline int alive = 0;

private:
    std::string value_;
};

struct Aggregate {
    Owner host;
    int port = 0;
};

std::string const long_text(100, 'x');  // longer than a string keeps inside itself

asio::awaitable<void> pause()
{
    co_await asio::post(asio::use_awaitable);
}
asio::awaitable<Owner> make(std::string text)
{
    co_await pause();
    co_return Owner(std::move(text));
}
asio::awaitable<std::size_t> size_of(Owner owner)
{
    co_await pause();
    co_return owner.value().size();
}
asio::awaitable<std::size_t> size_of_view(std::string_view view)
{
    co_await pause();
    co_return view.size();
}
asio::awaitable<std::size_t> size_of_aggregate(Aggregate aggregate)
{
    co_await pause();
    co_return aggregate.host.value().size();
}
asio::awaitable<std::size_t> size_of_borrowed(Aggregate const& aggregate)
{
    co_await pause();
    co_return aggregate.host.value().size();
}
asio::awaitable<std::size_t> call(std::function<std::size_t()> function)
{
    co_await pause();
    co_return function();
}
asio::awaitable<int> number(int value)
{
    co_await pause();
    co_return value;
}

class Coroutines : public testing::Test {
protected:
    // Runs `body` to its end and passes on what it throws.
    void run(asio::awaitable<void> body)
    {
        asio::io_context context;
        std::exception_ptr thrown;
        bool ended = false;
        asio::co_spawn(context, std::move(body), [&](std::exception_ptr error) {
            thrown = error;
            ended = true;
        });
        context.run();
        EXPECT_TRUE(ended);
        EXPECT_EQ(Owner::alive, 0);
        if (thrown) std::rethrow_exception(thrown);
    }
    void TearDown() override { EXPECT_EQ(Owner::alive, 0); }
};

// --- What our code is written in.

asio::awaitable<void> plain_forms()
{
    Owner const owner = co_await make(long_text);
    EXPECT_EQ(owner.value(), long_text);
    auto copy = owner;
    auto const size = co_await size_of(std::move(copy));
    EXPECT_EQ(size, 100U);
    auto const viewed = co_await size_of_view(long_text + long_text);
    EXPECT_EQ(viewed, 200U);
    if (co_await number(1) == 1) EXPECT_EQ(owner.value(), long_text);
    int rounds = 0;
    while (co_await number(rounds) < 3) ++rounds;
    EXPECT_EQ(rounds, 3);
    if (rounds == 3 && co_await number(7) == 7) ++rounds;
    EXPECT_EQ(rounds, 4);
    std::vector<Owner> const owners{owner, owner};
    for (auto const& one : owners) {
        auto const inner = co_await size_of(one);
        EXPECT_EQ(inner, 100U);
    }
}
TEST_F(Coroutines, initialisers_conditions_loops)
{
    run(plain_forms());
}

asio::awaitable<void> several_in_one_expression()
{
    auto const sum = co_await size_of(Owner(long_text)) + co_await size_of(Owner("ab"));
    EXPECT_EQ(sum, 102U);
}
TEST_F(Coroutines, constructors_called_as_arguments)
{
    run(several_in_one_expression());
}

asio::awaitable<void> named_lambda()
{
    auto const owned = [owner = Owner(long_text)] { return owner.value().size(); };
    auto const size = co_await call(owned);
    EXPECT_EQ(size, 100U);
    std::size_t seen = 0;
    auto const borrowed = co_await call([&seen] { return ++seen; });
    EXPECT_EQ(borrowed, seen);
}
TEST_F(Coroutines, named_lambdas_and_lambdas_that_borrow)
{
    run(named_lambda());
}

asio::awaitable<void> tuple_of_an_operation()
{
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    EXPECT_FALSE(error);
}
TEST_F(Coroutines, structured_bindings)
{
    run(tuple_of_an_operation());
}

asio::awaitable<Owner> slow(std::string text)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    co_await timer.async_wait(asio::use_awaitable);
    co_return Owner(std::move(text));
}
asio::awaitable<void> race()
{
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    auto const winner = co_await (slow(long_text) || timer.async_wait(asio::use_awaitable));
    EXPECT_EQ(winner.index(), 1U);
    asio::steady_timer late(co_await asio::this_coro::executor, 1h);
    auto const quick = co_await (make(long_text) || late.async_wait(asio::use_awaitable));
    EXPECT_EQ(std::get<0>(quick).value(), long_text);
}
TEST_F(Coroutines, a_race_with_a_timer)
{
    run(race());
}

asio::awaitable<Owner> refuse(Owner owner)
{
    co_await pause();
    if (!owner.value().empty()) throw std::runtime_error(owner.value());
    co_return owner;
}
asio::awaitable<void> note_and_leave()
{
    std::string what;
    try {
        Owner const never = co_await refuse(Owner(long_text));
    } catch (std::runtime_error const& error) {
        what = error.what();
    }
    auto const size = co_await size_of_view(what);
    EXPECT_EQ(size, 100U);
}
TEST_F(Coroutines, exceptions_are_noted_and_acted_on_outside_the_catch)
{
    run(note_and_leave());
    EXPECT_THROW(run([]() -> asio::awaitable<void> { co_await refuse(Owner("no")); }()), std::runtime_error);
}

asio::awaitable<void> waits_for_ever(Owner owner)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    Owner const local = owner;  // NOLINT(performance-unnecessary-copy-initialization)
    Owner const made = co_await make(long_text);
    auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    ADD_FAILURE() << error.message() << made.value() << local.value();
}
TEST_F(Coroutines, a_frame_destroyed_while_it_is_suspended_destroys_what_it_holds)
{
    {
        asio::io_context context;
        asio::co_spawn(context, waits_for_ever(Owner(long_text)), asio::detached);
        context.run_for(10ms);
        EXPECT_GT(Owner::alive, 0);
    }
    EXPECT_EQ(Owner::alive, 0);
}

asio::awaitable<void> many()
{
    int sum = 0;
    for (int i = 0; i < 100'000; ++i) {
        int const one = co_await number(1);
        sum += one;
    }
    EXPECT_EQ(sum, 100'000);
}
TEST_F(Coroutines, a_hundred_thousand_awaits_need_no_stack)
{
    run(many());
}

// --- What g++ 12.2 gets wrong. None of these forms is in our code (tools/lint-coroutines).

asio::awaitable<void> owning_temporary_lambda()
{
    Owner owner(long_text);
    auto const size = co_await call([owner = std::move(owner)] { return owner.value().size(); });
    EXPECT_EQ(size, 100U);
    asio::co_spawn(
        co_await asio::this_coro::executor,
        [other = Owner(long_text)]() -> asio::awaitable<void> {
            auto const inner = co_await size_of(other);
            EXPECT_EQ(inner, 100U);
        },
        asio::detached);
}
TEST_F(Coroutines, an_owning_temporary_lambda)
{
    run(owning_temporary_lambda());
}

asio::awaitable<void> temporary_aggregate()
{
    auto const by_value = co_await size_of_aggregate(Aggregate{.host = Owner(long_text), .port = 1});
    EXPECT_EQ(by_value, 100U);
    auto const borrowed = co_await size_of_borrowed(Aggregate{.host = Owner(long_text), .port = 1});
    EXPECT_EQ(borrowed, 100U);
}
TEST_F(Coroutines, a_temporary_aggregate_as_argument)
{
    run(temporary_aggregate());
}

asio::awaitable<std::string> either(bool first)
{
    Owner const other("other");
    Owner const one = co_await (first ? make(long_text) : make("short"));
    EXPECT_EQ(one.value().size(), first ? 100U : 5U);
    Owner const two = first ? co_await make(long_text) : other;
    EXPECT_EQ(two.value().size(), first ? 100U : 5U);
    co_return first ? (co_await make(long_text)).value() : other.value();
}
asio::awaitable<void> conditional()
{
    auto const first = co_await either(true);
    EXPECT_EQ(first, long_text);
    auto const second = co_await either(false);
    EXPECT_EQ(second, "other");
}
TEST_F(Coroutines, the_conditional_operator)
{
    run(conditional());
}

asio::awaitable<void> switch_on_await()
{
    Owner const before(long_text);
    switch (co_await number(2)) {
        case 2: EXPECT_EQ(before.value(), long_text); break;
        default: ADD_FAILURE();
    }
}
TEST_F(Coroutines, a_switch_on_what_is_awaited)
{
    run(switch_on_await());
}

asio::awaitable<void> throw_of_await()
{
    throw std::runtime_error((co_await make(long_text)).value());
}
TEST_F(Coroutines, a_throw_of_what_is_awaited)
{
    EXPECT_THROW(run(throw_of_await()), std::runtime_error);
}

asio::awaitable<std::size_t> count(std::vector<std::string> words)
{
    co_await pause();
    co_return words.size();
}
asio::awaitable<void> braced_list()
{
    auto const words = co_await count({"one", long_text});
    EXPECT_EQ(words, 2U);
}
TEST_F(Coroutines, a_braced_list_as_argument)
{
    run(braced_list());
}

}  // namespace
