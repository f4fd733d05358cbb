// When a grant is renewed, and what each answer of its provider means for the next try. Pure: time and chance are
// given.
#pragma once

#include "base/clock.hpp"

#include <optional>
#include <string_view>

namespace postroom::grants {

/// An access token that is handed out lasts at least this long.
inline constexpr Duration least_left{120'000};

/// What came of asking the provider.
enum class Answer {
    renewed,
    refused,    ///< a definite no: only a person can help, or the provider was wrong, as providers have been
    transient,  ///< no answer, or one that says to come back
};

/// What is remembered of a grant between two tries; forgotten once another grant was accepted.
struct RefreshState {
    unsigned refusals = 0;  ///< in a row
    unsigned failures = 0;  ///< transient ones in a row
    Instant next_try{};     ///< not before

    friend bool operator==(RefreshState const&, RefreshState const&) = default;
};

/// Ahead of the token's end by the smaller of 10 minutes and a quarter of its life, and by up to a quarter of that more
/// (`random` in [0, 1)), so that grants that were accepted together don't stay together.
[[nodiscard]] Instant renew_at(Instant ends, Duration life, double random);

/// After a refusal hourly, six times, then daily: one refusal never ends a grant. After trouble with backoff, and not
/// before the provider's Retry-After (of which more than an hour is not believed).
[[nodiscard]] RefreshState after(RefreshState state, Answer answer, std::optional<Duration> retry_after, Instant now,
                                 double random);

}  // namespace postroom::grants
