#include "dispatcher/notes.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>

namespace postroom::dispatcher {
namespace {

namespace asio = boost::asio;

class NotesTest : public testing::Test {
protected:
    net::awaitable<void> note(std::chrono::milliseconds after, std::string what)
    {
        asio::steady_timer timer(loop, after);
        co_await timer.async_wait(asio::use_awaitable);
        if (what.starts_with("fails")) throw std::runtime_error(what);
        ended += what;
    }
    void run(net::awaitable<void> work)
    {
        std::exception_ptr thrown;
        asio::co_spawn(loop, std::move(work), [&](std::exception_ptr e) { thrown = std::move(e); });
        loop.run();
        if (thrown) std::rethrow_exception(thrown);
    }

    asio::io_context loop;
    Notes notes{loop.get_executor()};
    std::string ended;
    std::string seen;  ///< of `ended`, when end() returned
};

TEST_F(NotesTest, EndWaitsForAll)
{
    auto work = [this]() -> net::awaitable<void> {
        notes.begin(note(std::chrono::milliseconds(20), "slow"));
        notes.begin(note(std::chrono::milliseconds(1), "fast "));
        EXPECT_EQ(ended, "");
        co_await notes.end();
        seen = ended;
    };
    run(work());
    EXPECT_EQ(seen, "fast slow");
}

TEST_F(NotesTest, EndOfNothingReturnsAtOnce)
{
    auto work = [this]() -> net::awaitable<void> {
        co_await notes.end();
        seen = "returned";
    };
    run(work());
    EXPECT_EQ(seen, "returned");
}

TEST_F(NotesTest, TheFirstFailureIsThrownOnceAllHaveEnded)
{
    auto work = [this]() -> net::awaitable<void> {
        notes.begin(note(std::chrono::milliseconds(1), "fails first"));
        notes.begin(note(std::chrono::milliseconds(5), "fails later"));
        notes.begin(note(std::chrono::milliseconds(20), "good"));
        try {
            co_await notes.end();
        } catch (std::runtime_error const& e) {
            seen = std::string(e.what()) + ", " + ended;
        }
        co_await notes.end();  // said once
    };
    run(work());
    EXPECT_EQ(seen, "fails first, good");
}

TEST_F(NotesTest, ANoteGoesOnWhereNobodyWaits)
{
    std::optional<Notes> own(loop.get_executor());
    own->begin(note(std::chrono::milliseconds(1), "noted"));
    own.reset();
    loop.run();
    EXPECT_EQ(ended, "noted");
}

}  // namespace
}  // namespace postroom::dispatcher
