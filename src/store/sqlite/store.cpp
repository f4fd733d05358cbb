// The store over SQLite: one thread that writes, in groups, and a few that read. A coroutine that asks is suspended
// until its answer is posted to its own executor; that wait is the back-pressure.
#include "store/store.hpp"

#include "store/sqlite/driver.hpp"
#include "store/sqlite/schema.hpp"

#include <fmt/format.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <future>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace postroom::store {

namespace sqlite {

namespace {

using Work = std::function<void(Connection&)>;
using Done = std::move_only_function<void(std::exception_ptr)>;

struct Operation {
    Work work;
    std::size_t bytes = 0;
    Done done;
    std::exception_ptr error;
};

/// What waits for a thread. Closed, it takes nothing more but gives what it has.
class Queue {
public:
    explicit Queue(std::size_t most) : most_(most) {}

    /// Nothing where it was taken, otherwise why not.
    [[nodiscard]] std::optional<Failure> put(Operation& operation)
    {
        {
            std::lock_guard const lock(mutex_);
            if (closed_) return Failure(Trouble::store, "the store is closed");
            if (waiting_.size() >= most_)
                return Failure(Trouble::limit, fmt::format("the store can't keep up: {} operations wait", most_));
            waiting_.push_back(std::move(operation));
        }
        ready_.notify_one();
        return std::nullopt;
    }

