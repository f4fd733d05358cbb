#include "store/findings.hpp"

#include "base/text.hpp"
#include "store/changes.hpp"
#include "store/coordination.hpp"
#include "store/rows.hpp"

#include <fmt/format.h>

#include <set>

namespace postroom::store {

namespace {

constexpr std::string_view columns =
    "SELECT f.id, f.run, f.item, f.server, f.subject, f.account, f.mailbox, f.outcome, f.cause, f.evidence, f.remedy, "
    "f.owner, f.because, f.found, f.took, f.since ";
constexpr std::string_view tables =
    "FROM check_finding f LEFT JOIN account a ON a.id = f.account LEFT JOIN mailbox m ON m.id = f.mailbox ";
constexpr std::string_view are_latest = "WHERE f.latest = 1 AND a.removed IS NULL AND m.removed IS NULL ";
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

CheckRun run_of(Row const& row)
{
    return {row.id<CheckRunId>(0), row.text(1),    row.text(2),    row.instant(3), row.integer(4),
            row.integer(5),        row.integer(6), row.integer(7), row.integer(8)};
}

Selection findings(std::string_view which)
{
    return Selection(fmt::format("{}{}{}", columns, tables, which));
}

// In lower case, for LIKE with \\ as its escape.
std::string pattern_of(std::string_view part)
{
    std::string pattern = "%";
    for (char const each : to_lower(part)) {
        if (each == '%' || each == '_' || each == '\\') pattern += '\\';
        pattern += each;
    }
    return pattern + "%";
}

void narrow(Selection& selection, model::Sight const& sight, FindingFilter const& filter)
{
    if (filter.item) selection.narrow("f.item = ?", value(*filter.item));
    if (filter.server) selection.narrow("f.server = ?", value(*filter.server));
    if (filter.cause) selection.narrow("f.cause = ?", value(*filter.cause));
    if (filter.because) selection.narrow("f.because = ?", value(*filter.because));
    if (filter.outcome) selection.narrow("f.outcome = ?", value(to_string(*filter.outcome)));
    if (filter.account) selection.narrow("f.account = ?", value(*filter.account));
    if (filter.mailbox) selection.narrow("f.mailbox = ?", value(*filter.mailbox));
    if (filter.subject_has)
        selection.narrow("lower(f.subject) LIKE ? ESCAPE '\\'", value(pattern_of(*filter.subject_has)));
    selection.within(sight, department);
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
    check_changed(c, to_string(run.id), "added");
}

std::optional<CheckRun> check_run(Connection& c, CheckRunId id)
{
    return c.first(
        "SELECT id, asked, asker, begun, parts, parts_begun, parts_ended, expected, clearing FROM check_run WHERE id = "
        "?",
        run_of, id);
}

void begin_check_part(Connection& c, CheckRunId id, std::int64_t expected)
{
    must_exist(c.execute("UPDATE check_run SET parts_begun = parts_begun + 1, expected = expected + ? WHERE id = ?",
                         expected, id),
               "the run of the check list");
    check_changed(c, to_string(id));
}

void note_clearing(Connection& c, CheckRunId id, std::int64_t left)
{
    must_exist(c.execute("UPDATE check_run SET clearing = ? WHERE id = ?", left, id), "the run of the check list");
    check_changed(c, to_string(id));
}

void end_check_part(Connection& c, CheckRunId id)
{
    must_exist(c.execute("UPDATE check_run SET parts_ended = parts_ended + 1 WHERE id = ?", id),
               "the run of the check list");
    check_changed(c, to_string(id));
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
    auto selection = findings("WHERE 1 = 1 ");
    selection.narrow("f.run = ?", value(run));
    selection.within(sight, department);
    return selection.all(c, "ORDER BY f.id", finding_of);
}

std::vector<CheckRunProgress> last_check_runs(Connection& c, int most, std::optional<std::string> const& asker)
{
    Selection selection(
        "SELECT id, asked, asker, begun, parts, parts_begun, parts_ended, expected, clearing, (SELECT count(*) FROM "
        "check_finding f WHERE f.run = check_run.id) FROM check_run WHERE 1 = 1 ");
    if (asker) selection.narrow("asker = ?", value(*asker));
    return selection.all(
        c, "ORDER BY begun DESC, id DESC LIMIT ?",
        [](Row const& row) { return CheckRunProgress{run_of(row), row.integer(9)}; }, most);
}

std::vector<CheckFinding> latest_findings(Connection& c, model::Sight const& sight, FindingFilter const& filter,
                                          std::int64_t most)
{
    auto selection = findings(are_latest);
    narrow(selection, sight, filter);
    return selection.all(c, "ORDER BY f.item, f.subject, f.server LIMIT ?", finding_of, most);
}

std::vector<FindingGroup> finding_groups(Connection& c, model::Sight const& sight, FindingFilter const& filter)
{
    Selection selection(fmt::format(
        "SELECT f.item, f.outcome, f.cause, f.because, count(*), min(f.since), max(f.found) {}{}", tables, are_latest));
    narrow(selection, sight, filter);
    struct Alike {
        FindingFilter which;
        FindingGroup group;
    };
    auto alike =
        selection.all(c, "GROUP BY f.item, f.outcome, f.cause, f.because ORDER BY f.item", [&](Row const& row) {
            Alike each{.which = filter, .group = {}};
            each.which.item = row.text(0);
            each.which.outcome = word(row, 1, model::parse_outcome);
            each.which.cause = row.text(2);
            each.which.because = row.text(3);
            each.group.count = row.integer(4);
            each.group.since = row.instant(5);
            each.group.found = row.instant(6);
            return each;
        });
    std::vector<FindingGroup> groups;
    for (auto& each : alike) {
        auto first = findings(are_latest);
        narrow(first, sight, each.which);
        auto found = first.all(c, "ORDER BY f.since, f.subject, f.server LIMIT 1", finding_of);
        if (found.empty()) continue;
        each.group.first = std::move(found.front());
        groups.push_back(std::move(each.group));
    }
    return groups;
}

std::vector<std::string> servers_of_findings(Connection& c, model::Sight const& sight)
{
    Selection selection(fmt::format("SELECT DISTINCT f.server {}{}", tables, are_latest));
    selection.within(sight, department);
    return selection.all(c, "ORDER BY f.server", [](Row const& row) { return row.text(0); });
}

std::vector<CheckFinding> finding_history(Connection& c, std::string_view item, std::string_view subject, int most,
                                          model::Sight const& sight)
{
    auto selection = findings("WHERE f.found = f.since ");
    selection.narrow("f.item = ? AND f.subject = ?", {value(item), value(subject)});
    selection.within(sight, department);
    return selection.all(c, "ORDER BY f.found DESC, f.id DESC LIMIT ?", finding_of, most);
}

void sweep_findings(Connection& c, Instant before, Instant repeated, std::string_view own)
{
    auto const left = c.all(
        "UPDATE check_finding SET latest = 0 WHERE latest = 1 AND found < ? AND server <> ? AND "
        "NOT EXISTS (SELECT 1 FROM server_pulse p WHERE p.server = check_finding.server) RETURNING subject",
        [](Row const& row) { return row.text(0); }, repeated, own);
    for (auto const& subject : std::set<std::string>(left.begin(), left.end()))
        if (failing(c, subject).empty()) end_alarm(c, check_alarm, alarm_subject(subject), c.now());
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
