// How fast one identity provider is asked, whichever accounts are asked for. Pure: time and chance are given.
#pragma once

#include "base/clock.hpp"

#include <optional>

namespace postroom::grants {

/// Calls are spread over time. How many a second is learnt: more while all goes well, fewer after an answer that says
/// to ask less, which also closes it for as long as that answer says.
class Pace {
public:
    using Tick = std::chrono::steady_clock::time_point;

    /// Takes the next free moment for a call, at or after `now`.
    [[nodiscard]] Tick take(Tick now);
    /// The provider answered, whatever it said, and nothing of its being busy.
    void answered();
    /// It is busy, or asks to be asked less (429, 503).
    void slow_down(std::optional<Duration> retry_after, Instant now);
    /// There was no answer at all. Of a few in a row the provider is thought to be out of reach for a while.
    void failed(Instant now, double random);
    /// The same, said by what every call needs first.
    void out_of_reach(Instant now, double random);

    /// Until then nobody asks; nothing where it is open.
    [[nodiscard]] std::optional<Instant> closed_until(Instant now) const;
    [[nodiscard]] double calls_a_second() const { return rate_; }

private:
    double rate_ = 100;
    double most_ = 2'000;  // a second; less once the provider said so
    bool limits_ = false;  // a call had to wait for its moment: only then is more of use
    Tick next_{};
    Instant closed_until_{};
    unsigned failures_ = 0;  // in a row
};

}  // namespace postroom::grants
