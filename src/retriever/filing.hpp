// Filing: the bytes of a mail and its ledger row, committed in one transaction, before anything interprets or deletes
// the mail.
#pragma once

#include "model/figures.hpp"
#include "model/mailbox.hpp"
#include "model/message.hpp"
#include "net/transport.hpp"
#include "retriever/body-budget.hpp"
#include "store/coordination.hpp"
#include "store/store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace postroom::retriever {

namespace asio = boost::asio;

/// Where a comparison files to: a folder of a mailbox, under a lease.
struct FilingPlace {
    model::Mailbox mailbox;
    std::uint32_t uid_validity = 0;  ///< 0 over POP3
    store::Lease lease;
    Duration lease_length{15 * 60'000};  ///< every commit renews it: a large mailbox, or one large mail, takes longer
    std::shared_ptr<BodyBudget> bodies = BodyBudget::make();  ///< shared with the other mailboxes
    std::size_t wanted = 0;           ///< mails: for whoever watches a fetch that takes its time
    std::function<void()> stir = {};  ///< called when a mail, or a chunk of a large one, has come; or none
};

/// What is known of a mail once it has come.
struct Came {
    std::uint32_t uid = 0;
    std::string unique_id{};            ///< over POP3
    std::optional<Instant> received{};  ///< INTERNALDATE; none: what its header says, else now
};

/// Where the bytes of one fetch go, over whichever protocol: for each mail begin, chunk…, then end or discard. Bodies
/// are digested and cut into chunks as they stream in; mails that come while others are committed are committed
/// together, so that the wire is the limit. Call settle() after the fetch: only then is everything durable.
class Filing {
public:
    /// How much may await its commit before more is read: writes (a mail, or a chunk of a large one), and their bytes.
    struct Bounds {
        std::size_t writes = 400;
        std::size_t bytes = 4 * 1024 * 1024;
    };

    /// `pool` is where bytes are digested and compressed.
    Filing(store::Store& store, Clock const& clock, asio::any_io_executor loop, asio::any_io_executor const& pool,
           FilingPlace place, Bounds bounds);
    ~Filing();

    /// Of so many bytes, as far as is known. What was begun before and not ended is forgotten.
    void begin(std::uint64_t size = 0);
    net::awaitable<void> chunk(std::string_view bytes);
    net::awaitable<void> end(Came came);
    void discard();

    /// Waits until everything was committed. Throws what a commit threw.
    net::awaitable<void> settle();

    /// Newly filed: without duplicates and what the baseline skips.
    [[nodiscard]] std::size_t filed() const;
    /// What became of what came, as far as it was committed. A fetch that takes longer than a second tells how far it
    /// is, every second, beside what it files.
    [[nodiscard]] model::Figures const& counted() const;

private:
    struct Mail;
    struct Entry;
    struct Commits;

    /// Returns once it waits for its commit beside the others; what goes wrong is thrown by a later call, or by
    /// settle().
    net::awaitable<void> hand_over(Entry entry);
    [[nodiscard]] std::optional<model::LookProgress> progress_due();
    static net::awaitable<void> commit(store::Store* store, std::shared_ptr<FilingPlace const> place,
                                       std::shared_ptr<Commits> commits);

    store::Store& store_;
    Clock const& clock_;
    asio::any_io_executor loop_;
    std::shared_ptr<FilingPlace const> place_;
    Bounds bounds_;
    std::unique_ptr<Mail> mail_;
    std::shared_ptr<Commits> commits_;
    model::LookProgress progress_;
    std::chrono::steady_clock::time_point tell_;
};

}  // namespace postroom::retriever
