// Workers that run side by side on one loop until all of them were stopped.
#pragma once

#include "cli/exit.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <exception>
#include <functional>
#include <string_view>
#include <utility>

namespace postroom::cli {

class Crew {
public:
    explicit Crew(boost::asio::io_context& loop) : loop_(loop) {}

    /// Starts `worker.run()`, which outlives the loop's last turn. Half of Postroom is worse than none: where one ends
    /// by an exception the process ends; whoever watches over it starts it anew, and the store bears that.
    template <class Worker>
    void spawn(Worker& worker, std::string_view name)
    {
        ++running_;
        boost::asio::co_spawn(loop_, worker.run(), [this, name](std::exception_ptr const& trouble) {
            if (trouble) {
                spdlog::critical("{} ended, which it never should; Postroom stops", name);
                spdlog::shutdown();
                std::_Exit(failed);
            }
            if (--running_ == 0 && ended_) ended_();
        });
    }

    /// Calls `ended` when the last of them, all of which were told to stop, has ended.
    void when_ended(std::function<void()> ended)
    {
        ended_ = std::move(ended);
        if (running_ == 0) ended_();
    }

private:
    boost::asio::io_context& loop_;
    int running_ = 0;
    std::function<void()> ended_;
};

}  // namespace postroom::cli
