// The alarm notifier, on the application server: looks at the store, calls people once a cause, and gets its mail out
// by whatever route is left. Of several servers one does; it needs no services server.
#pragma once

#include "grants/sign-in.hpp"
#include "store/store.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>

namespace postroom::alarms {

struct Ground {
    store::Store* store;
    grants::Roads roads;  ///< its tokens renew the grant of the notifier's own account where no refresher does
    boost::asio::any_io_executor loop;
    std::string owner;  ///< in whose name it holds its lease: this server's
    Clock const* clock = &system_clock();
    Duration look_every{5'000};
    Duration route_limit{60'000};  ///< which one route has for a mail
};

class Notifier {
public:
    explicit Notifier(Ground ground);
    ~Notifier();

    /// Works until stop(); returns once the mail that is under way has its answer, or was broken off. Never throws.
    [[nodiscard]] net::awaitable<void> run();
    void stop();

    /// One look, and what is due of its mail: what run() does again and again. Throws store::Failure.
    [[nodiscard]] net::awaitable<void> look();
    [[nodiscard]] net::awaitable<void> deliver();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace postroom::alarms
