// The dispatcher: sends what is queued, each mail once. One coroutine for each account that has something due, all on
// one loop.
#pragma once

#include "grants/sign-in.hpp"
#include "store/store.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>

namespace postroom::dispatcher {

struct Ground {
    store::Store* store;
    grants::Roads roads;
    boost::asio::any_io_executor loop;
    std::string owner;  ///< in whose name mails are claimed: this server's
    Clock const* clock = &system_clock();
    Duration ask_again{500};  ///< how long to wait for a store that failed, at first
};

class Dispatcher {
public:
    explicit Dispatcher(Ground ground);
    ~Dispatcher();

    /// Works until stop(): then returns once what was being committed has its answer, or is in doubt. Never throws.
    [[nodiscard]] net::awaitable<void> run();
    /// Something was queued, or an account or its grant changed: that one's trouble is over, and nobody else's.
    void nudge();
    void stop();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace postroom::dispatcher
