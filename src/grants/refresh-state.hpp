// The refresher, as a pure state machine: when a grant is renewed, what each answer of its provider means for the next
// try, and one renewal step by step. Time and chance are given; tokens.cpp does what it says.
#pragma once

#include "base/clock.hpp"

#include <optional>
#include <variant>

namespace postroom::grants {

/// What came of asking the provider.
enum class Answer {
    renewed,
    refused,    ///< a definite no: only a person can help, or the provider was wrong, as providers have been
    transient,  ///< no answer, or one that says to come back
};

/// What is remembered of a grant between two tries; forgotten once one went well, or another grant was accepted.
struct Tries {
    unsigned refusals = 0;  ///< in a row
    unsigned failures = 0;  ///< transient ones in a row
    Instant next_try{};     ///< not before

    friend bool operator==(Tries const&, Tries const&) = default;
};

/// An access token that is handed out lasts at least this long: two minutes, or a quarter of its life.
[[nodiscard]] Duration least_left(Duration life);

/// Ahead of the token's end by the smaller of 10 minutes and a quarter of its life, and by up to a quarter of that more
/// (`random` in [0, 1)), so that grants that were accepted together don't stay together. At least once a day, however
/// long the token lasts: providers forget a refresh token that nobody uses.
[[nodiscard]] Instant renew_at(Instant ends, Duration life, double random);

/// After a refusal hourly, six times, then daily: one refusal never ends a grant. After trouble with backoff, and not
/// before the provider's Retry-After (of which more than an hour is not believed).
[[nodiscard]] Tries after(Tries tries, Answer answer, std::optional<Duration> retry_after, Instant now, double random);

/// Whether the provider may be asked: next_try is over, or so far ahead that only a clock that was set back explains
/// it.
[[nodiscard]] bool may_try(Tries const& tries, Instant now);

/// Why a renewal is begun.
enum class Why {
    asked,    ///< a worker wants a token
    refused,  ///< a mail server refused the one that is stored
    ahead,    ///< the refresher, before anybody asks
    tried,    ///< somebody wants to see whether it renews: now, whatever was planned
};

/// What the store says of a grant, without the tokens.
struct Standing {
    std::int64_t version = 0;
    Instant ends{};                ///< of the access token
    Duration life{};               ///< of the access token
    Tries tries;                   ///< as noted after the last try
    std::optional<Instant> asked;  ///< a renewal was sent then, and its answer is not stored
    bool rejected = false;         ///< a mail server refused this very access token
};

/// When the refresher renews it, if nobody asks before: renew_at(), or next_try where that is later; at once where the
/// clock was set back, so that neither means anything.
[[nodiscard]] Instant due_at(Standing const& standing, Instant now, double random);

enum class Verdict {
    serves,   ///< what is stored will do: perhaps somebody was faster
    not_yet,  ///< the last try said when to come back
    in_vain,  ///< a server refuses what was replaced a moment ago: the token is not what is wrong
    due,
};
/// `replaced` is when a server's refusal last led to a renewal.
[[nodiscard]] Verdict judge(Standing const& standing, Why why, std::optional<Instant> replaced, Instant now);

/// What is to be done next, by whoever conducts a renewal.
enum class Do {
    look,   ///< read what is stored
    queue,  ///< wait for a turn at the provider
    claim,  ///< in one transaction: take the account's lease, read again, and where Renewal::asks() note so
    ask,    ///< the provider, with what was read by the claim
    keep,   ///< in one transaction: store the answer in hand, if the grant is still of the version that it renews
    note,   ///< in one transaction: store Renewal::tries and Renewal::lost, if the grant is still of that version
    wait,   ///< a moment: another server renews the grant

    // Ends:
    give_stored,
    give_kept,
    say_not_yet,  ///< what the last try said
    say_in_vain,
    say_closed,   ///< the provider asked everybody to wait, or can't be reached
    say_busy,     ///< another server renews it
    say_noted,    ///< what the provider answered
    say_changed,  ///< another grant came meanwhile, whose token does not last
};

/// What happened.
namespace seen {
struct Looked {
    Standing standing;
};
struct Turn {
    bool come = true;  ///< false: not soon
};
struct Claimed {
    bool ours = true;  ///< the lease
    Standing standing;
    Instant at{};  ///< as Renewal::asks() was asked
};
struct Answered {
    Answer answer = Answer::renewed;
    bool perhaps_lost = false;  ///< the request may have been carried out, and what came back was no answer to it
    std::optional<Duration> retry_after{};
};
struct Kept {
    bool in_force = true;  ///< false: the grant is of another version by now
    bool serves = true;    ///< the token of what is in force then lasts
};
struct Noted {};
struct Waited {};
}  // namespace seen
using Event =
    std::variant<seen::Looked, seen::Turn, seen::Claimed, seen::Answered, seen::Kept, seen::Noted, seen::Waited>;

/// One renewal of one grant by one worker. There is one at a time for a grant: of a process's workers, because they
/// share it; of several processes, because whoever asks the provider holds the lease. Begins with Do::look. Whatever
/// the store refuses to do ends it, and what was in hand then is given to the next one.
struct Renewal {
    Why why = Why::asked;
    std::optional<Instant> replaced;      ///< as judge()
    std::optional<std::int64_t> in_hand;  ///< an answer that is not stored yet, to a grant of this version

    std::int64_t version = 0;      ///< of the grant that was claimed
    Tries tries;                   ///< to be noted
    std::optional<Instant> lost;   ///< when a renewal was sent whose answer nobody could store; to be noted
    std::optional<Instant> asked;  ///< when this one was sent
    bool refused = false;          ///< by the provider
    unsigned waits = 0;
    bool has_turn = false;  ///< at the provider

    /// Whether a claim that finds this, and has the lease, leads to the provider being asked now.
    [[nodiscard]] bool asks(Standing const& standing, Instant now) const;
    [[nodiscard]] Do step(Event const& event, Instant now, double random);

private:
    [[nodiscard]] Do on(seen::Looked const& looked, Instant now, double random);
    [[nodiscard]] Do on(seen::Turn const& turn, Instant now, double random);
    [[nodiscard]] Do on(seen::Claimed const& claimed, Instant now, double random);
    [[nodiscard]] Do on(seen::Answered const& answered, Instant now, double random);
    [[nodiscard]] Do on(seen::Kept const& kept, Instant now, double random);
    [[nodiscard]] Do on(seen::Noted const& noted, Instant now, double random);
    [[nodiscard]] Do on(seen::Waited const& waited, Instant now, double random);
    [[nodiscard]] bool holds(Standing const& standing) const;
};

}  // namespace postroom::grants
