// The dispatch queue. An attempt's number is the fencing number: every change after the claim names it, and changes
// nothing where it is no longer the last.
#pragma once

#include "model/outbound.hpp"
#include "model/sending.hpp"
#include "model/sight.hpp"
#include "store/connection.hpp"

#include <span>

namespace postroom::store {

void enqueue(Connection& c, model::Outbound const& outbound);
[[nodiscard]] std::optional<model::Outbound> outbound(Connection& c, model::OutboundId id);
/// Of several parts the one that most needs somebody: in doubt, failed, on its way, sent.
[[nodiscard]] std::optional<model::Outbound> outbound_of(Connection& c, model::ActivityId activity);
/// In the order of their parts.
[[nodiscard]] std::vector<model::Outbound> parts_of(Connection& c, model::ActivityId activity);
[[nodiscard]] std::vector<model::Outbound> outbounds(Connection& c, std::optional<model::OutboundState> state, int most,
                                                     model::Sight const& sight = {},
                                                     std::optional<Moment> const& after = {});
struct Attempt {
    std::int64_t number = 0;
    std::string owner;
    Instant begun{};
    std::optional<Instant> committing;
    std::optional<Instant> ended;
    std::string outcome;  ///< sent, later, given-back, failed, in-doubt, lost; empty while it lasts
    std::string reply;
};
[[nodiscard]] std::vector<Attempt> attempts_of(Connection& c, model::OutboundId id);

/// When it was first refused for now, of its last `tries` tries; nothing: never.
[[nodiscard]] std::optional<Instant> refused_since(Connection& c, model::Outbound const& mail);

/// How a claim is paced.
struct Pacing {
    bool by_mailbox = false;  ///< the server counts by mailbox, else by account
    model::Pace pace{};       ///< of each
};
/// Claims at most `most` mails of the account that are due (`next_try` ≤ now), and no more than the pace allows: each
/// gets the next attempt number and a lease of `lease` by the store's clock, in the name of `owner`. Where the pace
/// allows none, its account or mailbox pauses until it does.
[[nodiscard]] std::vector<model::Outbound> claim(Connection& c, model::AccountId account, std::string_view owner,
                                                 int most, Duration lease, Pacing const& pacing = {});
/// The leases of what `owner` has claimed of the account, and still holds, begin anew.
void renew_claims(Connection& c, model::AccountId account, std::string_view owner, Duration lease);
/// claimed → committing, durably, before the final dot leaves; the lease begins anew, for the answer. False: the lease
/// ran out, and somebody else has it or may take it; do not send.
[[nodiscard]] bool begin_committing(Connection& c, model::OutboundId id, std::int64_t attempt);
/// What the server said of recipients whom it does not take with the others.
struct Excepted {
    std::string address;
    std::string words;
    bool later = false;  ///< a temporary refusal: they become another part, due at `next_try`
};
/// The same, to the others alone; those are noted, or wait, by the same transaction.
[[nodiscard]] bool begin_committing(Connection& c, model::OutboundId id, std::int64_t attempt,
                                    std::vector<Excepted> const& excepted, Instant next_try);
/// Of one that is committing: it goes to the others alone, as above.
[[nodiscard]] bool except_from(Connection& c, model::OutboundId id, std::int64_t attempt,
                               std::vector<Excepted> const& excepted, Instant next_try);
/// claimed, with its first `most` recipients alone; the rest becomes another part, due at once. False as above.
[[nodiscard]] bool split_off(Connection& c, model::OutboundId id, std::int64_t attempt, std::size_t most);
/// queued → cancelled. False: it was not queued any more.
[[nodiscard]] bool cancel(Connection& c, model::OutboundId id, std::string_view note);
/// committing → sent. Here and where it was refused: also in_doubt → the same, where the answer was known all the while
/// and the store was away for longer than the lease lasts.
void settle_sent(Connection& c, model::OutboundId id, std::int64_t attempt, std::string_view provider_message_id,
                 std::string_view reply);
/// claimed or committing → queued again (a definite temporary refusal), counted as a try.
void settle_later(Connection& c, model::OutboundId id, std::int64_t attempt, Instant next_try, std::string_view reason);
/// claimed → queued again without counting (the account's trouble, or nothing was offered yet).
void give_back(Connection& c, model::OutboundId id, std::int64_t attempt, Instant next_try, std::string_view reason);
/// claimed or committing → queued again without counting: a definite refusal that is the account's trouble.
void hold_back(Connection& c, model::OutboundId id, std::int64_t attempt, Instant next_try, std::string_view reason);
/// claimed or committing → failed (a definite permanent refusal).
void settle_failed(Connection& c, model::OutboundId id, std::int64_t attempt, std::string_view reason);
/// committing → in_doubt.
void doubt(Connection& c, model::OutboundId id, std::int64_t attempt, Instant next_look, std::string_view reason);
/// Leases that ran out: claimed → queued, due at once. Never touches what is committing under a live lease; committing
/// whose lease ran out → in_doubt. How many.
std::int64_t recover_outbound(Connection& c, Instant next_look);
/// The same, whatever the lease, of what is held in this name and worked on no more: its process died with it, or never
/// learnt that it had got it. `busy` are the accounts whose mail it works on. Of a name that runs are counted under
/// ("NAME#RUN"), what each run of it holds.
std::int64_t recover_outbound_of(Connection& c, std::string_view owner, std::span<model::AccountId const> busy,
                                 Instant next_look);

/// in_doubt and due for a look into Sent Items.
[[nodiscard]] std::vector<model::Outbound> in_doubt(Connection& c, model::AccountId account, int most);
void doubt_looked(Connection& c, model::OutboundId id, std::optional<Instant> next_look, std::string_view note);
/// in_doubt → sent (found in Sent Items, or a person says so). False: it was not in doubt any more.
[[nodiscard]] bool resolve_sent(Connection& c, model::OutboundId id, std::string_view note);
/// in_doubt or failed → queued, with a new attempt to come: only a person, or a policy that a person set.
[[nodiscard]] bool resolve_resend(Connection& c, model::OutboundId id, std::string_view note);
/// Nothing of it is claimed until then. Whose it is: an account, or a mailbox that signs in for itself.
void pause_sending(Connection& c, Uuid const& pacer, Instant until, std::string_view words);
/// At most so many connections until then.
void send_by_fewer(Connection& c, Uuid const& pacer, std::int64_t connections, Instant until, std::string_view words);
struct Pause {
    Instant until{};
    std::string words;
    std::optional<std::int64_t> connections;  ///< as of now
};
[[nodiscard]] std::optional<Pause> pause_of(Connection& c, Uuid const& pacer);
/// The lease of one of the connections that all servers of ours have to an account's server.
[[nodiscard]] std::string slot_name(model::AccountId account, std::size_t number);
/// Those that an earlier run of this server died with ("NAME#RUN").
void release_slots(Connection& c, std::string_view owner);
/// How many are due of the account; no more than `most` are counted.
[[nodiscard]] std::int64_t queued_of(Connection& c, model::AccountId account, std::int64_t most);
/// When the next queued mail or doubt of any account is due.
[[nodiscard]] std::optional<Instant> next_outbound(Connection& c);
/// Accounts that have something due.
[[nodiscard]] std::vector<model::AccountId> accounts_with_outbound(Connection& c);

}  // namespace postroom::store
