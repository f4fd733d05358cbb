// Carries out the jobs of one kind: claims them as they come, keeps their leases while they are worked on, and leaves
// those of a server that died to the next.
#pragma once

#include "store/coordination.hpp"
#include "store/store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace postroom::store {

/// Used from one event loop's thread.
class JobRunner {
public:
    struct Options {
        std::size_t at_once = 8;
        Duration lease{20'000};  ///< renewed: what a server had when it died is the next one's then
        Duration poll{2'000};    ///< looks for jobs without being nudged
    };
    /// Does what a job asks for, and finishes it in the store in the name of `owner`. One that was not finished, or
    /// threw, is taken up again when its lease has run out, by this server or another.
    using Work = std::function<boost::asio::awaitable<void>(Job job, std::string owner)>;

    /// `owner` is this server's name. `about` begins its log's lines: "trying grants".
    JobRunner(Store& store, boost::asio::any_io_executor const& loop, std::string kind, std::string owner,
              std::string about, Work work, Options options);
    ~JobRunner();

    /// Works until stop(); returns once what is under way has ended. Never throws.
    [[nodiscard]] boost::asio::awaitable<void> run();
    /// A job was added.
    void nudge();
    void stop();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace postroom::store
