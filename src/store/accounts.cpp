#include "store/accounts.hpp"

#include "base/text.hpp"
#include "store/acknowledgements.hpp"
#include "store/changes.hpp"
#include "store/figures.hpp"
#include "store/holds.hpp"
#include "store/rows.hpp"

#include <string>

namespace postroom::store {

namespace {

constexpr std::string_view application_columns =
    "SELECT id, name, cloud, tenant, authority, client_id, scopes, created, version FROM application ";

model::Application application_of(Row const& row)
{
    return {.id = row.id<model::ApplicationId>(0),
            .name = row.text(1),
            .cloud = row.text(2),
            .tenant = row.text(3),
            .authority = row.text(4),
            .client_id = row.text(5),
            .scopes = from_list(row.text(6)),
            .created = row.instant(7),
            .version = row.integer(8)};
}

constexpr std::string_view credential_columns =
    "SELECT id, application, kind, sealed_value, subject, thumbprint, ends, created, accepted, refused, refusal FROM "
    "credential ";

model::Credential credential_of(Row const& row)
{
    return {.id = row.id<model::CredentialId>(0),
            .application = row.id<model::ApplicationId>(1),
            .kind = word(row, 2, model::parse_credential_kind),
            .value = {row.bytes(3)},
            .subject = row.text(4),
            .thumbprint = row.text(5),
            .ends = row.maybe_instant(6),
            .created = row.instant(7),
            .accepted = row.maybe_instant(8),
            .refused = row.maybe_instant(9),
            .refusal = row.text(10)};
}

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

std::string with(std::string_view columns, std::string_view rest)
{
    return std::string(columns) + std::string(rest);
}

// What the provider refused may be what it takes now: nobody waits for the hour, or the day, that the refusal set.
void try_grants_at_once(Connection& c, model::ApplicationId application)
{
    c.execute("UPDATE account_grant SET next_try = 0 WHERE account IN (SELECT id FROM account WHERE application = ?)",
              application);
}

}  // namespace

void add_application(Connection& c, model::Application const& application)
{
    c.execute(
        "INSERT INTO application (id, name, cloud, tenant, authority, client_id, scopes, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        application.id, application.name, application.cloud, application.tenant, application.authority,
        application.client_id, to_list(application.scopes), application.created);
}

void change_application(Connection& c, model::Application const& application)
{
    must_exist(c.execute("UPDATE application SET name = ?, tenant = ?, authority = ?, client_id = ?, scopes = ? WHERE "
                         "id = ?",
                         application.name, application.tenant, application.authority, application.client_id,
                         to_list(application.scopes), application.id),
               "the identity application");
    try_grants_at_once(c, application.id);
}

std::vector<model::Application> applications(Connection& c)
{
    return c.all(with(application_columns, "ORDER BY lower(name)"), application_of);
}

std::optional<model::Application> application(Connection& c, model::ApplicationId id)
{
    return c.first(with(application_columns, "WHERE id = ?"), application_of, id);
}

std::optional<model::Application> application_named(Connection& c, std::string_view name)
{
    return c.first(with(application_columns, "WHERE lower(name) = lower(?)"), application_of, name);
}

void remove_application(Connection& c, model::ApplicationId id)
{
    std::string users;
    c.run("SELECT name FROM account WHERE application = ? ORDER BY lower(name)", {value(id)},
          [&](Row const& row) { users += (users.empty() ? "" : ", ") + row.text(0); });
    if (!users.empty())
        throw Failure(Trouble::conflict, fmt::format("the identity application is used by the account {}: remove that "
                                                     "first, or give it another application",
                                                     users));
    must_exist(c.execute("DELETE FROM application WHERE id = ?", id), "the identity application");
}

void add_credential(Connection& c, model::Credential const& credential)
{
    // Two servers that add one at once must not make three.
    must_exist(c.execute("UPDATE application SET name = name WHERE id = ?", credential.application),
               "the identity application");
    if (credentials_of(c, credential.application).size() >= 2)
        throw Failure(
            Trouble::conflict,
            "the identity application has two credentials already: remove the one that is not needed any more");
    c.execute(
        "INSERT INTO credential (id, application, kind, sealed_value, subject, thumbprint, ends, created, accepted, "
        "refused, refusal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        credential.id, credential.application, to_string(credential.kind), Bytes{credential.value.bytes},
        credential.subject, credential.thumbprint, credential.ends, credential.created, credential.accepted,
        credential.refused, credential.refusal);
    try_grants_at_once(c, credential.application);
}

std::vector<model::Credential> credentials_of(Connection& c, model::ApplicationId application)
{
    return c.all(with(credential_columns, "WHERE application = ? ORDER BY created DESC, id DESC"), credential_of,
                 application);
}

std::optional<model::Credential> credential(Connection& c, model::CredentialId id)
{
    return c.first(with(credential_columns, "WHERE id = ?"), credential_of, id);
}

void judge_credential(Connection& c, model::CredentialId id, std::optional<std::string> const& refusal, Instant now)
{
    if (refusal)
        c.execute("UPDATE credential SET refused = ?, refusal = ? WHERE id = ?", now, *refusal, id);
    else
        c.execute("UPDATE credential SET accepted = ?, refused = NULL, refusal = '' WHERE id = ?", now, id);
}

void remove_credential(Connection& c, model::CredentialId id)
{
    must_exist(c.execute("DELETE FROM credential WHERE id = ?", id), "the credential");
}

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
    return c.first(with(account_columns, "AND id = ?"), account_of, id);
}

std::optional<model::Account> account_named(Connection& c, std::string_view name)
{
    return c.first(with(account_columns, "AND lower(name) = lower(?)"), account_of, name);
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
    return c.all(with(mailbox_columns, "AND account = ? ORDER BY lower(address)"), mailbox_of, account);
}

std::optional<model::Mailbox> mailbox(Connection& c, model::MailboxId id)
{
    return c.first(with(mailbox_columns, "AND id = ?"), mailbox_of, id);
}

std::optional<model::Mailbox> mailbox_at(Connection& c, std::string_view address)
{
    return c.first(with(mailbox_columns, "AND lower(address) = lower(?)"), mailbox_of, address);
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

Footing footing(Connection& c, model::Account const& account)
{
    auto const accepted = c.first(
        "SELECT accepted FROM account_grant WHERE account = ?", [](Row const& row) { return row.instant(0); },
        account.id);
    return {account.version, account.state, accepted};
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