    /// At least one, at most `count` and about `bytes`; none when it is closed and empty.
    [[nodiscard]] std::vector<Operation> take(std::size_t count, std::size_t bytes)
    {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
        std::vector<Operation> group;
        std::size_t total = 0;
        while (!waiting_.empty() && group.size() < count &&
               (group.empty() || total + waiting_.front().bytes <= bytes)) {
            total += waiting_.front().bytes;
            group.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        return group;
    }

    void close()
    {
        {
            std::lock_guard const lock(mutex_);
            closed_ = true;
        }
        ready_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<Operation> waiting_;
    std::size_t const most_;
    bool closed_ = false;
};

class SqliteStore final : public Store {
public:
    explicit SqliteStore(Options const& options)
        : group_(options.group),
          group_bytes_(options.group_bytes),
          writes_(options.most_waiting),
          reads_(options.most_waiting)
    {
        writer_ = std::make_unique<Driver>(options.path, Driver::Mode::read_write, *options.clock);
        // A crash of the program loses nothing in WAL; with FULL a power cut doesn't either. The log is checkpointed
        // every 16 MiB, and cut back to 64 MiB where a long read kept it from that.
        writer_->script(
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864");
        // Savepoints keep the pages they would restore: in memory, where a file took most of the time of a group. And a
        // group's pages fit into the cache, so that each is written once, at the commit.
        writer_->script("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536");
        bring_up_to_date(*writer_);
        for (std::size_t i = 0; i < options.readers; ++i)
            readers_.push_back(std::make_unique<Driver>(options.path, Driver::Mode::read_only, *options.clock));
        try {
            threads_.emplace_back([this] { write_in_groups(); });
            for (auto const& reader : readers_) threads_.emplace_back([this, &reader] { read_one_by_one(*reader); });
        } catch (std::system_error const& e) {
            stop();
            throw Failure(Trouble::store, e.what());
        }
    }

    ~SqliteStore() override { stop(); }

    void write_now(Work work) override { wait_for(writes_, std::move(work)); }
    void read_now(Work work) override { wait_for(reads_, std::move(work)); }
    [[nodiscard]] Counts counts() const override { return {commits_.load(), operations_.load()}; }

protected:
    awaitable<void> submit_write(Work work, std::size_t bytes) override
    {
        return submit(writes_, std::move(work), bytes);
    }
    awaitable<void> submit_read(Work work) override { return submit(reads_, std::move(work), 0); }

private:
    void stop()
    {
        writes_.close();
        reads_.close();
        threads_.clear();
    }

    // Once it is accepted it is carried out: cancelling the coroutine doesn't call it back.
    static awaitable<void> submit(Queue& queue, Work work, std::size_t bytes)
    {
        co_await asio::async_initiate<asio::use_awaitable_t<> const, void(std::exception_ptr)>(
            [](auto handler, Queue* to, Work* what, std::size_t size) {
                auto guard = asio::make_work_guard(handler);
                auto shared = std::make_shared<decltype(handler)>(std::move(handler));
                Done done = [shared, guard](std::exception_ptr error) mutable {
                    auto executor = guard.get_executor();
                    asio::post(executor, [shared = std::move(shared), guard = std::move(guard),
                                          error = std::move(error)]() mutable { (*shared)(std::move(error)); });
                };
                Operation operation{std::move(*what), size, std::move(done), {}};
                if (auto refused = to->put(operation)) operation.done(std::make_exception_ptr(*refused));
            },
            asio::use_awaitable, &queue, &work, bytes);
    }

    static void wait_for(Queue& queue, Work work)
    {
        std::exception_ptr error;
        // Shared, since the store thread may still be about to leave set_value() when we go on.
        auto const done = std::make_shared<std::promise<void>>();
        Operation operation{std::move(work),
                            0,
                            [&error, done](std::exception_ptr why) {
                                error = std::move(why);
                                done->set_value();
                            },
                            {}};
        if (auto refused = queue.put(operation)) throw Failure(*refused);
        done->get_future().get();
        if (error) std::rethrow_exception(std::move(error));
    }

    void write_in_groups()
    {
        for (;;) {
            auto group = writes_.take(group_, group_bytes_);
            if (group.empty()) return;
            std::exception_ptr lost;
            try {
                commit(group);
            } catch (...) {
                lost = std::current_exception();
                roll_back();
            }
            // Moved, so that an exception that a coroutine looks at isn't freed here meanwhile.
            for (auto& operation : group) operation.done(lost ? lost : std::move(operation.error));
        }
    }

    // Each operation in a savepoint of its own; throws where the whole group is lost.
    void commit(std::vector<Operation>& group)
    {
        writer_->execute("BEGIN IMMEDIATE");
        for (auto& operation : group) {
            writer_->execute("SAVEPOINT operation");
            try {
                operation.work(*writer_);
            } catch (...) {
                operation.error = std::current_exception();
                // On some errors SQLite rolls back the whole transaction by itself.
                if (!writer_->in_transaction()) throw;
                writer_->execute("ROLLBACK TO operation");
            }
            writer_->execute("RELEASE operation");
        }
        writer_->execute("COMMIT");
        ++commits_;
        operations_ += group.size();
    }

    void roll_back() noexcept
    {
        try {
            if (writer_->in_transaction()) writer_->execute("ROLLBACK");
        } catch (Failure const&) {  // the next BEGIN will say so to whoever comes next
        }
    }

    void read_one_by_one(Driver& reader)
    {
        for (;;) {
            auto taken = reads_.take(1, 0);
            if (taken.empty()) return;
            auto& operation = taken.front();
            try {
                reader.execute("BEGIN");
                operation.work(reader);
            } catch (...) {
                operation.error = std::current_exception();
            }
            try {
                if (reader.in_transaction()) reader.execute("COMMIT");
            } catch (...) {
                if (!operation.error) operation.error = std::current_exception();
            }
            operation.done(std::move(operation.error));
        }
    }

    std::size_t const group_;
    std::size_t const group_bytes_;
    Queue writes_;
    Queue reads_;
    std::atomic<std::uint64_t> commits_ = 0;
    std::atomic<std::uint64_t> operations_ = 0;
    std::unique_ptr<Driver> writer_;
    std::vector<std::unique_ptr<Driver>> readers_;
    std::vector<std::jthread> threads_;
};

}  // namespace

}  // namespace sqlite

Result<std::unique_ptr<Store>> Store::open(Options options)
{
    auto const folder = std::filesystem::path(options.path).parent_path();
    std::error_code error;
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error)
        return failure(Trouble::store,
                       fmt::format("the store's folder {} can't be made: {}", folder.string(), error.message()));
    try {
        return std::make_unique<sqlite::SqliteStore>(options);
    } catch (Failure const& e) {
        return failure(e.kind() == Trouble::conflict ? Trouble::conflict : Trouble::store,
                       fmt::format("the store {} can't be opened: {}", options.path, e.what()));
    }
}

}  // namespace postroom::store
