// The store: reads beside each other, writes in groups. A coroutine asks from any executor and resumes there.
#pragma once

#include "store/connection.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace postroom::store {

namespace asio = boost::asio;
template <class T>
using awaitable = asio::awaitable<T>;

struct Options {
    /// An SQLite file, whose folder is made where it is missing, or postgresql://user@host/database.
    std::string path;
    Clock const* clock = nullptr;  ///< instead of the store's own: the machine's, or the PostgreSQL server's
    std::size_t group = 100;       ///< most operations in one commit
    std::size_t group_bytes = 4 * 1024 * 1024;  ///< and most bytes, as the operations state them
    std::size_t readers = 2;
    int checkpoint = 4'000;  ///< from so many pages of SQLite's WAL on it is moved into the file, beside whoever writes
    std::string called = "postroom";     ///< to the PostgreSQL server, in pg_stat_activity
    std::size_t most_waiting = 100'000;  ///< operations; one more throws Failure (Trouble::limit)
};

/// True where the location is a URL of PostgreSQL, and not a path.
[[nodiscard]] bool is_postgresql(std::string_view location);
/// The location without user, password and options.
[[nodiscard]] std::string for_people(std::string const& location);

/// Closing (the destructor) carries out what was accepted, then refuses the rest. Its threads post to the executors of
/// whoever waits, so every io_context that its callers run on is made before it and goes after it.
class Store {
public:
    /// Opens or makes the store and brings its schema up to date. Errors: Trouble::store or Trouble::conflict (a schema
    /// newer than this program, saying which version it is of).
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(Options options);
    virtual ~Store() = default;

    /// Runs `work` on the store thread, in a savepoint of its own within the group that is being committed; returns
    /// after the commit is durable. What `work` throws undoes only its own changes and is rethrown here. A commit that
    /// fails throws Failure to everybody in its group; where PostgreSQL went away before it answered, it may have been
    /// carried out all the same. `bytes` is about how much is written.
    template <class Work>
    awaitable<std::invoke_result_t<Work&, Connection&>> write(Work work, std::size_t bytes = 0)
    {
        using T = std::invoke_result_t<Work&, Connection&>;
        if constexpr (std::is_void_v<T>) {
            std::function<void(Connection&)> job = [&work](Connection& c) { work(c); };
            co_await submit_write(std::move(job), bytes);
        } else {
            std::optional<T> result;
            std::function<void(Connection&)> job = [&result, &work](Connection& c) { result.emplace(work(c)); };
            co_await submit_write(std::move(job), bytes);
            co_return std::move(*result);
        }
    }

    /// Runs `work` on a reader thread, in one read transaction: it sees everything that was committed before.
    template <class Work>
    awaitable<std::invoke_result_t<Work&, Connection&>> read(Work work)
    {
        using T = std::invoke_result_t<Work&, Connection&>;
        if constexpr (std::is_void_v<T>) {
            std::function<void(Connection&)> job = [&work](Connection& c) { work(c); };
            co_await submit_read(std::move(job));
        } else {
            std::optional<T> result;
            std::function<void(Connection&)> job = [&result, &work](Connection& c) { result.emplace(work(c)); };
            co_await submit_read(std::move(job));
            co_return std::move(*result);
        }
    }

    /// The same for callers that are no coroutines: tests, and the commands that open the store themselves. Never from
    /// inside `work`.
    virtual void write_now(std::function<void(Connection&)> work) = 0;
    virtual void read_now(std::function<void(Connection&)> work) = 0;

    struct Counts {
        std::uint64_t commits = 0;
        std::uint64_t operations = 0;  ///< in those commits
        Duration time{};               ///< that they took, from their first operation to their answer
    };
    /// Since it was opened.
    [[nodiscard]] virtual Counts counts() const = 0;

    /// That nothing can be written, and why, in words: a full disk can't be noted in the store itself. Ends with a
    /// commit that succeeds at least 15 s after the last that did not: small ones do while large ones don't.
    struct Standstill {
        Instant since{};
        std::string words;
    };
    [[nodiscard]] virtual std::optional<Standstill> standstill() const { return std::nullopt; }

protected:
    virtual awaitable<void> submit_write(std::function<void(Connection&)> work, std::size_t bytes) = 0;
    virtual awaitable<void> submit_read(std::function<void(Connection&)> work) = 0;
};

}  // namespace postroom::store
