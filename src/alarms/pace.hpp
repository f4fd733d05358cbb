// How long a mail about an alarm waits for its next try, and when it is given up.
#pragma once

#include "base/backoff.hpp"

namespace postroom::alarms {

inline constexpr Backoff backoff{.first = Duration(10'000), .most = std::chrono::minutes(5)};
/// Those who are left are mostly addresses that nobody has.
inline constexpr Backoff backoff_of_some{.first = Duration(10'000), .most = std::chrono::hours(1)};
inline constexpr Duration patience = std::chrono::hours(72);

/// Before the next, after so many.
[[nodiscard]] inline Duration pause_after(unsigned tries, bool reached_some)
{
    return (reached_some ? backoff_of_some : backoff).before(tries, 0.5);
}

}  // namespace postroom::alarms
