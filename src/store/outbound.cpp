// Every change of state is one UPDATE that names the state it starts from, and the attempt where there is one: what it
// doesn't find, it doesn't change. The attempt's own row follows only where the mail's row did change.
#include "store/outbound.hpp"

#include "store/cases.hpp"
#include "store/changes.hpp"
#include "store/rows.hpp"
#include "store/sending.hpp"
#include "store/sent-copies.hpp"

#include <algorithm>
#include <map>

namespace postroom::store {

namespace {

constexpr std::string_view columns =
    "id, activity, mailbox, account, body, size, message_id, provider_message_id, sender, recipients, state, attempt, "
    "tries, doubt_looks, next_try, reason, created, updated, part";

model::Outbound outbound_of_row(Row const& row)
{
    return {.id = row.id<model::OutboundId>(0),
            .activity = row.id<model::ActivityId>(1),
            .part = static_cast<int>(row.integer(18)),
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

constexpr Duration minute{60'000};
constexpr Duration day{24 * 3'600'000};

// What the pace still lets out of one account or mailbox, whichever server of ours sends it.
struct Allowance {
    std::optional<std::int64_t> messages, recipients;  // nothing: no limit
    std::pair<Instant, std::string> minute_over, day_over;
    std::optional<std::pair<Instant, std::string>> pause{};

    bool take(std::int64_t count)
    {
        if (messages && *messages < 1) {
            pause = minute_over;
        } else if (recipients && *recipients < count) {
            pause = day_over;
        } else {
            if (messages) --*messages;
            if (recipients) *recipients -= count;
            return true;
        }
        return false;
    }
};

// What a server of ours put out, or perhaps did; what is claimed and not committed to yet counts as if it were. What
// was refused, or never ended, the server has not taken.
Allowance allowance_of(Connection& c, Uuid const& pacer, model::Pace const& pace, Instant now)
{
    struct Used {
        std::int64_t messages = 0, recipients = 0;
        std::optional<Instant> first;
    };
    auto const used_within = [&](Duration window) {
        return c
            .first(
                "SELECT count(*), coalesce(sum(recipients), 0), min(committing) FROM attempt WHERE pacer = ? AND "
                "(committing > ? OR (committing IS NULL AND ended IS NULL)) AND "
                "(outcome IS NULL OR outcome IN ('sent', 'in-doubt'))",
                [](Row const& row) { return Used{row.integer(0), row.integer(1), row.maybe_instant(2)}; }, pacer,
                now - window)
            .value_or(Used{});
    };
    Allowance allowance;
    if (pace.messages_a_minute > 0) {
        auto const used = used_within(minute);
        allowance.messages = pace.messages_a_minute - used.messages;
        allowance.minute_over = {used.first ? *used.first + minute : now + minute / 12,
                                 fmt::format("{} messages a minute", pace.messages_a_minute)};
    }
    if (pace.recipients_a_day > 0) {
        auto const used = used_within(day);
        allowance.recipients = pace.recipients_a_day - used.recipients;
        allowance.day_over = {now + std::clamp(used.first ? *used.first + day - now : minute, minute, minute * 15),
                              fmt::format("{} recipients a day", pace.recipients_a_day)};
    }
    return allowance;
}

std::string part_id(int part, std::string_view original)
{
    return fmt::format("part{}.{}", part, original);
}

// Another part of the same mail, for these recipients. Its bytes differ in the Message-ID alone, so that answers,
// reports and sent copies tell the parts apart.
void add_part(Connection& c, model::Outbound of, std::vector<std::string> recipients, Instant next_try,
              std::string_view reason)
{
    struct First {
        std::string message_id;
        int parts;
    };
    auto const first = c.first(
        "SELECT message_id, (SELECT max(part) FROM outbound WHERE activity = ?) FROM outbound WHERE activity = ? AND "
        "part = 1",
        [](Row const& row) { return First{row.text(0), static_cast<int>(row.integer(1))}; }, of.activity, of.activity);
    if (!first) throw Failure(Trouble::store, "a mail in parts has no first one");
    auto const before = static_cast<std::int64_t>(of.message_id.size());
    of.id = model::OutboundId::make();
    of.part = first->parts + 1;
    of.message_id = part_id(of.part, first->message_id);
    of.size += static_cast<std::int64_t>(of.message_id.size()) - before;
    of.provider_message_id.clear();
    of.recipients = std::move(recipients);
    of.state = model::OutboundState::queued;
    of.attempt = 0;
    of.tries = 0;
    of.doubt_looks = 0;
    of.next_try = next_try;
    of.reason = reason;
    of.updated = c.now();
    enqueue(c, of);
    add_message_id(c, of.activity, of.message_id);
}

}  // namespace

void enqueue(Connection& c, model::Outbound const& outbound)
{
    if (outbound.state != model::OutboundState::queued || outbound.attempt != 0)
        throw Failure(Trouble::internal, "only what is queued, and was never tried, can be put into the queue");
    c.post(
        "INSERT INTO outbound (id, activity, part, mailbox, account, body, size, message_id, provider_message_id, "
        "sender, recipients, state, attempt, tries, doubt_looks, next_try, reason, created, updated) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, 0, 0, ?, ?, ?, ?)",
        outbound.id, outbound.activity, outbound.part, outbound.mailbox, outbound.account, outbound.body, outbound.size,
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
    return c.first(
        select("WHERE activity = ? ORDER BY CASE state WHEN 'in-doubt' THEN 0 WHEN 'failed' THEN 1 WHEN 'sent' THEN 3 "
               "WHEN 'cancelled' THEN 4 ELSE 2 END, part LIMIT 1"),
        outbound_of_row, activity);
}

std::vector<model::Outbound> parts_of(Connection& c, model::ActivityId activity)
{
    return c.all(select("WHERE activity = ? ORDER BY part"), outbound_of_row, activity);
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

std::optional<Instant> refused_since(Connection& c, model::Outbound const& mail)
{
    return c
        .first(
            "SELECT min(ended) FROM (SELECT ended FROM attempt WHERE outbound = ? AND outcome = 'later' ORDER BY "
            "number "
            "DESC LIMIT ?) AS refusals",
            [](Row const& row) { return row.maybe_instant(0); }, mail.id, mail.tries)
        .value_or(std::nullopt);
}

std::vector<model::Outbound> claim(Connection& c, model::AccountId account, std::string_view owner, int most,
                                   Duration lease, Pacing const& pacing)
{
    struct Due {
        model::OutboundId id;
        model::MailboxId mailbox;
        std::string recipients;
    };
    auto const now = c.now();
    auto const due = c.all(
        "SELECT id, mailbox, recipients FROM outbound WHERE account = ? AND state = 'queued' AND next_try <= ? AND NOT "
        "EXISTS (SELECT 1 FROM sending_pause p WHERE p.pacer IN (outbound.account, outbound.mailbox) AND p.until > ?) "
        "ORDER BY next_try, id LIMIT ?",
        [](Row const& row) { return Due{row.id<model::OutboundId>(0), row.id<model::MailboxId>(1), row.text(2)}; },
        account, now, now, most);
    bool const paced = pacing.pace != model::Pace{};
    std::map<Uuid, Allowance> allowances;
    std::vector<model::Outbound> claimed;
    for (auto const& [id, mailbox, recipients] : due) {
        auto const pacer = pacing.by_mailbox ? mailbox.value : account.value;
        std::int64_t count = 0;
        if (paced) {
            count = static_cast<std::int64_t>(from_list(recipients).size());
            auto allowance = allowances.find(pacer);
            if (allowance == allowances.end())
                allowance = allowances.emplace(pacer, allowance_of(c, pacer, pacing.pace, now)).first;
            if (!allowance->second.take(count)) {
                auto const& [until, words] = *allowance->second.pause;
                pause_sending(c, pacer, until, words);
                continue;
            }
        }
        auto const ours = c.first(
            fmt::format("UPDATE outbound SET state = 'claimed', attempt = attempt + 1, lease_owner = ?, "
                        "lease_length = ?, lease_ends = ?, updated = ? WHERE id = ? AND state = 'queued' RETURNING {}",
                        columns),
            outbound_of_row, owner, lease, now + lease, now, id);
        if (!ours) continue;  // somebody else was faster
        c.post(
            "INSERT INTO attempt (outbound, number, owner, begun, reply, pacer, recipients) VALUES (?, ?, ?, ?, '', ?, "
            "?)",
            id, ours->attempt, owner, now, paced ? std::optional(pacer) : std::nullopt, count);
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

bool begin_committing(Connection& c, model::OutboundId id, std::int64_t attempt, std::vector<Excepted> const& excepted,
                      Instant next_try)
{
    return begin_committing(c, id, attempt) && except_from(c, id, attempt, excepted, next_try);
}

bool except_from(Connection& c, model::OutboundId id, std::int64_t attempt, std::vector<Excepted> const& excepted,
                 Instant next_try)
{
    auto const mail = outbound(c, id);
    if (!mail || mail->state != model::OutboundState::committing || mail->attempt != attempt) return false;
    std::vector<std::string> accepted;
    std::vector<std::string> later;
    std::string why;
    for (auto const& address : mail->recipients) {
        auto const found = std::ranges::find(excepted, address, &Excepted::address);
        if (found == excepted.end()) {
            accepted.push_back(address);
        } else if (found->later) {
            later.push_back(address);
            if (why.empty()) why = found->words;
        } else {
            note_recipient(c, {mail->activity, address, model::RecipientState::refused, found->words, c.now()});
        }
    }
    c.post("UPDATE outbound SET recipients = ? WHERE id = ?", to_list(accepted), id);
    c.post("UPDATE attempt SET recipients = ? WHERE outbound = ? AND number = ?",
           static_cast<std::int64_t>(accepted.size()), id, attempt);
    if (!later.empty()) add_part(c, *mail, std::move(later), next_try, why);
    return true;
}

bool split_off(Connection& c, model::OutboundId id, std::int64_t attempt, std::size_t most)
{
    auto const mail = outbound(c, id);
    if (!mail || mail->state != model::OutboundState::claimed || mail->attempt != attempt) return false;
    if (mail->recipients.size() <= most) return true;
    auto const cut = mail->recipients.begin() + static_cast<std::ptrdiff_t>(most);
    std::vector<std::string> rest(cut, mail->recipients.end());
    auto const now = c.now();
    if (c.execute("UPDATE outbound SET recipients = ?, updated = ? WHERE id = ? AND attempt = ? AND state = 'claimed' "
                  "AND lease_ends > ?",
                  to_list({mail->recipients.begin(), cut}), now, id, attempt, now) == 0)
        return false;
    c.post("UPDATE attempt SET recipients = ? WHERE outbound = ? AND number = ?", static_cast<std::int64_t>(most), id,
           attempt);
    add_part(c, *mail, std::move(rest), now, {});
    return true;
}

bool cancel(Connection& c, model::OutboundId id, std::string_view note)
{
    if (c.execute("UPDATE outbound SET state = 'cancelled', reason = ?, updated = ? WHERE id = ? AND state = 'queued'",
                  note, c.now(), id) == 0)
        return false;
    outbound_changed(c, id);
    return true;
}

void settle_sent(Connection& c, model::OutboundId id, std::int64_t attempt, std::string_view provider_message_id,
                 std::string_view reply)
{
    if (c.execute("UPDATE outbound SET state = 'sent', lease_owner = NULL, lease_length = NULL, lease_ends = NULL, "
                  "provider_message_id = ?, reason = ?, updated = ? "
                  "WHERE id = ? AND attempt = ? AND state IN ('committing', 'in-doubt')",
                  provider_message_id, reply, c.now(), id, attempt) > 0)
        end_attempt(c, id, attempt, "sent", reply);
}

void settle_later(Connection& c, model::OutboundId id, std::int64_t attempt, Instant next_try, std::string_view reason)
{
    if (c.execute("UPDATE outbound SET state = 'queued', lease_owner = NULL, lease_length = NULL, lease_ends = NULL, "
                  "tries = tries + 1, next_try = ?, reason = ?, updated = ? "
                  "WHERE id = ? AND attempt = ? AND state IN ('claimed', 'committing', 'in-doubt')",
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

void hold_back(Connection& c, model::OutboundId id, std::int64_t attempt, Instant next_try, std::string_view reason)
{
    if (c.execute("UPDATE outbound SET state = 'queued', lease_owner = NULL, lease_length = NULL, lease_ends = NULL, "
                  "next_try = ?, reason = ?, updated = ? "
                  "WHERE id = ? AND attempt = ? AND state IN ('claimed', 'committing', 'in-doubt')",
                  next_try, reason, c.now(), id, attempt) > 0)
        end_attempt(c, id, attempt, "given-back", reason);
}

void settle_failed(Connection& c, model::OutboundId id, std::int64_t attempt, std::string_view reason)
{
    if (c.execute("UPDATE outbound SET state = 'failed', lease_owner = NULL, lease_length = NULL, lease_ends = NULL, "
                  "reason = ?, updated = ? WHERE id = ? AND attempt = ? AND state IN ('claimed', 'committing', "
                  "'in-doubt')",
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
    return recover(c,
                   c.all("SELECT id, attempt, state FROM outbound WHERE state IN ('claimed', 'committing') AND "
                         "lease_ends <= ?",
                         abandoned_of, c.now()),
                   next_look);
}

std::int64_t recover_outbound_of(Connection& c, std::string_view owner, std::span<model::AccountId const> busy,
                                 Instant next_look)
{
    std::vector<Abandoned> abandoned;
    c.run("SELECT id, attempt, state, account, lease_owner FROM outbound WHERE state IN ('claimed', 'committing')", {},
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
    if (!attempt) return false;
    end_attempt(c, id, *attempt, "sent", note);
    sent_copy_due(c, id);
    return true;
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

}  // namespace postroom::store
