#include "store/findings.hpp"

#include "store/coordination.hpp"
#include "store/rows.hpp"

#include <fmt/format.h>

namespace postroom::store {

namespace {

constexpr std::string_view columns =
    "SELECT f.id, f.run, f.item, f.server, f.subject, f.account, f.mailbox, f.outcome, f.cause, f.evidence, f.remedy, "
    "f.owner, f.because, f.found, f.took, f.since FROM check_finding f LEFT JOIN account a ON a.id = f.account "
    "LEFT JOIN mailbox m ON m.id = f.mailbox ";
constexpr std::string_view department = "coalesce(m.department, a.department)";

CheckFinding finding_of(Row const& row)
{
    CheckFinding found;
    found.id = row.uuid(0);
    found.run = row.id<CheckRunId>(1);
    found.item = row.text(2);
    found.server = row.text(3);
    found.subject = row.text(4);
    found.account = row.maybe_id<model::AccountId>(5);
    found.mailbox = row.maybe_id<model::MailboxId>(6);
    found.finding = {.outcome = word(row, 7, model::parse_outcome),
                     .cause = row.text(8),
                     .evidence = row.text(9),
                     .remedy = row.text(10),
                     .owner = word(row, 11, model::parse_responsible)};
    found.because = row.text(12);
    found.found = row.instant(13);
    found.took = Duration(row.integer(14));
    found.since = row.instant(15);
    return found;
}

// What fails of the subject, in words; empty where nothing does.
std::string failing(Connection& c, std::string_view subject)
{
    std::string words;
    c.run(
        "SELECT item, evidence FROM check_finding WHERE latest = 1 AND subject = ? AND outcome = 'fails' "
        "ORDER BY item, server",
        values(subject),
        [&](Row const& row) { words += fmt::format("{}{}: {}", words.empty() ? "" : "; ", row.text(0), row.text(1)); });
    return words;
}

// An alarm about nothing would be one that nobody can find.
std::string alarm_subject(std::string const& subject)
{
    return subject.empty() ? "partition" : subject;
}

void sound(Connection& c, CheckFinding const& finding, std::optional<std::string> const& told_before)
{
    using enum model::Outcome;
    auto const subject = alarm_subject(finding.subject);
    auto const outcome = finding.finding.outcome;
    if (outcome == fails && told_before && *told_before != "fails")
        raise_alarm(c, check_alarm, subject, failing(c, finding.subject), finding.found);
    else if ((outcome == holds || outcome == warns) && told_before == "fails" && failing(c, finding.subject).empty())
        end_alarm(c, check_alarm, subject, finding.found);
}

}  // namespace

void add_check_run(Connection& c, CheckRun const& run)
{
    c.execute(
        "INSERT INTO check_run (id, asked, asker, begun, parts, parts_begun, parts_ended, expected) "
        "VALUES (?, ?, ?, ?, ?, 0, 0, 0)",
        run.id, run.asked, run.asker, run.begun, run.parts);
}

std::optional<CheckRun> check_run(Connection& c, CheckRunId id)
{
    return c.first(
        "SELECT id, asked, asker, begun, parts, parts_begun, parts_ended, expected FROM check_run WHERE id = ?",
        [](Row const& row) {
            return CheckRun{row.id<CheckRunId>(0), row.text(1),    row.text(2),    row.instant(3),
                            row.integer(4),        row.integer(5), row.integer(6), row.integer(7)};
        },
        id);
}

void begin_check_part(Connection& c, CheckRunId id, std::int64_t expected)
{
    must_exist(c.execute("UPDATE check_run SET parts_begun = parts_begun + 1, expected = expected + ? WHERE id = ?",
                         expected, id),
               "the run of the check list");
}

void end_check_part(Connection& c, CheckRunId id)
{
    must_exist(c.execute("UPDATE check_run SET parts_ended = parts_ended + 1 WHERE id = ?", id),
               "the run of the check list");
}

std::optional<Instant> last_scheduled_check(Connection& c)
{
    return c.first(
        "SELECT begun FROM check_run WHERE asker = ? ORDER BY begun DESC LIMIT 1",
        [](Row const& row) { return row.instant(0); }, check_schedule);
}

void keep_finding(Connection& c, CheckFinding const& finding)
{
    auto const& [outcome, cause, evidence, remedy, owner] = finding.finding;
    struct Before {
        std::string outcome, cause;
        Instant since;
    };
    auto const before = c.first(
        "SELECT outcome, cause, since FROM check_finding WHERE item = ? AND server = ? AND subject = ? AND latest = 1",
        [](Row const& row) { return Before{row.text(0), row.text(1), row.instant(2)}; }, finding.item, finding.server,
        finding.subject);
    auto const told = c.first(
        "SELECT outcome FROM check_finding WHERE item = ? AND server = ? AND subject = ? AND "
        "outcome <> 'could-not-be-told' ORDER BY found DESC, id DESC LIMIT 1",
        [](Row const& row) { return row.text(0); }, finding.item, finding.server, finding.subject);
    bool const same = before && before->outcome == to_string(outcome) && before->cause == cause;
    c.execute("UPDATE check_finding SET latest = 0 WHERE item = ? AND server = ? AND subject = ? AND latest = 1",
              finding.item, finding.server, finding.subject);
    c.execute(
        "INSERT INTO check_finding (id, run, item, server, subject, account, mailbox, outcome, cause, evidence, "
        "remedy, "
        "owner, because, found, took, since, latest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
        finding.id.is_nil() ? make_uuid() : finding.id, finding.run, finding.item, finding.server, finding.subject,
        finding.account, finding.mailbox, to_string(outcome), cause, evidence, remedy, to_string(owner),
        finding.because, finding.found, finding.took, same ? before->since : finding.found);
    sound(c, finding, told);
}

std::vector<CheckFinding> findings_of_run(Connection& c, CheckRunId run, model::Sight const& sight)
{
    Selection selection(std::string(columns) + "WHERE 1 = 1 ");
    selection.narrow("f.run = ?", value(run));
    selection.within(sight, department);
    return selection.all(c, "ORDER BY f.id", finding_of);
}

std::vector<CheckFinding> latest_findings(Connection& c, model::Sight const& sight)
{
    Selection selection(std::string(columns) + "WHERE f.latest = 1 AND a.removed IS NULL AND m.removed IS NULL ");
    selection.within(sight, department);
    return selection.all(c, "ORDER BY f.item, f.subject, f.server", finding_of);
}

std::vector<CheckFinding> finding_history(Connection& c, std::string_view item, std::string_view subject, int most,
                                          model::Sight const& sight)
{
    Selection selection(std::string(columns) + "WHERE f.found = f.since ");
    selection.narrow("f.item = ? AND f.subject = ?", {value(item), value(subject)});
    selection.within(sight, department);
    return selection.all(c, "ORDER BY f.found DESC, f.id DESC LIMIT ?", finding_of, most);
}

void sweep_findings(Connection& c, Instant before, Instant repeated)
{
    c.execute("DELETE FROM check_finding WHERE latest = 0 AND (found < ? OR (found < ? AND found <> since))", before,
              repeated);
    // Nobody finds the latest one of what is gone.
    c.execute(
        "DELETE FROM check_finding WHERE found < ? AND (account IN (SELECT id FROM account WHERE removed IS NOT NULL) "
        "OR mailbox IN (SELECT id FROM mailbox WHERE removed IS NOT NULL))",
        repeated);
    c.execute(
        "DELETE FROM check_run WHERE begun < ? AND NOT EXISTS (SELECT 1 FROM check_finding f WHERE "
        "f.run = check_run.id)",
        repeated);
}

}  // namespace postroom::store
