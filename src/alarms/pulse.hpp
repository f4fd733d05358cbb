// A server says that its workers live, on the loop that they run on: one that hangs says nothing. Every 20 s.
#pragma once

#include "store/store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <string>

namespace postroom::alarms {

class Pulse {
public:
    /// `part` is application or services; `folder` lies on the disk that is watched.
    Pulse(boost::asio::any_io_executor const& loop, store::Store& store, std::string server, std::string part,
          std::string folder);
    /// Until stop(), which it notes: who stopped in order is missed by nobody. Never throws.
    [[nodiscard]] store::awaitable<void> run();
    void stop();

private:
    store::awaitable<void> beat();

    store::Store& store_;
    std::string server_, part_, folder_;
    boost::asio::steady_timer pause_;
    bool stopped_ = false;
};

}  // namespace postroom::alarms
