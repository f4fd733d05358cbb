#include "store/watch.hpp"

#include "store/rows.hpp"

namespace postroom::store {

namespace {

Watch::Mails mails_of(Row const& row)
{
    return {row.text(0), row.integer(1), row.instant(2)};
}

constexpr std::chrono::hours lately{1};
// What was written longer ago has not been refused just now, and its index need not be gone through.
constexpr std::chrono::hours patience{24 * 60};

}  // namespace

Watch watch(Connection& c)
{
    Watch all;
    all.now = c.now();
    all.accounts = c.all(
        "SELECT a.name, a.state, a.state_reason, a.state_since, coalesce(g.failures, 0), coalesce(g.trouble, '') FROM "
        "account a LEFT JOIN account_grant g ON g.account = a.id WHERE a.removed IS NULL",
        [](Row const& row) {
            return Watch::Account{row.text(0),    word(row, 1, model::parse_account_state), row.text(2),
                                  row.instant(3), static_cast<unsigned>(row.integer(4)),    row.text(5)};
        });
    all.mailboxes = c.all(
        "SELECT m.address, a.state, a.state_since, m.state, m.state_reason, m.state_since, m.created, m.last_success, "
        "m.next_try, (SELECT max(f.last_time) FROM mailbox_failure f WHERE f.mailbox = m.id) FROM mailbox m JOIN "
        "account a ON a.id = m.account WHERE m.removed IS NULL",
        [](Row const& row) {
            Watch::Mailbox found;
            found.address = row.text(0);
            found.account = word(row, 1, model::parse_account_state);
            found.account_since = row.instant(2);
            found.state = word(row, 3, model::parse_mailbox_state);
            found.reason = row.text(4);
            found.since = row.instant(5);
            found.created = row.instant(6);
            found.last_success = row.maybe_instant(7);
            found.next_try = row.maybe_instant(8);
            found.last_failure = row.maybe_instant(9);
            return found;
        });
    // What was never claimed is due when it is to be sent: that may be hours after it was written.
    all.waiting = c.all(
        "SELECT m.address, count(*), min(CASE WHEN o.attempt = 0 THEN o.next_try ELSE o.created END) FROM outbound o "
        "JOIN mailbox m ON m.id = o.mailbox JOIN account a ON a.id = o.account WHERE o.state = 'queued' AND a.state = "
        "'ready' AND (o.attempt > 0 OR o.next_try <= ?) GROUP BY m.address",
        mails_of, all.now);
    all.refused = c.all(
        "SELECT m.address, count(*), min(o.updated) FROM outbound o JOIN mailbox m ON m.id = o.mailbox WHERE o.state = "
        "'failed' AND o.created > ? AND o.updated > ? GROUP BY m.address",
        mails_of, all.now - patience, all.now - lately);
    all.in_doubt = c.all(
        "SELECT m.address, count(*), min(o.updated) FROM outbound o JOIN mailbox m ON m.id = o.mailbox WHERE o.state = "
        "'in-doubt' AND o.next_try IS NULL GROUP BY m.address",
        mails_of);
    all.exceptions = c.all(
        "SELECT address, CAST(sum(amount) AS BIGINT), min(since) FROM (SELECT m.address AS address, count(*) AS "
        "amount, min(e.filed) "
        "AS since FROM message e JOIN mailbox m ON m.id = e.mailbox WHERE e.triage = 'exception' GROUP BY m.address "
        "UNION ALL SELECT m.address, count(*), min(u.noted) FROM unreadable_mail u JOIN mailbox m ON m.id = u.mailbox "
        "GROUP BY m.address) AS every_one GROUP BY address",
        mails_of);
    all.triage_since = c.first("SELECT filed FROM message WHERE triage = 'pending' ORDER BY filed, id LIMIT 1",
                               [](Row const& row) { return row.instant(0); });
    all.pulses = pulses(c);
    all.raised = alarms(c);
    return all;
}

}  // namespace postroom::store
