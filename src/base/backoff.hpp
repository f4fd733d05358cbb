// How long to wait before the next try. Pure: the random number is given.
#pragma once

#include "base/clock.hpp"

#include <algorithm>

namespace postroom {

/// Exponential with jitter: before try n (1, 2, …) half to all of first × 2^(n-1), and never more than `most`.
struct Backoff {
    Duration first{1'000};
    Duration most{300'000};

    /// `random` is in [0, 1).
    [[nodiscard]] Duration before(unsigned attempt, double random) const
    {
        unsigned const doublings = std::min(attempt > 0 ? attempt - 1 : 0, 30U);  // 2^30 is beyond every `most`
        auto const full = std::min<Duration::rep>(most.count(), first.count() << doublings);
        return Duration(full / 2 + static_cast<Duration::rep>(random * static_cast<double>(full) / 2));
    }
};

}  // namespace postroom
