#include "store/job-runner.hpp"

#include "base/text.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace postroom::store {

namespace asio = boost::asio;

class JobRunner::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(Store& store, asio::any_io_executor const& loop, std::string kind, std::string owner, std::string about,
         Work work, Options options)
        : store_(store),
          timer_(loop),
          kind_(std::move(kind)),
          // A job that an earlier run of this server held is not this run's.
          owner_(std::move(owner) + '#' + to_hex(random_bytes(8))),
          about_(std::move(about)),
          work_(std::move(work)),
          options_(options)
    {
    }

    asio::awaitable<void> run()
    {
        while (!stopped_) {
            try {
                while (!stopped_ && running_ < options_.at_once) {
                    auto job = co_await claim();
                    if (!job) break;
                    begin(std::move(*job));
                }
            } catch (Failure const& failure) {
                spdlog::error("{}: {}", about_, failure.what());
            }
            if (!stopped_ && !std::exchange(nudged_, false)) co_await sleep(options_.poll);
        }
        while (running_ > 0) co_await sleep(Duration(50));
    }

    void nudge()
    {
        nudged_ = true;
        timer_.cancel();
    }

    void stop()
    {
        stopped_ = true;
        timer_.cancel();
    }

private:
    struct Renewal {
        explicit Renewal(asio::any_io_executor const& executor) : timer(executor) {}
        asio::steady_timer timer;
        bool ended = false;
    };

    asio::awaitable<std::optional<Job>> claim()
    {
        auto due = [this](Connection& c) { return job_due(c, kind_); };
        bool const any = co_await store_.read(std::move(due));
        if (!any) co_return std::nullopt;
        auto work = [this](Connection& c) { return claim_job(c, kind_, owner_, options_.lease); };
        auto job = co_await store_.write(std::move(work));
        co_return job;
    }

    void begin(Job job)
    {
        ++running_;
        auto working = work(shared_from_this(), std::move(job));
        asio::co_spawn(timer_.get_executor(), std::move(working),
                       [self = shared_from_this()](std::exception_ptr const&) {
                           --self->running_;
                           self->nudge();
                       });
    }

    static asio::awaitable<void> work(std::shared_ptr<Impl> self, Job job)
    {
        auto const renewal = std::make_shared<Renewal>(self->timer_.get_executor());
        auto keeping = keep(self, job.id, renewal);
        asio::co_spawn(self->timer_.get_executor(), std::move(keeping), asio::detached);
        std::string trouble;
        try {
            co_await self->work_(std::move(job), self->owner_);
        } catch (std::exception const& failure) {
            trouble = failure.what();
        }
        renewal->ended = true;
        renewal->timer.cancel();
        if (!trouble.empty()) spdlog::error("{}: {}", self->about_, printable(trouble, 500));
    }

    static asio::awaitable<void> keep(std::shared_ptr<Impl> self, model::JobId id, std::shared_ptr<Renewal> renewal)
    {
        while (!renewal->ended) {
            renewal->timer.expires_after(self->options_.lease / 3);
            boost::system::error_code woken;
            co_await renewal->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
            if (renewal->ended) co_return;
            auto renew = [self, id](Connection& c) { renew_job(c, id, self->owner_, self->options_.lease); };
            try {
                co_await self->store_.write(std::move(renew));
            } catch (Failure const& failure) {
                spdlog::warn("{}: {}", self->about_, failure.what());
            }
        }
    }

    asio::awaitable<void> sleep(Duration how_long)
    {
        timer_.expires_after(how_long);
        boost::system::error_code woken;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        nudged_ = false;
    }

    Store& store_;
    asio::steady_timer timer_;
    std::string kind_, owner_, about_;
    Work work_;
    Options options_;
    std::size_t running_ = 0;
    bool nudged_ = false;
    bool stopped_ = false;
};

JobRunner::JobRunner(Store& store, asio::any_io_executor const& loop, std::string kind, std::string owner,
                     std::string about, Work work, Options options)
    : impl_(std::make_shared<Impl>(store, loop, std::move(kind), std::move(owner), std::move(about), std::move(work),
                                   options))
{
}
JobRunner::~JobRunner() = default;

asio::awaitable<void> JobRunner::run()
{
    return impl_->run();
}
void JobRunner::nudge()
{
    impl_->nudge();
}
void JobRunner::stop()
{
    impl_->stop();
}

}  // namespace postroom::store
