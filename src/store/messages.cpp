#include "store/messages.hpp"

#include "store/changes.hpp"
#include "store/rows.hpp"

namespace postroom::store {

namespace {

// A mailbox that moved to another account or address is another one to us, and the one before was removed: what that
// had filed for the same department is not filed once more.
constexpr std::string_view its_or_its_forerunners =
    "message.mailbox = ? OR EXISTS (SELECT 1 FROM mailbox AS former JOIN mailbox AS present ON present.department = "
    "former.department WHERE former.id = message.mailbox AND former.removed IS NOT NULL AND present.id = ?)";

constexpr std::string_view message_columns =
    "SELECT id, mailbox, body, size, digest, fingerprint, possible_duplicate, received, filed, triage, triage_tries, "
    "exception, screen, screen_rule, released FROM message ";

model::Message message_of(Row const& row)
{
    return {.id = row.id<model::MessageId>(0),
            .mailbox = row.id<model::MailboxId>(1),
            .body = row.id<model::BodyId>(2),
            .size = row.integer(3),
            .digest = digest(row, 4),
            .fingerprint = digest(row, 5),
            .possible_duplicate = row.boolean(6),
            .received = row.instant(7),
            .filed = row.instant(8),
            .triage = word(row, 9, model::parse_triage_state),
            .triage_tries = static_cast<int>(row.integer(10)),
            .exception = row.text(11),
            .screen = word(row, 12, model::parse_screen),
            .screen_rule = row.text(13),
            .released = row.boolean(14)};
}

std::string messages_where(std::string_view rest)
{
    return std::string(message_columns) + std::string(rest);
}

}  // namespace

std::vector<NamedMail> named_mails(Connection& c, model::MailboxId mailbox)
{
    return c.all(
        "SELECT unique_id, uid FROM ledger WHERE mailbox = ? AND unique_id <> ''",
        [](Row const& row) { return NamedMail{row.text(0), static_cast<std::uint32_t>(row.integer(1))}; }, mailbox);
}

std::uint32_t last_uid(Connection& c, model::MailboxId mailbox, std::string_view folder, std::uint32_t uid_validity)
{
    auto const last = c.first(
        "SELECT coalesce(max(uid), 0) FROM ledger WHERE mailbox = ? AND folder = ? AND uid_validity = ?",
        [](Row const& row) { return static_cast<std::uint32_t>(row.integer(0)); }, mailbox, folder, uid_validity);
    return last.value_or(0);
}

void gone_from_server(Connection& c, model::Place const& place, Instant now)
{
    c.post(
        "UPDATE ledger SET due = 'leave', unique_id = '', gone = 1, changed = ? WHERE mailbox = ? AND folder = ? AND "
        "uid_validity = ? AND uid = ?",
        now, place.mailbox, place.folder, place.uid_validity, place.uid);
}

void add_to_ledger(Connection& c, model::LedgerRow const& row, Instant now)
{
    c.post(
        "INSERT INTO ledger (mailbox, folder, uid_validity, uid, state, message, due, tries, note, seen, changed, "
        "unique_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row.place.mailbox, row.place.folder, row.place.uid_validity, row.place.uid, to_string(row.state), row.message,
        to_string(row.due), row.tries, row.note, now, now, row.unique_id);
}

void after_action_done(Connection& c, model::Place const& place, Instant now)
{
    c.post(
        "UPDATE ledger SET gone = CASE WHEN due IN ('move', 'delete') THEN 1 ELSE gone END, due = 'leave', note = '', "
        "changed = ? WHERE mailbox = ? AND folder = ? AND uid_validity = ? AND uid = ?",
        now, place.mailbox, place.folder, place.uid_validity, place.uid);
}

void after_action_failed(Connection& c, model::Place const& place, std::string_view note, Instant now)
{
    c.post(
        "UPDATE ledger SET tries = tries + 1, note = ?, changed = ? WHERE mailbox = ? AND folder = ? AND "
        "uid_validity = ? AND uid = ?",
        note, now, place.mailbox, place.folder, place.uid_validity, place.uid);
}

LedgerCounts ledger_counts(Connection& c, model::MailboxId mailbox)
{
    LedgerCounts counts;
    c.run(
        "SELECT state, count(*), sum(CASE WHEN due <> 'leave' THEN 1 ELSE 0 END) FROM ledger WHERE mailbox = ? "
        "GROUP BY state",
        {value(mailbox)}, [&](Row const& row) {
            switch (word(row, 0, model::parse_ledger_state)) {
                case model::LedgerState::skipped: counts.skipped = row.integer(1); break;
                case model::LedgerState::filed: counts.filed = row.integer(1); break;
                case model::LedgerState::duplicate: counts.duplicate = row.integer(1); break;
                case model::LedgerState::unreadable: counts.unreadable = row.integer(1); break;
            }
            counts.due += row.integer(2);
        });
    counts.screened = c.first(
                           "SELECT count(*) FROM message WHERE mailbox = ? AND screen <> ''",
                           [](Row const& row) { return row.integer(0); }, mailbox)
                          .value_or(0);
    return counts;
}

void add_message(Connection& c, model::Message const& message)
{
    c.post(
        "INSERT INTO message (id, mailbox, body, size, digest, fingerprint, possible_duplicate, received, filed, "
        "triage, triage_tries, exception) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        message.id, message.mailbox, message.body, message.size, to_view(message.digest), to_view(message.fingerprint),
        message.possible_duplicate, message.received, message.filed, to_string(message.triage), message.triage_tries,
        message.exception);
}

std::optional<model::Message> message(Connection& c, model::MessageId id)
{
    return c.first(messages_where("WHERE id = ?"), message_of, id);
}

std::optional<model::MessageId> message_with(Connection& c, model::MailboxId mailbox, model::Digest const& digest)
{
    // Equal bytes are one body, whose digest is looked for in an index anyway.
    auto const sql = fmt::format(
        "SELECT message.id FROM body JOIN message ON message.body = body.id WHERE body.digest = ? AND ({}) ORDER BY "
        "CASE WHEN message.mailbox = ? THEN 0 ELSE 1 END LIMIT 1",
        its_or_its_forerunners);
    return c.first(
        sql, [](Row const& row) { return row.id<model::MessageId>(0); }, to_view(digest), mailbox, mailbox, mailbox);
}

bool fingerprint_known(Connection& c, model::MailboxId mailbox, model::Digest const& fingerprint)
{
    // The index has their beginnings only.
    auto const whole = to_view(fingerprint);
    BytesView const begin{whole.bytes.substr(0, 8)};
    auto const sql =
        fmt::format("SELECT 1 FROM message WHERE substr(fingerprint, 1, 8) = ? AND fingerprint = ? AND ({}) LIMIT 1",
                    its_or_its_forerunners);
    return c.first(sql, [](Row const&) { return true; }, begin, whole, mailbox, mailbox).value_or(false);
}

std::vector<model::Message> awaiting_triage(Connection& c, int most)
{
    return c.all(messages_where("WHERE triage = 'pending' ORDER BY filed, id LIMIT ?"), message_of, most);
}

bool begin_triage(Connection& c, model::MessageId id)
{
    return c.execute("UPDATE message SET triage_tries = triage_tries + 1 WHERE id = ? AND triage = 'pending'", id) > 0;
}

void triage_done(Connection& c, model::MessageId id)
{
    must_exist(c.execute("UPDATE message SET triage = 'done', exception = '' WHERE id = ?", id), "the message");
}

bool triage_failed(Connection& c, model::MessageId id, std::string_view why)
{
    if (c.execute("UPDATE message SET triage = 'exception', exception = ? WHERE id = ? AND triage = 'pending'", why,
                  id) == 0)
        return false;
    exception_changed(c, id, "added");
    return true;
}

void triage_again(Connection& c, model::MessageId id)
{
    must_exist(c.execute("UPDATE message SET triage = 'pending', triage_tries = 0, exception = '', screen = CASE "
                         "WHEN released = 1 THEN screen ELSE '' END, screen_rule = CASE WHEN released = 1 THEN "
                         "screen_rule ELSE '' END WHERE id = ? AND triage = 'exception'",
                         id),
               "the message in the exception queue");
    exception_changed(c, id, "removed");
}

std::vector<model::Message> exceptions(Connection& c, int most, model::Sight const& sight,
                                       std::optional<Moment> const& after)
{
    Selection selection(messages_where("WHERE triage = 'exception' "));
    if (after) selection.narrow("(filed, id) > (?, ?)", {value(after->at), value(after->id)});
    selection.within(sight, "(SELECT department FROM mailbox WHERE mailbox.id = message.mailbox)");
    return selection.all(c, "ORDER BY filed, id LIMIT ?", message_of, most);
}

}  // namespace postroom::store
