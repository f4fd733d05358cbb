// The mails that one session has claimed, in the order in which they go out, with the first octets of each at hand.
#pragma once

#include "dispatcher/dispatcher.hpp"
#include "dispatcher/notes.hpp"
#include "model/outbound.hpp"
#include "store/outbound.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace postroom::dispatcher {

inline constexpr Duration claim_length{30 * 60'000};

struct Outgoing {
    model::Outbound mail;
    std::string first{};  ///< its first chunk, or nothing where that is still to be read

    /// All of it is at hand.
    [[nodiscard]] bool is_whole() const { return std::cmp_equal(first.size(), mail.size); }
};

/// On the loop. A reference to one that is queued holds until it is taken away.
class Claims {
public:
    Claims(Ground ground, model::AccountId account, store::Pacing pacing);

    /// Returns once one is queued, or with false: nothing is due. Claims more while there are some, but not many.
    /// Throws store::Failure.
    [[nodiscard]] net::awaitable<bool> wait();
    [[nodiscard]] std::deque<Outgoing>& queued() { return queued_; }
    /// Number `at` of the queue, or nothing.
    [[nodiscard]] Outgoing* upcoming(std::size_t at) { return at < queued_.size() ? &queued_[at] : nullptr; }
    [[nodiscard]] Outgoing const* upcoming(std::size_t at) const
    {
        return at < queued_.size() ? &queued_[at] : nullptr;
    }
    /// Leases last for a while; renewed where they have to be.
    [[nodiscard]] net::awaitable<void> keep();
    /// All that is claimed, to be given back.
    [[nodiscard]] net::awaitable<std::vector<model::Outbound>> take_rest();

private:
    using Batch = std::vector<Outgoing>;
    void begin();
    static net::awaitable<Batch> claim(Ground ground, model::AccountId account, store::Pacing pacing);

    Ground ground_;
    model::AccountId account_;
    store::Pacing pacing_;
    std::deque<Outgoing> queued_;
    std::unique_ptr<Beside<Batch>> claiming_;
    bool exhausted_ = false;
    Instant renewed_;
};

}  // namespace postroom::dispatcher
