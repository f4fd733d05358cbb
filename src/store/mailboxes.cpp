#include "store/mailboxes.hpp"

#include "store/acknowledgements.hpp"
#include "store/changes.hpp"
#include "store/figures.hpp"
#include "store/rows.hpp"

namespace postroom::store {

namespace {

constexpr std::string_view mailbox_columns =
    "SELECT id, account, department, address, display_name, folder, baseline, after_action, after_folder, poll, "
    "uid_validity, state, state_reason, state_since, last_success, next_try, created, version, "
    "unexpected, trouble FROM mailbox "
    "WHERE removed IS NULL ";

model::Mailbox mailbox_of(Row const& row)
{
    return {.id = row.id<model::MailboxId>(0),
            .account = row.id<model::AccountId>(1),
            .department = row.id<model::DepartmentId>(2),
            .address = row.text(3),
            .display_name = row.text(4),
            .folder = row.text(5),
            .baseline = row.instant(6),
            .after = word(row, 7, model::parse_after_action),
            .after_folder = row.text(8),
            .poll = Duration(row.integer(9)),
            .uid_validity = static_cast<std::uint32_t>(row.integer(10)),
            .state = word(row, 11, model::parse_mailbox_state),
            .state_reason = row.text(12),
            .trouble = word(row, 19, model::parse_mail_trouble),
            .state_since = row.instant(13),
            .last_success = row.maybe_instant(14),
            .next_try = row.maybe_instant(15),
            .unexpected = word(row, 18, model::parse_unexpected),
            .created = row.instant(16),
            .version = row.integer(17)};
}

}  // namespace

void add_mailbox(Connection& c, model::Mailbox const& mailbox)
{
    if (!account(c, mailbox.account)) throw Failure(Trouble::conflict, "the mailbox's account is not there (any more)");
    c.execute(
        "INSERT INTO mailbox (id, account, department, address, display_name, folder, baseline, after_action, "
        "after_folder, poll, uid_validity, state, state_reason, state_since, last_success, next_try, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        mailbox.id, mailbox.account, mailbox.department, mailbox.address, mailbox.display_name, mailbox.folder,
        mailbox.baseline, to_string(mailbox.after), mailbox.after_folder, mailbox.poll, mailbox.uid_validity,
        to_string(mailbox.state), mailbox.state_reason, mailbox.state_since, mailbox.last_success, mailbox.next_try,
        mailbox.created);
    mailbox_changed(c, mailbox.id, "added");
}

void change_mailbox(Connection& c, model::Mailbox const& mailbox)
{
    // Another folder has a UIDVALIDITY of its own: it is as one that was never seen.
    must_exist(
        c.execute(
            "UPDATE mailbox SET uid_validity = CASE WHEN folder = ? THEN uid_validity ELSE 0 END, left_server = CASE "
            "WHEN folder = ? THEN left_server ELSE '' END, display_name = ?, folder = ?, after_action = ?, "
            "after_folder = ?, poll = ? WHERE id = ? AND removed IS NULL",
            mailbox.folder, mailbox.folder, mailbox.display_name, mailbox.folder, to_string(mailbox.after),
            mailbox.after_folder, mailbox.poll, mailbox.id),
        "the mailbox");
    mailbox_changed(c, mailbox.id);
}

void remove_mailbox(Connection& c, model::MailboxId id)
{
    auto const waiting = c.first(
        "SELECT count(*) FROM outbound WHERE mailbox = ? AND state IN ('queued', 'claimed', 'committing', 'in-doubt')",
        [](Row const& row) { return row.integer(0); }, id);
    if (waiting.value_or(0) > 0)
        throw Failure(Trouble::conflict,
                      fmt::format("{} of the mailbox's replies still wait to be sent, or are in doubt", *waiting));
    mailbox_changed(c, id, "removed");
    forget_figures(c, id);
    forget_acknowledgement(c, id);
    c.execute("DELETE FROM ledger WHERE mailbox = ?", id);
    c.execute("DELETE FROM mailbox_right WHERE mailbox = ?", id);
    must_exist(c.execute("UPDATE mailbox SET removed = ? WHERE id = ? AND removed IS NULL", c.now(), id),
               "the mailbox");
}

std::vector<model::Mailbox> mailboxes(Connection& c, model::Sight const& sight)
{
    Selection selection{std::string(mailbox_columns)};
    selection.within(sight, "department");
    return selection.all(c, "ORDER BY lower(address)", mailbox_of);
}

std::vector<model::Mailbox> mailboxes_of(Connection& c, model::AccountId account)
{
    return c.all(std::string(mailbox_columns) + "AND account = ? ORDER BY lower(address)", mailbox_of, account);
}

std::optional<model::Mailbox> mailbox(Connection& c, model::MailboxId id)
{
    return c.first(std::string(mailbox_columns) + "AND id = ?", mailbox_of, id);
}

std::optional<model::Mailbox> mailbox_at(Connection& c, std::string_view address)
{
    return c.first(std::string(mailbox_columns) + "AND lower(address) = lower(?)", mailbox_of, address);
}

model::DepartmentId department_of(Connection& c, model::MailboxId id)
{
    auto const found = c.first(
        "SELECT department FROM mailbox WHERE id = ?", [](Row const& row) { return row.id<model::DepartmentId>(0); },
        id);
    if (!found) throw Failure(Trouble::not_found, "the mailbox is not there (any more)");
    return *found;
}

void set_mailbox_status(Connection& c, model::MailboxId id, MailboxStatus const& status, Instant now)
{
    mailbox_stands(c, id, status.state, status.reason);
    auto const success = status.success ? std::optional(now) : std::nullopt;
    must_exist(c.execute("UPDATE mailbox SET state_since = CASE WHEN state = ? THEN state_since ELSE ? END, state = ?, "
                         "state_reason = ?, trouble = ?, next_try = ?, last_success = coalesce(?, last_success) "
                         "WHERE id = ? AND removed IS NULL",
                         to_string(status.state), now, to_string(status.state), status.reason,
                         to_string(status.trouble), status.next_try, success, id),
               "the mailbox");
}

void set_right(Connection& c, model::MailboxRight const& right)
{
    c.execute(
        "INSERT INTO mailbox_right (mailbox, what, outcome, evidence, looked) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
        "(mailbox, what) DO UPDATE SET outcome = excluded.outcome, evidence = excluded.evidence, looked = "
        "excluded.looked",
        right.mailbox, to_string(right.what), to_string(right.outcome), right.evidence, right.looked);
}

std::vector<model::MailboxRight> rights_of(Connection& c, model::AccountId account)
{
    return c.all(
        "SELECT r.mailbox, r.what, r.outcome, r.evidence, r.looked FROM mailbox_right r JOIN mailbox m ON m.id = "
        "r.mailbox WHERE m.account = ? AND m.removed IS NULL ORDER BY lower(m.address), r.what",
        [](Row const& row) {
            return model::MailboxRight{row.id<model::MailboxId>(0), word(row, 1, model::parse_right),
                                       word(row, 2, model::parse_outcome), row.text(3), row.instant(4)};
        },
        account);
}

std::unordered_map<model::MailboxId, MailboxFooting> footings(Connection& c)
{
    auto const all = c.all(
        "SELECT m.id, a.version, a.state, g.accepted, m.version, m.unexpected FROM mailbox m JOIN account a ON "
        "a.id = m.account LEFT JOIN account_grant g ON g.account = a.id WHERE m.removed IS NULL",
        [](Row const& row) {
            MailboxFooting const found{{row.integer(1), word(row, 2, model::parse_account_state), row.maybe_instant(3)},
                                       row.integer(4),
                                       word(row, 5, model::parse_unexpected)};
            return std::pair(row.id<model::MailboxId>(0), found);
        });
    return {all.begin(), all.end()};
}

void set_uid_validity(Connection& c, model::MailboxId id, std::uint32_t uid_validity)
{
    must_exist(c.execute("UPDATE mailbox SET uid_validity = ?, unexpected = 'ask', left_server = '' WHERE id = ? AND "
                         "removed IS NULL",
                         uid_validity, id),
               "the mailbox");
}

std::string left_server(Connection& c, model::MailboxId id)
{
    return c
        .first(
            "SELECT left_server FROM mailbox WHERE id = ? AND removed IS NULL",
            [](Row const& row) { return row.text(0); }, id)
        .value_or("");
}

bool decide_unexpected(Connection& c, model::MailboxId id, model::Unexpected decision, Instant now)
{
    // Servers tell INTERNALDATE in whole seconds (RFC 3501 section 2.3.3): what comes in the second of the decision is
    // not older than it.
    auto const baseline =
        decision == model::Unexpected::skip ? std::chrono::floor<std::chrono::seconds>(now) : Instant{};
    auto const decided = c.execute(
        "UPDATE mailbox SET unexpected = 'file', baseline = CASE WHEN baseline < ? THEN ? ELSE baseline END "
        "WHERE id = ? AND removed IS NULL AND state = 'stopped'",
        Instant(baseline), Instant(baseline), id);
    if (decided == 0) return false;
    set_mailbox_status(c, id, {model::MailboxState::waiting, {}, std::nullopt, false}, now);
    return true;
}

}  // namespace postroom::store
