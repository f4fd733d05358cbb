// The application server's watch over what is under way to a grant: asks providers whether a device's code was entered,
// settles what no services server tried, ends what nobody came back from, and sweeps what ended long ago. Several
// servers may keep watch over one store.
#pragma once

#include "grants/tokens.hpp"

#include <functional>
#include <memory>
#include <string>

namespace postroom::grants {

/// Used from one event loop's thread.
class AuthorizationKeeper {
public:
    /// `server` is what its leases are held by. `accepted` is called when it made a grant count.
    AuthorizationKeeper(Ground ground, std::string server, std::function<void()> accepted = [] {});
    ~AuthorizationKeeper();

    /// Until stop() is called, and what it began has ended. Never throws.
    [[nodiscard]] net::awaitable<void> run();
    void stop();
    /// Something was begun: look now.
    void nudge();
    /// One look at everything that is open; returns once all that was due is done.
    [[nodiscard]] net::awaitable<void> look();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace postroom::grants
