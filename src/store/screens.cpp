#include "store/screens.hpp"

#include "store/changes.hpp"
#include "store/rows.hpp"

namespace postroom::store {

model::Screens screens(Connection& c, model::DepartmentId department)
{
    model::Screens found;
    found.department = department;
    c.run("SELECT largest, above, default_phrases, version FROM department_screens WHERE department = ?",
          {value(department)}, [&](Row const& row) {
              if (!row.is_null(0)) found.largest = row.integer(0);
              found.above = word(row, 1, model::parse_above);
              found.default_phrases = row.boolean(2);
              found.version = row.integer(3);
          });
    if (found.version == 0) return found;
    c.run("SELECT kind, pattern FROM screen_rule WHERE department = ? ORDER BY kind, pattern", {value(department)},
          [&](Row const& row) { found.of(word(row, 0, model::parse_screen_rule_kind)).push_back(row.text(1)); });
    return found;
}

std::vector<ScreensVersion> screens_versions(Connection& c)
{
    return c.all("SELECT department, version FROM department_screens",
                 [](Row const& row) { return ScreensVersion{row.id<model::DepartmentId>(0), row.integer(1)}; });
}

std::int64_t next_screens_version(Connection& c, model::DepartmentId department)
{
    model::Screens const defaults;
    auto const version = c.first(
        "INSERT INTO department_screens (department, largest, above, default_phrases, version) VALUES (?, NULL, ?, ?, "
        "1) ON CONFLICT (department) DO UPDATE SET version = department_screens.version + 1 RETURNING version",
        [](Row const& row) { return row.integer(0); }, department, to_string(defaults.above), defaults.default_phrases);
    must_exist(version ? 1 : 0, "the department");
    return *version;
}

void set_screens(Connection& c, model::Screens const& screens)
{
    must_exist(
        c.execute("UPDATE department_screens SET largest = ?, above = ?, default_phrases = ? WHERE department = ?",
                  screens.largest, to_string(screens.above), screens.default_phrases, screens.department),
        "the department");
}

bool add_screen_rule(Connection& c, model::DepartmentId department, model::ScreenRuleKind kind,
                     std::string_view pattern, std::string_view who, Instant now)
{
    return c.execute(
               "INSERT INTO screen_rule (department, kind, pattern, added, added_by) VALUES (?, ?, ?, ?, ?) ON "
               "CONFLICT DO NOTHING",
               department, to_string(kind), pattern, now, who) > 0;
}

bool remove_screen_rule(Connection& c, model::DepartmentId department, model::ScreenRuleKind kind,
                        std::string_view pattern)
{
    return c.execute("DELETE FROM screen_rule WHERE department = ? AND kind = ? AND pattern = ?", department,
                     to_string(kind), pattern) > 0;
}

bool hold_message(Connection& c, model::MessageId id, model::Screen screen, std::string_view rule, std::string_view why)
{
    if (c.execute("UPDATE message SET triage = 'exception', exception = ?, screen = ?, screen_rule = ? WHERE id = ? "
                  "AND triage = 'pending'",
                  why, to_string(screen), rule, id) == 0)
        return false;
    exception_changed(c, id, "added");
    return true;
}

void note_screen(Connection& c, model::MessageId id, model::Screen screen, std::string_view rule)
{
    must_exist(c.execute("UPDATE message SET screen = ?, screen_rule = ? WHERE id = ?", to_string(screen), rule, id),
               "the message");
}

void release_message(Connection& c, model::MessageId id)
{
    must_exist(c.execute("UPDATE message SET triage = 'pending', triage_tries = 0, exception = '', released = 1 WHERE "
                         "id = ? AND triage = 'exception' AND screen <> '' AND released = 0",
                         id),
               "the message that a screen holds");
    exception_changed(c, id, "removed");
}

}  // namespace postroom::store
