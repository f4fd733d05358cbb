// Triage: takes filed mails from the queue, reads them and makes them activities of cases. Whatever a mail contains,
// the next one gets its turn: what can't be read goes to the exception queue, and a mail whose reading was begun three
// times and never ended is set aside without a fourth. Of several servers over one store, one reads at a time:
// otherwise each would count what the others began.
#pragma once

#include "base/backoff.hpp"
#include "base/clock.hpp"
#include "desk/terms.hpp"
#include "mime/read.hpp"
#include "model/message.hpp"
#include "screens/screen.hpp"
#include "store/coordination.hpp"
#include "store/store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace postroom::triage {

namespace asio = boost::asio;

struct Options {
    std::string owner = "triage";                 ///< whom the queue's lease is held by: this server
    int batch = 200;                              ///< mails that one round takes from the queue
    std::int64_t batch_bytes = 32 * 1024 * 1024;  ///< of mails read at once; one that is larger is read alone
    Duration poll{2'000};                         ///< looks at the queue without being nudged
    int tries = 3;
    Backoff backoff{Duration(500), Duration(30'000)};  ///< while the store fails
    std::function<void()> mail_queued{};               ///< an acknowledgement waits to be sent; called on the loop
};

class Triage {
public:
    /// Runs on `loop`; reads mails on `pool`, since a mail of 150 MiB must not stall the loop. Both, and the store,
    /// outlive it.
    Triage(asio::any_io_executor const& loop, asio::any_io_executor pool, store::Store& store,
           Clock const& clock = system_clock(), Options options = {});

    /// Works until stop(). Never throws: a failing store is waited for.
    asio::awaitable<void> run();
    /// Something was filed. Call it on the loop.
    void nudge();
    /// Ends run() after the mails at hand. Call it on the loop.
    void stop();

    /// One round: true where the queue may hold more, some of which may have been read already. Throws store::Failure.
    asio::awaitable<bool> round();

private:
    struct Reading;
    using Batch = std::shared_ptr<std::vector<Reading>>;
    struct Taken {
        std::set<model::MessageId> in_hand;  ///< not to be taken again
        std::set<model::MessageId> counted;  ///< by this process: their tries
    };

    [[nodiscard]] static bool is_alone(Batch const& batch);
    [[nodiscard]] Taken in_hand(Batch const& batch) const;
    std::vector<model::Message> next_batch(std::vector<model::Message> queue) const;
    /// False where nothing waits, or another server reads.
    bool take(store::Connection& c, Taken const& taken, Batch const& into);
    void note_begun(Batch const& batch);
    std::shared_ptr<screens::Rules const> rules_for(store::Connection& c, model::DepartmentId department);
    void load(store::Connection& c, std::vector<Reading>& batch);
    asio::awaitable<bool> begin(Batch before, Batch into);
    asio::awaitable<void> read(Batch batch);
    asio::awaitable<bool> finish(Batch now, Batch next, Batch after);
    asio::awaitable<void> let_go();
    asio::awaitable<bool> turn();
    asio::awaitable<void> finish_alone(Reading& reading);
    void settle(store::Connection& c, Reading& reading, desk::Terms const& terms) const;
    asio::awaitable<void> end_quiet_loops();
    asio::awaitable<void> wait(Duration how_long, bool until_nudged);

    asio::any_io_executor pool_;
    store::Store& store_;
    Clock const& clock_;
    Options options_;
    asio::steady_timer timer_;
    std::optional<store::Lease> lease_;      ///< of the queue: nothing where another server reads
    Batch read_;                             ///< while the batch before it was finished, or none
    Batch begun_next_;                       ///< with what was finished before: their tries are counted; or none
    std::map<model::MessageId, int> begun_;  ///< counted by this process and not finished: how often the store refused
    /// The screens of departments, kept until their version is another.
    struct Kept {
        std::int64_t version = 0;
        std::shared_ptr<screens::Rules const> rules;
    };
    std::map<model::DepartmentId, Kept> screens_;
    std::shared_ptr<screens::Rules const> default_screens_ = std::make_shared<screens::Rules const>();
    Instant loops_looked_at_{};
    bool nudged_ = false;
    bool interruptible_ = false;  ///< a nudge ends the wait under way
    bool stopped_ = false;
};

}  // namespace postroom::triage
