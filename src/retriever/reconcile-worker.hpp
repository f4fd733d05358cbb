// The services server's part in a comparison of a mailbox with its server: takes the jobs that ask for one.
#pragma once

#include "retriever/reconcile.hpp"
#include "store/job-runner.hpp"

#include <memory>
#include <string>

namespace postroom::retriever {

/// Used from one event loop's thread.
class ReconcileWorker {
public:
    ReconcileWorker(store::Store& store, grants::Roads roads, boost::asio::any_io_executor const& loop,
                    std::string owner);
    ~ReconcileWorker();

    /// Works until stop(): then returns once every comparison has let go of its connection. Never throws.
    [[nodiscard]] net::awaitable<void> run();
    /// A job was added.
    void nudge();
    void stop();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
    std::unique_ptr<store::JobRunner> runner_;
};

}  // namespace postroom::retriever
