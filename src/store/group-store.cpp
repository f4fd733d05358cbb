// A coroutine that asks is suspended until its answer is posted to its own executor; that wait is the back-pressure.
#include "store/group-store.hpp"

#include <fmt/format.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace postroom::store {

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

class GroupStore final : public Store {
public:
    GroupStore(Options const& options, std::unique_ptr<Session> writer, std::vector<std::unique_ptr<Session>> readers)
        : group_(options.group),
          group_bytes_(options.group_bytes),
          clock_(options.clock ? *options.clock : system_clock()),
          writes_(options.most_waiting),
          reads_(options.most_waiting),
          writer_(std::move(writer)),
          readers_(std::move(readers))
    {
        try {
            threads_.emplace_back([this] { write_in_groups(); });
            for (auto const& reader : readers_) threads_.emplace_back([this, &reader] { read_one_by_one(*reader); });
        } catch (std::system_error const& e) {
            stop();
            throw Failure(Trouble::store, e.what());
        }
    }

    ~GroupStore() override { stop(); }

    void write_now(Work work) override { wait_for(writes_, std::move(work)); }
    void read_now(Work work) override { wait_for(reads_, std::move(work)); }
    [[nodiscard]] Counts counts() const override
    {
        return {commits_.load(), operations_.load(), Duration(microseconds_.load() / 1'000)};
    }
    [[nodiscard]] std::optional<Standstill> standstill() const override
    {
        std::lock_guard const lock(standstill_mutex_);
        return standstill_;
    }

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
            std::string trouble;
            auto const begun = std::chrono::steady_clock::now();
            try {
                commit(group, trouble);
                auto const took = std::chrono::steady_clock::now() - begun;
                microseconds_ += std::chrono::duration_cast<std::chrono::microseconds>(took).count();
            } catch (Failure const& failure) {
                lost = std::current_exception();
                trouble = failure.what();
                writer_->roll_back();
            } catch (...) {
                lost = std::current_exception();
                writer_->roll_back();
            }
            note_trouble(std::move(trouble));
            // Moved, so that an exception that a coroutine looks at isn't freed here meanwhile.
            for (auto& operation : group) operation.done(lost ? lost : std::move(operation.error));
        }
    }

    // A trouble of the store, or nothing where the group went well. A disk that is full for a mail takes what is noted
    // about it a moment later: so nobody would see that anything stands still, if that ended it at once.
    void note_trouble(std::string words)
    {
        constexpr Duration at_least{15'000};
        std::lock_guard const lock(standstill_mutex_);
        if (!words.empty()) {
            standstill_ = {standstill_ ? standstill_->since : clock_.now(), std::move(words)};
            last_trouble_ = clock_.now();
        } else if (standstill_) {
            auto const since = clock_.now() - last_trouble_;
            if (since >= at_least || since < Duration(0)) standstill_.reset();  // or the clock was set back
        }
    }

    // Throws where the whole group is lost. `trouble` is the store's, which an operation met.
    void commit(std::vector<Operation>& group, std::string& trouble)
    {
        writer_->begin_group(group.size());
        for (auto& operation : group) {
            writer_->begin_operation();
            try {
                operation.work(*writer_);
                writer_->end_operation();
            } catch (Failure const& failure) {
                operation.error = std::current_exception();
                if (failure.is_standstill()) trouble = failure.what();
                if (!writer_->undo_operation()) throw;
            } catch (...) {
                operation.error = std::current_exception();
                if (!writer_->undo_operation()) throw;
            }
        }
        writer_->commit();
        ++commits_;
        operations_ += group.size();
    }

    void read_one_by_one(Session& reader)
    {
        for (;;) {
            auto taken = reads_.take(1, 0);
            if (taken.empty()) return;
            auto& operation = taken.front();
            try {
                reader.begin_reading();
                operation.work(reader);
            } catch (...) {
                operation.error = std::current_exception();
            }
            operation.done(std::move(operation.error));
            reader.end_reading();
        }
    }

    std::size_t const group_;
    std::size_t const group_bytes_;
    Clock const& clock_;
    std::mutex mutable standstill_mutex_;
    std::optional<Standstill> standstill_;
    Instant last_trouble_{};
    Queue writes_;
    Queue reads_;
    std::atomic<std::uint64_t> commits_ = 0;
    std::atomic<std::uint64_t> operations_ = 0;
    std::atomic<std::int64_t> microseconds_ = 0;  // that commits took
    std::unique_ptr<Session> writer_;
    std::vector<std::unique_ptr<Session>> readers_;
    std::vector<std::jthread> threads_;
};

}  // namespace

std::unique_ptr<Store> make_group_store(Options const& options, std::unique_ptr<Session> writer,
                                        std::vector<std::unique_ptr<Session>> readers)
{
    return std::make_unique<GroupStore>(options, std::move(writer), std::move(readers));
}

}  // namespace postroom::store
