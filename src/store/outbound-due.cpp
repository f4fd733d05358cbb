// What of the dispatch queue is due, and how much at once: pauses, connections, and when to look next.
#include "store/outbound.hpp"
#include "store/rows.hpp"

#include <fmt/format.h>

namespace postroom::store {

void pause_sending(Connection& c, Uuid const& pacer, Instant until, std::string_view words)
{
    c.post(
        "INSERT INTO sending_pause (pacer, until, words) VALUES (?, ?, ?) ON CONFLICT (pacer) DO UPDATE SET until = "
        "excluded.until, words = excluded.words WHERE sending_pause.until < excluded.until",
        pacer, until, words);
}

void send_by_fewer(Connection& c, Uuid const& pacer, std::int64_t connections, Instant until, std::string_view words)
{
    c.post(
        "INSERT INTO sending_pause (pacer, until, connections, fewer_until, words) VALUES (?, 0, ?, ?, ?) ON CONFLICT "
        "(pacer) DO UPDATE SET connections = excluded.connections, fewer_until = excluded.fewer_until, words = "
        "excluded.words",
        pacer, connections, until, words);
}

std::optional<Pause> pause_of(Connection& c, Uuid const& pacer)
{
    auto const now = c.now();
    return c.first(
        "SELECT until, words, connections, fewer_until FROM sending_pause WHERE pacer = ? AND (until > ? OR "
        "fewer_until > ?)",
        [&](Row const& row) {
            Pause pause{row.instant(0), row.text(1), {}};
            if (!row.is_null(2) && row.maybe_instant(3) > now) pause.connections = row.integer(2);
            return pause;
        },
        pacer, now, now);
}

std::string slot_name(model::AccountId account, std::size_t number)
{
    return fmt::format("submission/{}/{}", to_string(account), number);
}

void release_slots(Connection& c, std::string_view owner)
{
    auto const held = c.all("SELECT name, owner FROM lease WHERE name LIKE 'submission/%'",
                            [](Row const& row) { return std::pair{row.text(0), row.text(1)}; });
    for (auto const& [name, by] : held)
        if (by == owner || by.substr(0, by.rfind('#')) == owner)
            c.post("UPDATE lease SET ends = ? WHERE name = ?", c.now(), name);
}

std::int64_t queued_of(Connection& c, model::AccountId account, std::int64_t most)
{
    return c
        .first(
            "SELECT count(*) FROM (SELECT 1 FROM outbound WHERE account = ? AND state = 'queued' AND next_try <= ? "
            "LIMIT ?) AS due",
            [](Row const& row) { return row.integer(0); }, account, c.now(), most)
        .value_or(0);
}

std::optional<Instant> next_outbound(Connection& c)
{
    // Nobody pauses, most of the time.
    auto const paused = c.first(
        "SELECT EXISTS (SELECT 1 FROM sending_pause WHERE until > ?)", [](Row const& row) { return row.boolean(0); },
        c.now());
    auto const instant = [](Row const& row) { return row.maybe_instant(0); };
    if (!paused.value_or(false))
        return c.first("SELECT min(next_try) FROM outbound WHERE state IN ('queued', 'in-doubt')", instant)
            .value_or(std::nullopt);
    return c
        .first(
            "SELECT min(CASE WHEN p.until > o.next_try AND o.state = 'queued' THEN p.until ELSE o.next_try END) FROM "
            "outbound o LEFT JOIN sending_pause p ON p.pacer = o.account OR p.pacer = o.mailbox WHERE o.state IN "
            "('queued', 'in-doubt')",
            instant)
        .value_or(std::nullopt);
}

std::vector<model::AccountId> accounts_with_outbound(Connection& c)
{
    auto const now = c.now();
    return c.all(
        "SELECT DISTINCT account FROM outbound WHERE (state = 'queued' AND next_try <= ? AND NOT EXISTS (SELECT 1 FROM "
        "sending_pause p WHERE p.pacer IN (outbound.account, outbound.mailbox) AND p.until > ?)) OR (state = "
        "'in-doubt' "
        "AND next_try <= ?) ORDER BY account",
        [](Row const& row) { return row.id<model::AccountId>(0); }, now, now, now);
}

}  // namespace postroom::store
