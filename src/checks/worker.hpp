// A server's part in the check list: takes the jobs that ask for a run here, and asks for one as often as the schedule
// says.
#pragma once

#include "checks/run.hpp"
#include "store/findings.hpp"
#include "store/job-runner.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>

namespace postroom::checks {

/// Asks for a run: a job for each side, or one for a server that is both. Returns its id.
store::CheckRunId begin_run(store::Connection& c, Wanted const& wanted, std::string_view asker, bool one_server,
                            Instant now);
/// Of a run: what it was asked for.
[[nodiscard]] Wanted wanted_of(std::string_view asked);

/// Used from one event loop's thread.
class CheckWorker {
public:
    /// `owner` is this server's name, by which findings are kept.
    CheckWorker(Bench::Ground ground, boost::asio::any_io_executor const& loop, std::string owner, Side side);
    ~CheckWorker();

    /// Works until stop(), and asks for a run whenever one is due, unless this server has the console on another.
    /// Never throws.
    [[nodiscard]] net::awaitable<void> run();
    /// A run was asked for.
    void nudge();
    void stop();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
    std::unique_ptr<store::JobRunner> runner_;
    std::unique_ptr<store::JobRunner> here_;  // of what this server alone is asked
};

}  // namespace postroom::checks
