// Every change of state is one UPDATE that names the state it starts from, and the attempt where there is one: what it
// doesn't find, it doesn't change. The attempt's own row follows only where the mail's row did change.
#include "store/outbound.hpp"

#include "store/changes.hpp"
#include "store/rows.hpp"

#include <algorithm>

namespace postroom::store {

namespace {

constexpr std::string_view columns =
    "id, activity, mailbox, account, body, size, message_id, provider_message_id, sender, recipients, state, attempt, "
    "tries, doubt_looks, next_try, reason, created, updated";

model::Outbound outbound_of_row(Row const& row)
{
    return {.id = row.id<model::OutboundId>(0),
            .activity = row.id<model::ActivityId>(1),
            .mailbox = row.id<model::MailboxId>(2),
            .account = row.id<model::AccountId>(3),
            .body = row.id<model::BodyId>(4),
            .size = row.integer(5),
            .message_id = row.text(6),
            .provider_message_id = row.text(7),
            .sender = row.text(8),
            .recipients = from_list(row.text(9)),
            .state = word(row, 10, model::parse_outbound_state),
            .attempt = row.integer(11),
            .tries = static_cast<int>(row.integer(12)),
            .doubt_looks = static_cast<int>(row.integer(13)),
            .next_try = row.instant(14),
            .reason = row.text(15),
            .created = row.instant(16),
            .updated = row.instant(17)};
}

std::string select(std::string_view rest)
{
    return fmt::format("SELECT {} FROM outbound {}", columns, rest);
}

void end_attempt(Connection& c, model::OutboundId id, std::int64_t attempt, std::string_view outcome,
                 std::string_view reply)
{
    c.post("UPDATE attempt SET ended = ?, outcome = ?, reply = ? WHERE outbound = ? AND number = ?", c.now(), outcome,
           reply, id, attempt);
    outbound_changed(c, id);
}

struct Abandoned {
    model::OutboundId id;
    std::int64_t attempt;
    bool committing;
};

Abandoned abandoned_of(Row const& row)
{
    return {row.id<model::OutboundId>(0), row.integer(1), row.text(2) == "committing"};
}

std::int64_t recover(Connection& c, std::vector<Abandoned> const& abandoned, Instant next_look)
{
    auto const now = c.now();
    std::int64_t changed = 0;
    for (auto const& [id, attempt, committing] : abandoned) {
        if (committing) {
            constexpr std::string_view why = "its server stopped after it was offered, before the answer was noted";
            if (c.execute("UPDATE outbound SET state = 'in-doubt', lease_owner = NULL, lease_length = NULL, "
                          "lease_ends = NULL, doubt_looks = 0, next_try = ?, reason = ?, updated = ? "
                          "WHERE id = ? AND attempt = ? AND state = 'committing'",
                          next_look, why, now, id, attempt) == 0)
                continue;
            end_attempt(c, id, attempt, "in-doubt", why);
        } else {
            if (c.execute("UPDATE outbound SET state = 'queued', lease_owner = NULL, lease_length = NULL, "
                          "lease_ends = NULL, next_try = ?, updated = ? "
                          "WHERE id = ? AND attempt = ? AND state = 'claimed'",
                          now, now, id, attempt) == 0)
                continue;
            end_attempt(c, id, attempt, "lost",
                        "its server stopped, or its lease ran out, before anything was offered");
        }
        ++changed;
    }
    return changed;
}

}  // namespace

void enqueue(Connection& c, model::Outbound const& outbound)
{
    if (outbound.state != model::OutboundState::queued || outbound.attempt != 0)
        throw Failure(Trouble::internal, "only what is queued, and was never tried, can be put into the queue");
    c.post(
        "INSERT INTO outbound (id, activity, mailbox, account, body, size, message_id, provider_message_id, sender, "
        "recipients, state, attempt, tries, doubt_looks, next_try, reason, created, updated) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, 0, 0, ?, ?, ?, ?)",
        outbound.id, outbound.activity, outbound.mailbox, outbound.account, outbound.body, outbound.size,
        outbound.message_id, outbound.provider_message_id, outbound.sender, to_list(outbound.recipients),
        outbound.next_try, outbound.reason, outbound.created, outbound.updated);
    outbound_changed(c, outbound.id, "added");
}

std::optional<model::Outbound> outbound(Connection& c, model::OutboundId id)
{
    return c.first(select("WHERE id = ?"), outbound_of_row, id);
}

std::optional<model::Outbound> outbound_of(Connection& c, model::ActivityId activity)
{
    return c.first(select("WHERE activity = ?"), outbound_of_row, activity);
}

std::vector<model::Outbound> outbounds(Connection& c, std::optional<model::OutboundState> state, int most,
                                       model::Sight const& sight, std::optional<Moment> const& after)
{
    Selection selection(select("WHERE 1 = 1 "));
    if (state) selection.narrow("state = ?", value(to_string(*state)));
    if (after) selection.narrow("(created, id) < (?, ?)", {value(after->at), value(after->id)});
    selection.within(sight, "(SELECT department FROM mailbox WHERE mailbox.id = outbound.mailbox)");
    return selection.all(c, "ORDER BY created DESC, id DESC LIMIT ?", outbound_of_row, most);
}

std::vector<Attempt> attempts_of(Connection& c, model::OutboundId id)
{
    return c.all(
        "SELECT number, owner, begun, committing, ended, outcome, reply FROM attempt WHERE outbound = ? "
        "ORDER BY number",
        [](Row const& row) {
            return Attempt{row.integer(0),       row.text(1), row.instant(2), row.maybe_instant(3),
                           row.maybe_instant(4), row.text(5), row.text(6)};
        },
        id);
}

std::vector<model::Outbound> claim(Connection& c, model::AccountId account, std::string_view owner, int most,
                                   Duration lease)
{
    auto const now = c.now();
    auto const due = c.all(
        "SELECT id FROM outbound WHERE account = ? AND state = 'queued' AND next_try <= ? ORDER BY next_try, id LIMIT "
        "?",
        [](Row const& row) { return row.id<model::OutboundId>(0); }, account, now, most);
    std::vector<model::Outbound> claimed;
    for (auto const& id : due) {
        auto const ours = c.first(
            fmt::format("UPDATE outbound SET state = 'claimed', attempt = attempt + 1, lease_owner = ?, "
                        "lease_length = ?, lease_ends = ?, updated = ? WHERE id = ? AND state = 'queued' RETURNING {}",
                        columns),
            outbound_of_row, owner, lease, now + lease, now, id);
        if (!ours) continue;  // somebody else was faster
        c.post("INSERT INTO attempt (outbound, number, owner, begun, reply) VALUES (?, ?, ?, ?, '')", id, ours->attempt,
               owner, now);
        claimed.push_back(*ours);
    }
    return claimed;
}

void renew_claims(Connection& c, model::AccountId account, std::string_view owner, Duration lease)
{
    auto const now = c.now();
    c.post(
        "UPDATE outbound SET lease_ends = ? WHERE account = ? AND lease_owner = ? AND state = 'claimed' AND "
        "lease_ends > ?",
        now + lease, account, owner, now);
}

bool begin_committing(Connection& c, model::OutboundId id, std::int64_t attempt)
{
    auto const now = c.now();
    if (c.execute("UPDATE outbound SET state = 'committing', lease_ends = lease_length + ?, updated = ? "
                  "WHERE id = ? AND attempt = ? AND state = 'claimed' AND lease_ends > ?",
                  now, now, id, attempt, now) == 0)
        return false;
    c.post("UPDATE attempt SET committing = ? WHERE outbound = ? AND number = ?", now, id, attempt);
    return true;
}

void settle_sent(Connection& c, model::OutboundId id, std::int64_t attempt, std::string_view provider_message_id,
                 std::string_view reply)
{
    if (c.execute("UPDATE outbound SET state = 'sent', lease_owner = NULL, lease_length = NULL, lease_ends = NULL, "
                  "provider_message_id = ?, reason = ?, updated = ? "
                  "WHERE id = ? AND attempt = ? AND state = 'committing'",
                  provider_message_id, reply, c.now(), id, attempt) > 0)
        end_attempt(c, id, attempt, "sent", reply);
}

void settle_later(Connection& c, model::OutboundId id, std::int64_t attempt, Instant next_try, std::string_view reason)
{
    if (c.execute("UPDATE outbound SET state = 'queued', lease_owner = NULL, lease_length = NULL, lease_ends = NULL, "
                  "tries = tries + 1, next_try = ?, reason = ?, updated = ? "
                  "WHERE id = ? AND attempt = ? AND state IN ('claimed', 'committing')",
                  next_try, reason, c.now(), id, attempt) > 0)
        end_attempt(c, id, attempt, "later", reason);
}

void give_back(Connection& c, model::OutboundId id, std::int64_t attempt, Instant next_try, std::string_view reason)
{
    if (c.execute("UPDATE outbound SET state = 'queued', lease_owner = NULL, lease_length = NULL, lease_ends = NULL, "
                  "next_try = ?, reason = ?, updated = ? WHERE id = ? AND attempt = ? AND state = 'claimed'",
                  next_try, reason, c.now(), id, attempt) > 0)
        end_attempt(c, id, attempt, "given-back", reason);
}

void settle_failed(Connection& c, model::OutboundId id, std::int64_t attempt, std::string_view reason)
{
    if (c.execute("UPDATE outbound SET state = 'failed', lease_owner = NULL, lease_length = NULL, lease_ends = NULL, "
                  "reason = ?, updated = ? WHERE id = ? AND attempt = ? AND state IN ('claimed', 'committing')",
                  reason, c.now(), id, attempt) > 0)
        end_attempt(c, id, attempt, "failed", reason);
}

void doubt(Connection& c, model::OutboundId id, std::int64_t attempt, Instant next_look, std::string_view reason)
{
    if (c.execute("UPDATE outbound SET state = 'in-doubt', lease_owner = NULL, lease_length = NULL, lease_ends = NULL, "
                  "doubt_looks = 0, next_try = ?, reason = ?, updated = ? "
                  "WHERE id = ? AND attempt = ? AND state = 'committing'",
                  next_look, reason, c.now(), id, attempt) > 0)
        end_attempt(c, id, attempt, "in-doubt", reason);
}

std::int64_t recover_outbound(Connection& c, Instant next_look)
{
    return recover(c, c.all("SELECT id, attempt, state FROM outbound WHERE lease_ends <= ?", abandoned_of, c.now()),
                   next_look);
}

std::int64_t recover_outbound_of(Connection& c, std::string_view owner, std::span<model::AccountId const> busy,
                                 Instant next_look)
{
    std::vector<Abandoned> abandoned;
    c.run("SELECT id, attempt, state, account, lease_owner FROM outbound WHERE lease_ends IS NOT NULL", {},
          [&](Row const& row) {
              auto const held_by = row.text(4);
              bool const its = held_by == owner || held_by.substr(0, held_by.rfind('#')) == owner;
              if (its && std::ranges::find(busy, row.id<model::AccountId>(3)) == busy.end())
                  abandoned.push_back(abandoned_of(row));
          });
    return recover(c, abandoned, next_look);
}

std::vector<model::Outbound> in_doubt(Connection& c, model::AccountId account, int most)
{
    return c.all(select("WHERE account = ? AND state = 'in-doubt' AND next_try <= ? ORDER BY next_try, id LIMIT ?"),
                 outbound_of_row, account, c.now(), most);
}

void doubt_looked(Connection& c, model::OutboundId id, std::optional<Instant> next_look, std::string_view note)
{
    c.post(
        "UPDATE outbound SET doubt_looks = doubt_looks + 1, next_try = ?, reason = ?, updated = ? "
        "WHERE id = ? AND state = 'in-doubt'",
        next_look, note, c.now(), id);
    outbound_changed(c, id);
}

bool resolve_sent(Connection& c, model::OutboundId id, std::string_view note)
{
    auto const attempt = c.first(
        "UPDATE outbound SET state = 'sent', reason = ?, updated = ? WHERE id = ? AND state = 'in-doubt' "
        "RETURNING attempt",
        [](Row const& row) { return row.integer(0); }, note, c.now(), id);
    if (attempt) end_attempt(c, id, *attempt, "sent", note);
    return attempt.has_value();
}

bool resolve_resend(Connection& c, model::OutboundId id, std::string_view note)
{
    auto const now = c.now();
    if (c.execute("UPDATE outbound SET state = 'queued', tries = 0, next_try = ?, reason = ?, updated = ? "
                  "WHERE id = ? AND state IN ('in-doubt', 'failed')",
                  now, note, now, id) == 0)
        return false;
    outbound_changed(c, id);
    return true;
}

std::optional<Instant> next_outbound(Connection& c)
{
    return c
        .first("SELECT min(next_try) FROM outbound WHERE state IN ('queued', 'in-doubt')",
               [](Row const& row) { return row.maybe_instant(0); })
        .value_or(std::nullopt);
}

std::vector<model::AccountId> accounts_with_outbound(Connection& c)
{
    return c.all(
        "SELECT DISTINCT account FROM outbound WHERE state IN ('queued', 'in-doubt') AND next_try <= ? ORDER BY "
        "account",
        [](Row const& row) { return row.id<model::AccountId>(0); }, c.now());
}

}  // namespace postroom::store
