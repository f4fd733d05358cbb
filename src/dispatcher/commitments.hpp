// What sessions write down in groups where their servers are quick: the answers to mails that went out, and, by the
// same transaction, claimed → committing of those that go out next. So the end of a mail waits for nothing, and one
// sync of the store's serves several mails, of all sessions.
#pragma once

#include "dispatcher/notes.hpp"
#include "dispatcher/settling.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace postroom::dispatcher {

class Commitments;

/// Of one server of ours, on its loop; those of its sessions that send write into it.
class Daybook : public std::enable_shared_from_this<Daybook> {
public:
    explicit Daybook(Ground ground) : ground_(std::move(ground)), timer_(ground_.loop) {}

private:
    friend class Commitments;
    using Settlements = std::shared_ptr<std::vector<Settlement> const>;
    struct Joint;
    struct Entry {
        std::vector<Settlements> settlements{};
        std::vector<model::Outbound> mails{};
    };

    void write();
    // Something waits to be written with what comes, and no longer than some milliseconds.
    void wait();
    void arm();
    static net::awaitable<void> write(Ground ground, std::shared_ptr<Joint> joint, Entry entry);

    Ground ground_;
    boost::asio::steady_timer timer_;
    bool armed_ = false;
    bool waits_ = false;
    std::chrono::steady_clock::time_point since_{};
    std::vector<Commitments*> sessions_{};
};

/// Of one session, on the loop.
class Commitments {
public:
    using More = std::function<std::vector<model::Outbound>()>;

    /// `more` says what the session would commit to, whenever somebody writes.
    Commitments(std::shared_ptr<Daybook> book, Notes notes, More more = {});
    ~Commitments();
    Commitments(Commitments const&) = delete;
    Commitments& operator=(Commitments const&) = delete;

    /// Noted with what is committed to next, or after a few milliseconds, also where nobody waits for it any more.
    void settle(Settlement settlement);
    /// One transaction: what waits to be settled, and claimed → committing for each of what `more` says that is still
    /// ours; of all sessions. Where the store fails nothing is committed to, and each is settled by itself. Goes on
    /// where nobody waits for it.
    void begin() { book_->write(); }
    /// What waits to be settled is noted now.
    void flush();

    /// It was begun with, and was not dropped since.
    [[nodiscard]] bool has(model::OutboundId id) const { return waiting_.contains(id); }
    /// Whether the mail is committing, durably; false where the claim was lost. Throws store::Failure where it perhaps
    /// is.
    [[nodiscard]] net::awaitable<bool> of(model::OutboundId id);
    /// Its end leaves now, or it is settled otherwise.
    void drop(model::OutboundId id) { waiting_.erase(id); }

private:
    friend class Daybook;
    void enter(Daybook::Entry& entry, std::shared_ptr<Daybook::Joint> const& joint);
    static net::awaitable<void> follow(Ground ground, Notes notes, std::shared_ptr<Daybook::Joint> joint,
                                       Daybook::Settlements settlements);

    std::shared_ptr<Daybook> book_;
    Notes notes_;
    More more_;
    std::vector<Settlement> settled_{};
    std::unordered_map<model::OutboundId, std::shared_ptr<Daybook::Joint>> waiting_{};
};

}  // namespace postroom::dispatcher
