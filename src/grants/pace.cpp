#include "grants/pace.hpp"

#include "base/backoff.hpp"

#include <algorithm>

namespace postroom::grants {

using namespace std::chrono_literals;

namespace {

constexpr double least_rate = 5;
constexpr double faster = 50;     // calls a second more, a second
constexpr double braver = 2;      // so much a second does the bound rise that an answer has set
constexpr double below = 0.9;     // of the rate that was too high: where to stay
constexpr double slower = 0.7;    // of it: where to go on from
constexpr unsigned few = 3;       // single connections may be cut
constexpr Duration assumed = 1s;  // where it does not say how long
constexpr Duration longest = 1h;
constexpr Backoff out_of_reach_for{.first = 5s, .most = 1min};

}  // namespace

Pace::Tick Pace::take(Tick now)
{
    limits_ = next_ > now;
    auto const turn = std::max(next_, now);
    next_ = turn + std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / rate_));
    return turn;
}

void Pace::answered()
{
    failures_ = 0;
    most_ += braver / rate_;
    if (limits_) rate_ = std::min(most_, rate_ + faster / rate_);
}

void Pace::slow_down(std::optional<Duration> retry_after, Instant now)
{
    failures_ = 0;
    auto const until = now + std::clamp<Duration>(retry_after.value_or(assumed), assumed, longest);
    // What was on its way at the same time says the same once more.
    if (!closed_until(now)) {
        most_ = std::max(least_rate, rate_ * below);
        rate_ = std::max(least_rate, rate_ * slower);
    }
    closed_until_ = std::max(closed_until(now).value_or(until), until);
}

void Pace::failed(Instant now, double random)
{
    ++failures_;
    if (failures_ < few) return;
    closed_until_ = now + out_of_reach_for.before(failures_ - few + 1, random);
}

void Pace::out_of_reach(Instant now, double random)
{
    failures_ = std::max(failures_, few - 1);
    failed(now, random);
}

std::optional<Instant> Pace::closed_until(Instant now) const
{
    // Further away than it was ever closed for: the clock was set back.
    if (closed_until_ <= now || closed_until_ > now + longest) return std::nullopt;
    return closed_until_;
}

}  // namespace postroom::grants
