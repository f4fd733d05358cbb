#include "store/figures.hpp"

#include "store/changes.hpp"
#include "store/rows.hpp"
#include "store/withheld.hpp"

#include <array>

namespace postroom::store {

namespace {

struct Figure {
    std::string_view column;
    std::int64_t model::Figures::* member;
};
constexpr std::array figures{
    Figure{"retrieved", &model::Figures::retrieved},    Figure{"filed", &model::Figures::filed},
    Figure{"duplicates", &model::Figures::duplicates},  Figure{"skipped", &model::Figures::skipped},
    Figure{"refused", &model::Figures::refused},        Figure{"octets", &model::Figures::octets},
    Figure{"connections", &model::Figures::connections}};

// `each` is told the name of each figure's column.
template <class Each>
std::string for_all(Each each)
{
    std::string all;
    for (auto const& figure : figures) all += (all.empty() ? "" : ", ") + each(figure.column);
    return all;
}

constexpr std::size_t longest_words = 2'000;

std::map<std::string, std::int64_t> counted(Connection& c, std::string_view sql)
{
    std::map<std::string, std::int64_t> found;
    c.run(std::string(sql), {}, [&](Row const& row) { found[row.text(0)] = row.integer(1); });
    return found;
}

std::int64_t number(Connection& c, std::string_view sql)
{
    return c.first(std::string(sql), [](Row const& row) { return row.integer(0); }).value_or(0);
}

}  // namespace

void begin_figures(Connection& c, model::MailboxId mailbox, Instant now)
{
    static std::string const sql = fmt::format(
        "INSERT INTO mailbox_figures (mailbox, since, {}, {}, wanted, come, come_octets, begun) VALUES "
        "(?, ?, {}, {}, 0, 0, 0, 0) ON CONFLICT (mailbox) DO UPDATE SET since = excluded.since, wanted = "
        "0, come = 0, come_octets = 0, begun = 0, {}",
        for_all([](auto name) { return std::string(name); }),
        for_all([](auto name) { return fmt::format("{}_before", name); }),
        for_all([](auto) { return std::string("0"); }), for_all([](auto) { return std::string("0"); }),
        for_all([](auto name) { return fmt::format("{0}_before = mailbox_figures.{0}", name); }));
    c.execute(sql, mailbox, now);
    c.execute("UPDATE mailbox_failure SET times_before = times WHERE mailbox = ? AND times_before <> times", mailbox);
}

void add_figures(Connection& c, model::MailboxId mailbox, model::Figures const& more)
{
    static std::string const sql =
        fmt::format("UPDATE mailbox_figures SET wanted = 0, come = 0, come_octets = 0, begun = 0, {} WHERE mailbox = ?",
                    for_all([](auto name) { return fmt::format("{0} = {0} + ?", name); }));
    c.post(sql, more.retrieved, more.filed, more.duplicates, more.skipped, more.refused, more.octets, more.connections,
           mailbox);
}

void show_progress(Connection& c, model::MailboxId mailbox, model::LookProgress const& progress)
{
    c.post("UPDATE mailbox_figures SET wanted = ?, come = ?, come_octets = ?, begun = ? WHERE mailbox = ?",
           progress.wanted, progress.come, progress.octets, progress.begun, mailbox);
    mailbox_changed(c, mailbox);
}

void note_failure(Connection& c, model::MailboxId mailbox, model::MailTrouble trouble, std::string_view words,
                  Instant now)
{
    c.execute(
        "INSERT INTO mailbox_failure (mailbox, trouble, times, times_before, last_time, last_words) VALUES (?, ?, 1, "
        "0, ?, ?) ON CONFLICT (mailbox, trouble) DO UPDATE SET times = mailbox_failure.times + 1, last_time = "
        "excluded.last_time, last_words = excluded.last_words",
        mailbox, to_string(trouble), now, words.substr(0, longest_words));
}

void forget_figures(Connection& c, model::MailboxId mailbox)
{
    forget_withheld(c, mailbox);
    c.execute("DELETE FROM unreadable_mail WHERE mailbox = ?", mailbox);
    c.execute("DELETE FROM mailbox_failure WHERE mailbox = ?", mailbox);
    c.execute("DELETE FROM mailbox_figures WHERE mailbox = ?", mailbox);
}

model::MailboxFigures figures_of(Connection& c, model::MailboxId mailbox)
{
    static std::string const sql =
        fmt::format("SELECT since, wanted, come, come_octets, begun, {}, {} FROM mailbox_figures WHERE mailbox = ?",
                    for_all([](auto name) { return std::string(name); }),
                    for_all([](auto name) { return fmt::format("{0} - {0}_before", name); }));
    model::MailboxFigures found;
    c.run(sql, {value(mailbox)}, [&](Row const& row) {
        found.since = row.instant(0);
        found.progress = {row.integer(1), row.integer(2), row.integer(3), row.instant(4)};
        for (std::size_t i = 0; i < figures.size(); ++i) {
            found.all.*figures[i].member = row.integer(5 + static_cast<int>(i));
            found.since_start.*figures[i].member = row.integer(5 + static_cast<int>(figures.size() + i));
        }
    });
    found.failures = c.all(
        "SELECT trouble, times, times - times_before, last_time, last_words FROM mailbox_failure WHERE mailbox = ? "
        "ORDER BY times DESC, trouble",
        [](Row const& row) {
            return model::MailFailure{word(row, 0, model::parse_mail_trouble), row.integer(1), row.integer(2),
                                      row.instant(3), row.text(4)};
        },
        mailbox);
    return found;
}

Totals totals(Connection& c)
{
    Totals totals;
    totals.mailboxes = counted(c, "SELECT state, count(*) FROM mailbox WHERE removed IS NULL GROUP BY state");
    totals.accounts = counted(c, "SELECT state, count(*) FROM account WHERE removed IS NULL GROUP BY state");
    totals.grants =
        counted(c,
                "SELECT CASE WHEN refusals > 0 THEN 'refused' WHEN failures > 0 THEN 'failed' ELSE 'renewed' END, "
                "count(*) FROM account_grant GROUP BY 1");
    totals.failures = counted(c, "SELECT trouble, sum(times) FROM mailbox_failure GROUP BY trouble");
    totals.outbound = counted(c, "SELECT state, count(*) FROM outbound GROUP BY state");
    static std::string const sums =
        fmt::format("SELECT {} FROM mailbox_figures",
                    for_all([](auto name) { return fmt::format("CAST(coalesce(sum({}), 0) AS BIGINT)", name); }));
    c.run(sums, {}, [&](Row const& row) {
        for (std::size_t i = 0; i < figures.size(); ++i)
            totals.figures.*figures[i].member = row.integer(static_cast<int>(i));
    });
    totals.triage_waiting = number(c, "SELECT count(*) FROM message WHERE triage = 'pending'");
    totals.exceptions = number(c, "SELECT count(*) FROM message WHERE triage = 'exception'");
    totals.unreadable = number(c, "SELECT count(*) FROM unreadable_mail");
    totals.after_actions_due = number(c, "SELECT count(*) FROM ledger WHERE due <> 'leave'");
    totals.jobs_waiting = number(c, "SELECT count(*) FROM job WHERE state IN ('waiting', 'claimed')");
    totals.alarms = number(c, "SELECT count(*) FROM alarm WHERE ended IS NULL");
    totals.each = c.all(
        "SELECT m.address, m.state, m.last_success, coalesce(f.filed, 0), coalesce(f.octets, 0) FROM mailbox m LEFT "
        "JOIN mailbox_figures f ON f.mailbox = m.id WHERE m.removed IS NULL ORDER BY lower(m.address)",
        [](Row const& row) {
            return Totals::Mailbox{row.text(0), row.text(1), row.maybe_instant(2), row.integer(3), row.integer(4)};
        });
    return totals;
}

}  // namespace postroom::store
