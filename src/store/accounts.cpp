#include "store/accounts.hpp"

#include "base/text.hpp"
#include "store/acknowledgements.hpp"
#include "store/changes.hpp"
#include "store/figures.hpp"
#include "store/holds.hpp"
#include "store/mailboxes.hpp"
#include "store/rows.hpp"

namespace postroom::store {

namespace {

// Tombstones of accounts and mailboxes are nobody's business but that of what refers to them.
constexpr std::string_view account_columns =
    "SELECT id, department, application, name, kind, retrieval, user_name, retrieval_host, retrieval_port, "
    "retrieval_starttls, submission_host, submission_port, submission_implicit_tls, state, state_reason, state_since, "
    "transcript, created, version, access, retrieve_as, submit_as, password FROM account WHERE removed IS NULL ";

model::Account account_of(Row const& row)
{
    return {.id = row.id<model::AccountId>(0),
            .department = row.id<model::DepartmentId>(1),
            .application = row.maybe_id<model::ApplicationId>(2),
            .name = row.text(3),
            .kind = word(row, 4, model::parse_account_kind),
            .access = word(row, 19, model::parse_access),
            .retrieval = word(row, 5, model::parse_protocol),
            .user = row.text(6),
            .retrieval_server = {row.text(7), static_cast<std::uint16_t>(row.integer(8))},
            .retrieval_starttls = row.boolean(9),
            .submission_server = {row.text(10), static_cast<std::uint16_t>(row.integer(11))},
            .submission_implicit_tls = row.boolean(12),
            .retrieve_as = word(row, 20, model::parse_sign_in_as),
            .submit_as = word(row, 21, model::parse_sign_in_as),
            .password = {row.bytes(22)},
            .state = word(row, 13, model::parse_account_state),
            .state_reason = row.text(14),
            .state_since = row.instant(15),
            .transcript = row.boolean(16),
            .created = row.instant(17),
            .version = row.integer(18)};
}

}  // namespace

void add_account(Connection& c, model::Account const& account)
{
    c.execute(
        "INSERT INTO account (id, department, application, name, kind, retrieval, user_name, retrieval_host, "
        "retrieval_port, retrieval_starttls, submission_host, submission_port, submission_implicit_tls, state, "
        "state_reason, state_since, transcript, created, access, retrieve_as, submit_as, password) VALUES (?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        account.id, account.department, account.application, account.name, to_string(account.kind),
        to_string(account.retrieval), account.user, account.retrieval_server.host,
        std::int64_t(account.retrieval_server.port), account.retrieval_starttls, account.submission_server.host,
        std::int64_t(account.submission_server.port), account.submission_implicit_tls, to_string(account.state),
        account.state_reason, account.state_since, account.transcript, account.created, to_string(account.access),
        to_string(account.retrieve_as), to_string(account.submit_as), Bytes{account.password.bytes});
    account_changed(c, account.id, "added");
}

std::vector<model::Account> accounts(Connection& c, model::Sight const& sight)
{
    Selection selection{std::string(account_columns)};
    selection.within(sight, "department");
    return selection.all(c, "ORDER BY lower(name)", account_of);
}

std::optional<model::Account> account(Connection& c, model::AccountId id)
{
    return c.first(std::string(account_columns) + "AND id = ?", account_of, id);
}

std::optional<model::Account> account_named(Connection& c, std::string_view name)
{
    return c.first(std::string(account_columns) + "AND lower(name) = lower(?)", account_of, name);
}

void set_account_state(Connection& c, model::AccountId id, model::AccountState state, std::string_view reason,
                       Instant now)
{
    // `since` is when it came into this state, not when somebody last said so.
    must_exist(c.execute("UPDATE account SET state_since = CASE WHEN state = ? THEN state_since ELSE ? END, state = ?, "
                         "state_reason = ? WHERE id = ? AND removed IS NULL",
                         to_string(state), now, to_string(state), reason, id),
               "the account");
    account_changed(c, id);
}

void set_account_transcript(Connection& c, model::AccountId id, bool on)
{
    must_exist(c.execute("UPDATE account SET transcript = ? WHERE id = ? AND removed IS NULL", on, id), "the account");
    account_changed(c, id);
}

namespace {

// The ports that protocols have for the two ways to TLS: behind both is one server. Behind any other may be a tunnel or
// a proxy, to wherever: to compare all mail once more costs little, and to take another's for filed loses it.
bool is_usual_port(std::uint16_t port)
{
    return port == 143 || port == 993 || port == 110 || port == 995;
}

bool same_server(Endpoint const& a, Endpoint const& b)
{
    return equal_ignoring_case(a.host, b.host) &&
           (a.port == b.port || (is_usual_port(a.port) && is_usual_port(b.port)));
}

// UIDVALIDITY and UID mean something at their own server only: two servers may well have the same ones, and then mail
// of the new one would be taken for filed. So the old one's rows are called by it, and the mailbox says where it was
// until it was compared anew; over POP3 no id has a blank. What was filed stays known by its bytes.
void leave_server(Connection& c, model::AccountId account, std::string_view server)
{
    auto const now = c.now();
    auto const by_name = fmt::format(" @ {} {}", server, to_rfc3339(now));
    c.execute(
        "UPDATE mailbox SET left_server = ? WHERE account = ? AND removed IS NULL AND left_server = '' AND "
        "(uid_validity > 0 OR EXISTS (SELECT 1 FROM ledger WHERE ledger.mailbox = mailbox.id AND unique_id <> ''))",
        server, account);
    c.execute(
        "UPDATE ledger SET folder = folder || ?, gone = 1, due = 'leave', changed = ? WHERE uid_validity > 0 AND "
        "folder NOT LIKE '% @ %' AND mailbox IN (SELECT id FROM mailbox WHERE account = ? AND removed IS NULL)",
        by_name, now, account);
    c.execute(
        "UPDATE ledger SET unique_id = unique_id || ?, due = 'leave', changed = ? WHERE unique_id <> '' AND "
        "mailbox IN (SELECT id FROM mailbox WHERE account = ? AND removed IS NULL)",
        by_name, now, account);
    c.execute("UPDATE mailbox SET uid_validity = 0 WHERE account = ? AND removed IS NULL", account);
    c.execute("DELETE FROM withheld_mail WHERE mailbox IN (SELECT id FROM mailbox WHERE account = ?)", account);
}

}  // namespace

void change_account(Connection& c, model::Account const& account)
{
    auto const before = c.first(
        "SELECT retrieval_host, retrieval_port FROM account WHERE id = ? AND removed IS NULL",
        [](Row const& row) { return Endpoint{row.text(0), static_cast<std::uint16_t>(row.integer(1))}; }, account.id);
    if (before && !same_server(*before, account.retrieval_server)) leave_server(c, account.id, to_string(*before));
    // Alarms call an account by its name.
    c.execute("UPDATE alarm SET subject = ? WHERE ended IS NULL AND subject = (SELECT name FROM account WHERE id = ?)",
              account.name, account.id);
    must_exist(c.execute("UPDATE account SET name = ?, retrieval_host = ?, retrieval_port = ?, submission_host = ?, "
                         "submission_port = ?, submission_implicit_tls = ?, retrieval_starttls = ?, retrieve_as = ?, "
                         "submit_as = ? WHERE id = ? AND removed IS NULL",
                         account.name, account.retrieval_server.host, std::int64_t(account.retrieval_server.port),
                         account.submission_server.host, std::int64_t(account.submission_server.port),
                         account.submission_implicit_tls, account.retrieval_starttls, to_string(account.retrieve_as),
                         to_string(account.submit_as), account.id),
               "the account");
    // What another server, or another name, says of the password is to be seen at once.
    c.execute("UPDATE sign_in_hold SET next_try = 0 WHERE account = ?", account.id);
    account_changed(c, account.id);
}

void set_account_password(Connection& c, model::AccountId id, model::Sealed const& password, Instant now)
{
    must_exist(c.execute("UPDATE account SET password = ? WHERE id = ? AND access = 'password' AND removed IS NULL",
                         Bytes{password.bytes}, id),
               "the account with a password");
    release_sign_ins(c, id);
    set_account_state(c, id, model::AccountState::ready, "", now);
}

void convert_account(Connection& c, model::Account const& account, Instant now)
{
    bool const by_password = account.access == model::Access::password;
    must_exist(c.execute("UPDATE account SET access = ?, application = ?, user_name = ?, password = ? WHERE id = ? AND "
                         "removed IS NULL",
                         to_string(account.access), account.application, account.user, Bytes{account.password.bytes},
                         account.id),
               "the account");
    release_sign_ins(c, account.id);
    c.execute("DELETE FROM account_authorization WHERE account = ?", account.id);
    c.execute("DELETE FROM account_grant WHERE account = ?", account.id);
    c.execute("DELETE FROM mailbox_right WHERE mailbox IN (SELECT id FROM mailbox WHERE account = ?)", account.id);
    change_account(c, account);
    set_account_state(c, account.id, by_password ? model::AccountState::ready : model::AccountState::new_account, "",
                      now);
}

void remove_account(Connection& c, model::AccountId id)
{
    auto const waiting = c.first(
        "SELECT count(*) FROM outbound WHERE account = ? AND state IN ('queued', 'claimed', 'committing', 'in-doubt')",
        [](Row const& row) { return row.integer(0); }, id);
    if (waiting.value_or(0) > 0)
        throw Failure(Trouble::conflict,
                      fmt::format("{} of the account's replies still wait to be sent, or are in doubt", *waiting));
    auto const now = c.now();
    for (auto const& each : mailboxes_of(c, id)) mailbox_changed(c, each.id, "removed");
    account_changed(c, id, "removed");
    c.execute(
        "UPDATE alarm SET ended = ? WHERE ended IS NULL AND (subject = (SELECT name FROM account WHERE id = ?) OR "
        "subject IN (SELECT address FROM mailbox WHERE account = ? AND removed IS NULL))",
        now, id, id);
    c.execute("DELETE FROM ledger WHERE mailbox IN (SELECT id FROM mailbox WHERE account = ?)", id);
    c.execute("DELETE FROM mailbox_right WHERE mailbox IN (SELECT id FROM mailbox WHERE account = ?)", id);
    for (auto const& each : mailboxes_of(c, id)) {
        forget_figures(c, each.id);
        forget_acknowledgement(c, each.id);
    }
    release_sign_ins(c, id);
    c.execute("DELETE FROM sent_copy WHERE account = ?", id);  // nobody signs in any more to put them there
    c.execute("UPDATE mailbox SET removed = ? WHERE account = ? AND removed IS NULL", now, id);
    c.execute("DELETE FROM account_authorization WHERE account = ?", id);
    c.execute("DELETE FROM account_grant WHERE account = ?", id);
    must_exist(
        c.execute(
            "UPDATE account SET removed = ?, application = NULL, password = NULL WHERE id = ? AND removed IS NULL", now,
            id),
        "the account");
}

Footing footing(Connection& c, model::Account const& account)
{
    auto const accepted = c.first(
        "SELECT accepted FROM account_grant WHERE account = ?", [](Row const& row) { return row.instant(0); },
        account.id);
    return {account.version, account.state, accepted};
}

}  // namespace postroom::store
