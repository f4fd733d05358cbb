// What lasts from mail to mail of one session that sends.
#pragma once

#include "dispatcher/account-run.hpp"
#include "dispatcher/claims.hpp"
#include "dispatcher/commitments.hpp"
#include "dispatcher/notes.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace postroom::dispatcher {

/// On the loop, where it stays.
struct Run {
    Ground ground;
    std::shared_ptr<Daybook> book;
    Notes notes;
    Claims claims;
    bool copies_due = false;                     // of what is sent: the server keeps none
    Outgoing const* offered = nullptr;           // whose envelope went with the end of the mail before
    std::chrono::steady_clock::duration pace{};  // from the end of a mail to its answer, lately
    std::size_t in_line = 0;                     // behind the first of the queue, to go out over a quick session
    Commitments commitments{book, notes, [this] { return to_commit(); }};

    /// Notes what the server said to the mail that was ended, and commits to more where it is time for that: it took
    /// the mail at once, and `behind` it so many are known to go out over the same session.
    void answered(Settlement settlement, bool at_once, std::size_t behind);
    /// The first leaves the queue.
    void pop();
    /// Returns once nothing of the mail is being written: it is claimed or committing, or lost.
    [[nodiscard]] net::awaitable<void> drop_commitment(model::OutboundId id);
    /// What is committing and not ended goes back to the queue, and out of this turn.
    [[nodiscard]] net::awaitable<void> withdraw_committing(std::string why);

    /// So many are committed to ahead at most.
    static constexpr std::size_t most_ahead = 16;

    [[nodiscard]] std::size_t depth() const;
    /// All that may be committing by now, and is not.
    [[nodiscard]] std::vector<model::Outbound> to_commit() const;
};

/// Returns with the mail's end known, and its note under way. `next` goes out next over the same session, if that is
/// known; and after it others, `behind` with it.
[[nodiscard]] net::awaitable<Turn> send_noting(Run& run, smtp::Session& session, Outgoing& outgoing, Outgoing* next,
                                               std::size_t behind);

}  // namespace postroom::dispatcher
