#include "grants/refresh-state.hpp"

#include "base/backoff.hpp"

#include <algorithm>

namespace postroom::grants {

using namespace std::chrono_literals;

namespace {

constexpr unsigned hourly_tries = 6;
constexpr Backoff trouble{.first = 5s, .most = 5min};
constexpr Duration longest_believed = 1h;

}  // namespace

Instant renew_at(Instant ends, Duration life, double random)
{
    auto const ahead = std::clamp<Duration>(life / 4, least_left, 10min);
    return ends - ahead - Duration(static_cast<Duration::rep>(random * static_cast<double>(ahead.count()) / 4));
}

RefreshState after(RefreshState state, Answer answer, std::optional<Duration> retry_after, Instant now, double random)
{
    switch (answer) {
        case Answer::renewed: return {};
        case Answer::refused:
            ++state.refusals;
            state.failures = 0;
            state.next_try = now + (state.refusals <= hourly_tries ? Duration(1h) : Duration(24h));
            return state;
        case Answer::transient: break;
    }
    ++state.failures;
    auto const asked = std::clamp<Duration>(retry_after.value_or(0ms), 0ms, longest_believed);
    state.next_try = now + std::max(trouble.before(state.failures, random), asked);
    return state;
}

}  // namespace postroom::grants
