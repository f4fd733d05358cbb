// The retriever: keeps every mailbox compared with its server. One coroutine a mailbox, all on one loop.
#pragma once

#include "grants/sign-in.hpp"
#include "retriever/body-budget.hpp"
#include "store/store.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postroom::retriever {

struct Ground {
    store::Store* store;
    grants::Roads roads;
    boost::asio::any_io_executor loop;
    boost::asio::any_io_executor pool;  ///< threads beside the loop, which digest and compress what comes
    std::string owner;                  ///< in whose name leases are taken: this server's
    std::function<void()> filed;        ///< called on the loop after mail was filed
    Clock const* clock = &system_clock();
    std::shared_ptr<BodyBudget> bodies = BodyBudget::make();  ///< of all mailboxes together
    Duration stall{15 * 60'000};  ///< a session in which nothing is done for so long is ended by the watchdog
};

/// What one look at a mailbox brought.
struct Look {
    std::string mailbox;  ///< address
    bool ok = false;
    std::size_t filed = 0;
    std::string reason;  ///< why not; or what people should know all the same; or empty
};

class Retriever {
public:
    explicit Retriever(Ground ground);
    ~Retriever();

    /// Works until stop(): then returns once every mailbox has let go of its connection. Never throws.
    [[nodiscard]] net::awaitable<void> run();
    /// Accounts or mailboxes changed, or a grant was accepted: those concerned look at once. Within ten seconds that
    /// is noticed without.
    void nudge();
    void stop();

    /// Compares these mailboxes, or all, with their servers as soon as may be, and tells what came of it. Errors:
    /// Trouble::not_found.
    [[nodiscard]] net::awaitable<Result<std::vector<Look>>> retrieve_once(
        std::optional<std::vector<std::string>> addresses);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace postroom::retriever
