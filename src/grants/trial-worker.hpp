// The services server's part in a grant: takes the jobs that ask for one to be tried, tries it at the account's mail
// servers, and settles it. A server that dies in the middle leaves its job to the next.
#pragma once

#include "grants/trial.hpp"
#include "store/job-runner.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>

namespace postroom::grants {

/// Used from one event loop's thread.
class TrialWorker {
public:
    struct Options {
        std::size_t at_once = 8;
        Duration lease{20'000};  ///< renewed: what a server had when it died is the next one's then
        Duration poll{2'000};    ///< looks for jobs without being nudged
        TrialLimits limits{};
    };
    /// `owner` is this server's name. `accepted` is called after a grant began to count.
    TrialWorker(Ground ground, Roads roads, boost::asio::any_io_executor const& loop, std::string owner,
                std::function<void()> accepted, Options options);
    ~TrialWorker();

    /// Works until stop(); returns once what is under way has ended. Never throws.
    [[nodiscard]] net::awaitable<void> run();
    /// A job was added.
    void nudge();
    void stop();

private:
    class Impl;
    std::unique_ptr<store::JobRunner> runner_;
};

}  // namespace postroom::grants
