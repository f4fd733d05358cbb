#include "store/sent-copies.hpp"

#include "store/outbound.hpp"
#include "store/rows.hpp"

namespace postroom::store {

void sent_copy_due(Connection& c, model::OutboundId id)
{
    c.post(
        "INSERT INTO sent_copy (outbound, account, tries, next_try, words) SELECT o.id, o.account, 0, ?, '' FROM "
        "outbound "
        "o JOIN account_sending s ON s.account = o.account WHERE o.id = ? AND s.append_sent = 1 ON CONFLICT DO NOTHING",
        c.now(), id);
}

std::vector<SentCopy> sent_copies_due(Connection& c, model::AccountId account, int most)
{
    struct Due {
        model::OutboundId id;
        int tries;
    };
    auto const due = c.all(
        "SELECT outbound, tries FROM sent_copy WHERE account = ? AND next_try <= ? ORDER BY next_try, outbound LIMIT ?",
        [](Row const& row) { return Due{row.id<model::OutboundId>(0), static_cast<int>(row.integer(1))}; }, account,
        c.now(), most);
    std::vector<SentCopy> copies;
    for (auto const& [id, tries] : due)
        if (auto mail = outbound(c, id)) copies.push_back({*std::move(mail), tries});
    return copies;
}

void sent_copy_done(Connection& c, model::OutboundId id)
{
    c.post("DELETE FROM sent_copy WHERE outbound = ?", id);
}

void sent_copy_later(Connection& c, model::OutboundId id, Instant next_try, std::string_view words)
{
    c.post("UPDATE sent_copy SET tries = tries + 1, next_try = ?, words = ? WHERE outbound = ?", next_try, words, id);
}

std::vector<model::AccountId> accounts_with_sent_copies_due(Connection& c)
{
    return c.all(
        "SELECT DISTINCT account FROM sent_copy WHERE next_try <= ? ORDER BY account",
        [](Row const& row) { return row.id<model::AccountId>(0); }, c.now());
}

std::optional<Instant> next_sent_copy(Connection& c)
{
    return c.first("SELECT min(next_try) FROM sent_copy", [](Row const& row) { return row.maybe_instant(0); })
        .value_or(std::nullopt);
}

}  // namespace postroom::store
