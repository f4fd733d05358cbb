#include "grants/refresh-state.hpp"

#include "base/backoff.hpp"

#include <algorithm>

namespace postroom::grants {

using namespace std::chrono_literals;

namespace {

constexpr unsigned hourly_tries = 6;
constexpr Duration hourly = 1h, daily = 24h;
constexpr Backoff trouble{.first = 5s, .most = 5min};
constexpr Duration longest_believed = 1h;
constexpr Duration between_replacements = 5min;
constexpr Duration clocks_differ = 5min;  // of two servers, without one of them being wrong
constexpr Duration longest_sleep = 10s;   // between a claim and the call
constexpr unsigned most_waits = 120;

Duration ahead(Duration life)
{
    return std::min<Duration>(life / 4, 10min);
}

Instant earlier_by_chance(Instant at, Duration lead, double random)
{
    return at - Duration(static_cast<Duration::rep>(random * static_cast<double>(lead.count()) / 4));
}

// This clock was set back, and how long the token lasts is not known.
bool is_from_the_future(Standing const& standing, Instant now)
{
    return standing.ends - standing.life > now + clocks_differ;
}

bool serves(Standing const& standing, Why why, Instant now)
{
    if (why == Why::ahead && is_from_the_future(standing, now)) return false;
    if (standing.ends - now < least_left(standing.life)) return false;
    if (why == Why::ahead) return now < renew_at(standing.ends, standing.life, 0.999);
    return (why != Why::refused && why != Why::tried) || !standing.rejected;
}

Do end(Verdict verdict)
{
    switch (verdict) {
        case Verdict::serves: return Do::give_stored;
        case Verdict::not_yet: return Do::say_not_yet;
        case Verdict::in_vain: return Do::say_in_vain;
        case Verdict::due: break;
    }
    return Do::say_busy;
}

}  // namespace

Duration least_left(Duration life)
{
    return std::min<Duration>(life / 4, 2min);
}

Instant renew_at(Instant ends, Duration life, double random)
{
    auto const lead = ahead(life);
    return std::min(earlier_by_chance(ends - lead, lead, random),
                    earlier_by_chance(ends - life + daily - ahead(daily), ahead(daily), random));
}

Tries after(Tries tries, Answer answer, std::optional<Duration> retry_after, Instant now, double random)
{
    switch (answer) {
        case Answer::renewed: return {};
        case Answer::refused:
            ++tries.refusals;
            tries.failures = 0;
            tries.next_try = now + (tries.refusals <= hourly_tries ? hourly : daily);
            return tries;
        case Answer::transient: break;
    }
    ++tries.failures;
    auto const asked = std::clamp<Duration>(retry_after.value_or(0ms), 0ms, longest_believed);
    tries.next_try = now + std::max(trouble.before(tries.failures, random), asked);
    return tries;
}

bool may_try(Tries const& tries, Instant now)
{
    auto const longest = tries.refusals > hourly_tries ? daily : std::max(hourly, longest_believed);
    return tries.next_try <= now || tries.next_try > now + longest + clocks_differ;
}

Instant due_at(Standing const& standing, Instant now, double random)
{
    auto const planned = is_from_the_future(standing, now) ? now : renew_at(standing.ends, standing.life, random);
    return may_try(standing.tries, now) ? planned : std::max(planned, standing.tries.next_try);
}

Verdict judge(Standing const& standing, Why why, std::optional<Instant> replaced, Instant now)
{
    if (serves(standing, why, now)) return Verdict::serves;
    if (why != Why::tried && !may_try(standing.tries, now)) return Verdict::not_yet;
    if (why == Why::refused && replaced && *replaced <= now && now - *replaced < between_replacements)
        return Verdict::in_vain;
    return Verdict::due;
}

bool Renewal::holds(Standing const& standing) const
{
    return in_hand == standing.version;
}

bool Renewal::asks(Standing const& standing, Instant now) const
{
    return has_turn && !holds(standing) && judge(standing, why, replaced, now) == Verdict::due;
}

Do Renewal::step(Event const& event, Instant now, double random)
{
    return std::visit([&](auto const& each) { return on(each, now, random); }, event);
}

Do Renewal::on(seen::Looked const& looked, Instant now, double)
{
    if (holds(looked.standing)) return Do::claim;
    in_hand.reset();
    auto const verdict = judge(looked.standing, why, replaced, now);
    return verdict == Verdict::due ? Do::queue : end(verdict);
}

Do Renewal::on(seen::Turn const& turn, Instant, double)
{
    has_turn = turn.come;
    return turn.come ? Do::claim : Do::say_closed;
}

Do Renewal::on(seen::Claimed const& claimed, Instant now, double)
{
    auto const& standing = claimed.standing;
    version = standing.version;
    if (holds(standing)) {
        if (claimed.ours) return Do::keep;
    } else {
        in_hand.reset();
        auto const verdict = judge(standing, why, replaced, claimed.at);
        if (verdict != Verdict::due) return end(verdict);
        // What was in hand is worth nothing any more.
        if (!has_turn) return Do::queue;
        // Whoever slept meanwhile may not have the lease any more when the answer comes.
        if (claimed.ours && now - claimed.at > longest_sleep && waits < most_waits) {
            ++waits;
            return Do::claim;
        }
        if (claimed.ours) {
            tries = standing.tries;
            lost = standing.asked;
            asked = claimed.at;
            return Do::ask;
        }
    }
    // Nobody waits for what is done ahead.
    if (why == Why::ahead || waits == most_waits) return Do::say_busy;
    ++waits;
    return Do::wait;
}

Do Renewal::on(seen::Answered const& answered, Instant now, double random)
{
    if (answered.answer == Answer::renewed) {
        in_hand = version;
        if (why == Why::refused) replaced = now;
        return Do::keep;
    }
    refused = answered.answer == Answer::refused;
    tries = after(tries, answered.answer, answered.retry_after, now, random);
    if (answered.perhaps_lost && !lost) lost = asked;
    return Do::note;
}

Do Renewal::on(seen::Kept const& kept, Instant, double)
{
    in_hand.reset();
    if (kept.in_force) return Do::give_kept;
    return kept.serves ? Do::give_stored : Do::say_changed;
}

Do Renewal::on(seen::Noted const&, Instant, double)
{
    return Do::say_noted;
}

Do Renewal::on(seen::Waited const&, Instant, double)
{
    has_turn = false;
    return Do::look;
}

}  // namespace postroom::grants
