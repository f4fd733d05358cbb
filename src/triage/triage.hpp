// Triage: takes filed mails from the queue, reads them and makes them activities of cases. Whatever a mail contains,
// the next one gets its turn: what can't be read goes to the exception queue, and a mail whose reading was begun three
// times and never ended is set aside without a fourth.
#pragma once

#include "base/clock.hpp"
#include "store/store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>

namespace postroom::triage {

namespace asio = boost::asio;

struct Options {
    int batch = 200;                              ///< mails that one round takes from the queue
    std::int64_t batch_bytes = 32 * 1024 * 1024;  ///< read at once; one mail above it is read alone
    Duration poll{2'000};                         ///< looks at the queue without being nudged
    int tries = 3;
};

class Triage {
public:
    /// Runs on `loop`; reads mails on `pool`, since a mail of 150 MiB must not stall the loop. Both, and the store,
    /// outlive it.
    Triage(asio::any_io_executor loop, asio::any_io_executor pool, store::Store& store,
           Clock const& clock = system_clock(), Options options = {});

    /// Works until stop(). Never throws: a failing store is waited for, with backoff.
    asio::awaitable<void> run();
    /// Something was filed; call on the loop.
    void nudge();
    /// Ends run() after the mails at hand; call on the loop.
    void stop();

    /// One round: true where the queue may hold more. Throws store::Failure.
    asio::awaitable<bool> round();

private:
    asio::awaitable<void> wait(Duration how_long);

    asio::any_io_executor pool_;
    store::Store& store_;
    Clock const& clock_;
    Options options_;
    asio::steady_timer timer_;
    bool nudged_ = false;
    bool stopped_ = false;
};

}  // namespace postroom::triage
