// Delivers what webhooks are told, on the application server: each until it is taken, one after the other. Of several
// servers one does.
#pragma once

#include "grants/tokens.hpp"
#include "model/webhook.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>

namespace postroom::webhooks {

/// What becomes of a delivery by the answer to this try: taken where the status is 2xx; else later, with a growing
/// pause, for three days. Pure. `random` is in [0, 1).
void judge(model::Delivery& delivery, unsigned status, std::string reason, Instant now, double random);

/// Used from one event loop's thread.
class Webhooks {
public:
    Webhooks(grants::Ground ground, boost::asio::any_io_executor loop, std::string owner);
    ~Webhooks();

    /// Works until stop(); returns once what is under way has ended. Never throws.
    [[nodiscard]] net::awaitable<void> run();
    /// Something may be due.
    void nudge();
    void stop();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace postroom::webhooks
