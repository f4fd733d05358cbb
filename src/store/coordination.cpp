#include "store/coordination.hpp"

#include "model/causes.hpp"
#include "store/changes.hpp"
#include "store/rows.hpp"

namespace postroom::store {

namespace {

Job job_of(Row const& row)
{
    return {row.id<model::JobId>(0), row.text(1), row.text(2), row.text(3), row.text(4), row.instant(5)};
}

}  // namespace

std::optional<Lease> take_lease(Connection& c, std::string_view name, std::string_view owner, Duration length)
{
    auto const now = c.now();
    // The fence stays only where the same owner renews in time: after a gap somebody may have held it in between, and
    // what its owner thought then is worth nothing.
    auto const fence = c.first(
        "INSERT INTO lease (name, owner, fence, ends) VALUES (?, ?, 1, ?) ON CONFLICT (name) DO UPDATE SET "
        "fence = CASE WHEN lease.owner = excluded.owner AND lease.ends > ? THEN lease.fence ELSE lease.fence + 1 END, "
        "owner = excluded.owner, ends = excluded.ends WHERE lease.owner = excluded.owner OR lease.ends <= ? "
        "RETURNING fence",
        [](Row const& row) { return row.integer(0); }, name, owner, now + length, now, now);
    if (!fence) return std::nullopt;
    return Lease{std::string(name), std::string(owner), *fence};
}

void check_lease(Connection& c, Lease const& lease)
{
    // An UPDATE that changes nothing, so that the row stays locked until the transaction ends, in any database.
    if (c.execute("UPDATE lease SET fence = fence WHERE name = ? AND owner = ? AND fence = ? AND ends > ?", lease.name,
                  lease.owner, lease.fence, c.now()) == 0)
        throw Failure(Trouble::conflict, fmt::format("the lease {} was lost", lease.name));
}

void renew_lease(Connection& c, Lease const& lease, Duration length)
{
    auto const now = c.now();
    if (c.execute("UPDATE lease SET ends = ? WHERE name = ? AND owner = ? AND fence = ? AND ends > ?", now + length,
                  lease.name, lease.owner, lease.fence, now) == 0)
        throw Failure(Trouble::conflict, fmt::format("the lease {} was lost", lease.name));
}

void drop_lease(Connection& c, Lease const& lease)
{
    c.execute("UPDATE lease SET owner = '', ends = 0 WHERE name = ? AND owner = ? AND fence = ?", lease.name,
              lease.owner, lease.fence);
}

void add_job(Connection& c, Job const& job)
{
    c.execute("INSERT INTO job (id, kind, input, output, state, created) VALUES (?, ?, ?, '', 'waiting', ?)", job.id,
              job.kind, job.input, job.created);
}

std::optional<Job> job(Connection& c, model::JobId id)
{
    return c.first("SELECT id, kind, input, output, state, created FROM job WHERE id = ?", job_of, id);
}

std::optional<Job> waiting_job(Connection& c, std::string_view kind, std::string_view input)
{
    return c.first(
        "SELECT id, kind, input, output, state, created FROM job WHERE kind = ? AND input = ? AND state = 'waiting' "
        "ORDER BY created, id LIMIT 1",
        job_of, kind, input);
}

std::optional<Job> claim_job(Connection& c, std::string_view kind, std::string_view owner, Duration lease)
{
    auto const now = c.now();
    auto const open = c.all(
        "SELECT id FROM job WHERE kind = ? AND state IN ('waiting', 'claimed') AND (state = 'waiting' OR "
        "lease_ends <= ?) ORDER BY created, id LIMIT 16",
        [](Row const& row) { return row.id<model::JobId>(0); }, kind, now);
    for (auto const& id : open) {
        auto ours = c.first(
            "UPDATE job SET state = 'claimed', owner = ?, lease_ends = ? WHERE id = ? AND (state = 'waiting' OR "
            "(state = 'claimed' AND lease_ends <= ?)) RETURNING id, kind, input, output, state, created",
            job_of, owner, now + lease, id, now);
        if (ours) return ours;
    }
    return std::nullopt;
}

bool job_due(Connection& c, std::string_view kind)
{
    return c
        .first(
            "SELECT 1 FROM job WHERE kind = ? AND (state = 'waiting' OR (state = 'claimed' AND "
            "lease_ends <= ?)) LIMIT 1",
            [](Row const& row) { return row.integer(0); }, kind, c.now())
        .has_value();
}

bool job_worked_on(Connection& c, std::string_view kind)
{
    return c
        .first(
            "SELECT 1 FROM job WHERE kind = ? AND state = 'claimed' AND lease_ends > ? LIMIT 1",
            [](Row const& row) { return row.integer(0); }, kind, c.now())
        .has_value();
}

namespace {

void expect_ours(std::int64_t changed)
{
    if (changed == 0) throw Failure(Trouble::conflict, "the job is somebody else's by now, or finished");
}

}  // namespace

void renew_job(Connection& c, model::JobId id, std::string_view owner, Duration lease)
{
    expect_ours(c.execute("UPDATE job SET lease_ends = ? WHERE id = ? AND owner = ? AND state = 'claimed'",
                          c.now() + lease, id, owner));
}

void change_job_input(Connection& c, model::JobId id, std::string_view input)
{
    must_exist(c.execute("UPDATE job SET input = ? WHERE id = ?", input, id), "the job");
}

void note_progress(Connection& c, model::JobId id, std::string_view owner, std::string_view output)
{
    expect_ours(
        c.execute("UPDATE job SET output = ? WHERE id = ? AND owner = ? AND state = 'claimed'", output, id, owner));
}

void finish_job(Connection& c, model::JobId id, std::string_view owner, bool done, std::string_view output)
{
    expect_ours(
        c.execute("UPDATE job SET state = ?, output = ?, lease_ends = NULL WHERE id = ? AND owner = ? AND "
                  "state = 'claimed'",
                  done ? "done" : "failed", output, id, owner));
}

void sweep_jobs(Connection& c, Instant before)
{
    c.execute("DELETE FROM job WHERE state IN ('done', 'failed') AND created < ?", before);
    auto const now = c.now();
    c.execute(
        "DELETE FROM job WHERE kind LIKE 'on %' AND (state = 'waiting' OR (state = 'claimed' AND lease_ends <= ?)) AND "
        "created < ?",
        now, now - Duration(std::chrono::hours(1)));
}

void audit(Connection& c, AuditEntry const& entry)
{
    c.execute("INSERT INTO audit (id, happened, who, what, subject, detail) VALUES (?, ?, ?, ?, ?, ?)", make_uuid(),
              entry.at, entry.who, entry.what, entry.on, entry.detail);
}

std::vector<AuditEntry> audit_trail(Connection& c, int most, std::optional<Uuid> const& before)
{
    Selection selection("SELECT happened, who, what, subject, detail, id FROM audit WHERE 1 = 1 ");
    if (before) selection.narrow("id < ?", value(*before));
    return selection.all(
        c, "ORDER BY id DESC LIMIT ?",
        [](Row const& row) {
            return AuditEntry{row.instant(0), row.text(1), row.text(2), row.text(3), row.text(4), row.uuid(5)};
        },
        most);
}

std::optional<AuditEntry> last_audit(Connection& c, std::string_view what, std::string_view on)
{
    auto const about = c.all(
        "SELECT happened, who, what, subject, detail FROM audit WHERE subject = ? ORDER BY id DESC LIMIT 20",
        [](Row const& row) {
            return AuditEntry{row.instant(0), row.text(1), row.text(2), row.text(3), row.text(4), {}};
        },
        on);
    for (auto const& entry : about)
        if (entry.what.starts_with(what)) return entry;
    return std::nullopt;
}

bool raise_alarm(Connection& c, std::string_view cause, std::string_view subject, std::string_view words, Instant now,
                 std::int64_t amount)
{
    auto const explanation = model::explain(words);
    auto const why = explanation.known() ? explanation.causes.front().cause->id : std::string();
    auto const times = c.first(
        "INSERT INTO alarm (id, cause, subject, words, times, begun, last_raised, why, amount) VALUES (?, ?, ?, ?, 1, "
        "?, ?, ?, ?) ON CONFLICT (cause, subject) WHERE ended IS NULL DO UPDATE SET words = excluded.words, "
        "times = alarm.times + 1, last_raised = excluded.last_raised, why = excluded.why, amount = excluded.amount "
        "RETURNING times",
        [](Row const& row) { return row.integer(0); }, make_uuid(), cause, subject, words, now, now, why, amount);
    c.execute(
        "INSERT INTO alarm_call (id, cause, why, words, begun, told_amount, acknowledged_by) VALUES (?, ?, ?, ?, ?, 0, "
        "'') ON CONFLICT (cause, why) WHERE ended IS NULL DO UPDATE SET words = excluded.words",
        make_uuid(), cause, why, words, now);
    alarm_changed(c, cause, subject, times == 1 ? "added" : "changed");
    return times == 1;
}

bool end_alarm(Connection& c, std::string_view cause, std::string_view subject, Instant now)
{
    if (c.execute("UPDATE alarm SET ended = ? WHERE cause = ? AND subject = ? AND ended IS NULL", now, cause,
                  subject) == 0)
        return false;
    alarm_changed(c, cause, subject, "removed");
    return true;
}

std::vector<Alarm> alarms(Connection& c, model::Sight const& sight)
{
    Selection selection(
        "SELECT cause, subject, words, times, begun, last_raised, why, amount FROM alarm WHERE ended IS NULL ");
    selection.within(
        sight,
        "coalesce((SELECT department FROM account WHERE removed IS NULL AND lower(account.name) = "
        "lower(alarm.subject)), (SELECT department FROM mailbox WHERE removed IS NULL AND lower(address) = "
        "lower(alarm.subject)))");
    return selection.all(c, "ORDER BY begun, cause, subject", [](Row const& row) {
        return Alarm{row.text(0),    row.text(1),    row.text(2), row.integer(3),
                     row.instant(4), row.instant(5), row.text(6), row.integer(7)};
    });
}

}  // namespace postroom::store
