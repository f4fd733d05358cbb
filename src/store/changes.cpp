#include "store/changes.hpp"

#include "store/settings.hpp"

#include <fmt/format.h>

#include <atomic>

namespace postroom::store {

namespace {

constexpr std::int64_t most_kept = 100'000;
constexpr std::int64_t most_unread = 1'000'000;  // for webhooks, while nobody tells them
constexpr unsigned sweep_every = 1024;

// Whoever notes sweeps, now and then and at the first time, so that nothing else has to.
void sweep(Connection& c)
{
    static std::atomic<unsigned> noted = 0;
    if (noted++ % sweep_every == 0)
        c.post(
            "DELETE FROM change WHERE number <= (SELECT max(number) FROM change) - ? AND (number <= (SELECT "
            "max(number) "
            "FROM change) - ? OR number <= (SELECT last_value FROM counter WHERE name = 'webhook-changes') OR NOT "
            "EXISTS (SELECT 1 FROM webhook))",
            most_kept, most_unread);
}

// `its` selects the subject and whose it is.
template <class... Values>
void note(Connection& c, std::string_view what, std::string_view kind, std::string_view its, Values const&... values)
{
    c.post(fmt::format("INSERT INTO change (what, kind, subject, department) SELECT '{}', ?, {}", what, its), kind,
           values...);
    sweep(c);
}

Change change_of(Row const& row)
{
    return {row.integer(0), row.text(1), row.text(2), row.text(3), row.maybe_id<model::DepartmentId>(4)};
}

std::int64_t counted(std::optional<std::int64_t> version, std::string_view what)
{
    if (!version) throw Failure(Trouble::not_found, std::string(what) + " is not there (any more)");
    return *version;
}

std::int64_t number(Row const& row)
{
    return row.integer(0);
}

}  // namespace

void case_changed(Connection& c, model::CaseId id, std::string_view kind)
{
    note(c, "case", kind, "CAST(number AS TEXT), department FROM customer_case WHERE id = ?", id);
}

void case_added(Connection& c, std::int64_t number, model::DepartmentId department)
{
    c.post("INSERT INTO change (what, kind, subject, department) VALUES ('case', 'added', ?, ?)",
           std::to_string(number), department);
    sweep(c);
}

void outbound_changed(Connection& c, model::OutboundId id, std::string_view kind)
{
    note(c, "outbound", kind, "?, m.department FROM outbound o JOIN mailbox m ON m.id = o.mailbox WHERE o.id = ?",
         to_string(id), id);
}

void mailbox_changed(Connection& c, model::MailboxId id, std::string_view kind)
{
    note(c, "mailbox", kind, "address, department FROM mailbox WHERE id = ?", id);
}

void mailbox_stands(Connection& c, model::MailboxId id, model::MailboxState state, std::string_view reason)
{
    note(c, "mailbox", "changed", "address, department FROM mailbox WHERE id = ? AND (state <> ? OR state_reason <> ?)",
         id, to_string(state), reason);
}

void account_changed(Connection& c, model::AccountId id, std::string_view kind)
{
    note(c, "account", kind, "name, department FROM account WHERE id = ?", id);
}

void exception_changed(Connection& c, model::MessageId id, std::string_view kind)
{
    note(c, "exception", kind, "?, b.department FROM message m JOIN mailbox b ON b.id = m.mailbox WHERE m.id = ?",
         to_string(id), id);
}

void unreadable_changed(Connection& c, model::UnreadableMailId id, std::string_view kind)
{
    note(c, "exception", kind,
         "?, b.department FROM unreadable_mail m JOIN mailbox b ON b.id = m.mailbox WHERE m.id = ?", to_string(id), id);
}

void setting_changed(Connection& c, std::string_view name)
{
    note(c, "setting", "changed", "?, NULL", name);
}

void alarm_changed(Connection& c, std::string_view cause, std::string_view subject, std::string_view kind)
{
    note(c, "alarm", kind,
         "?, coalesce((SELECT department FROM account WHERE removed IS NULL AND lower(name) = lower(?)), (SELECT "
         "department FROM mailbox WHERE removed IS NULL AND lower(address) = lower(?)))",
         cause, subject, subject);
}

void check_changed(Connection& c, std::string_view run, std::string_view kind)
{
    note(c, "check", kind, "?, NULL", run);
}

std::vector<Change> changes_after(Connection& c, std::int64_t number, int most)
{
    return c.all("SELECT number, what, subject, kind, department FROM change WHERE number > ? ORDER BY number LIMIT ?",
                 change_of, number, most);
}

std::int64_t last_change(Connection& c)
{
    return c.first("SELECT coalesce(max(number), 0) FROM change", number).value_or(0);
}

std::int64_t next_version(Connection& c, model::ApplicationId id)
{
    return counted(c.first("UPDATE application SET version = version + 1 WHERE id = ? RETURNING version", number, id),
                   "the identity application");
}

std::int64_t next_version(Connection& c, model::AccountId id)
{
    return counted(
        c.first("UPDATE account SET version = version + 1 WHERE id = ? AND removed IS NULL RETURNING version", number,
                id),
        "the account");
}

std::int64_t next_version(Connection& c, model::MailboxId id)
{
    return counted(
        c.first("UPDATE mailbox SET version = version + 1 WHERE id = ? AND removed IS NULL RETURNING version", number,
                id),
        "the mailbox");
}

std::int64_t next_version(Connection& c, model::CaseId id)
{
    return counted(c.first("UPDATE customer_case SET version = version + 1 WHERE id = ? RETURNING version", number, id),
                   "the case");
}

std::int64_t next_version(Connection& c, model::UserId id)
{
    return counted(c.first("UPDATE console_user SET version = version + 1 WHERE id = ? RETURNING version", number, id),
                   "the user");
}

std::int64_t next_setting_version(Connection& c, std::string_view name)
{
    auto const value = setting(c, name);
    return counted(c.first("INSERT INTO setting (name, value, version) VALUES (?, ?, 1) ON CONFLICT (name) DO UPDATE "
                           "SET version = setting.version + 1 RETURNING version",
                           number, name, value),
                   "the setting");
}

}  // namespace postroom::store
