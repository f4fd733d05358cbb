#include "store/sending.hpp"

#include "base/text.hpp"
#include "store/bodies.hpp"
#include "store/rows.hpp"

namespace postroom::store {

namespace {

std::optional<std::int64_t> maybe_integer(Row const& row, int column)
{
    if (row.is_null(column)) return std::nullopt;
    return row.integer(column);
}

std::int64_t number(Row const& row)
{
    return row.integer(0);
}

}  // namespace

model::AccountSending account_sending(Connection& c, model::AccountId account)
{
    model::AccountSending found;
    found.account = account;
    c.run(
        "SELECT messages_a_minute, recipients_a_day, connections, recipients_a_message, sent_folder, append_sent, "
        "version FROM account_sending WHERE account = ?",
        {value(account)}, [&](Row const& row) {
            found.messages_a_minute = maybe_integer(row, 0);
            found.recipients_a_day = maybe_integer(row, 1);
            found.connections = maybe_integer(row, 2);
            found.recipients_a_message = maybe_integer(row, 3);
            found.sent_folder = row.text(4);
            found.append_sent = row.boolean(5);
            found.version = row.integer(6);
        });
    return found;
}

model::DepartmentSending department_sending(Connection& c, model::DepartmentId department)
{
    model::DepartmentSending found;
    found.department = department;
    c.run("SELECT signature, signature_html, patience, version FROM department_sending WHERE department = ?",
          {value(department)}, [&](Row const& row) {
              found.signature = row.text(0);
              found.signature_html = row.text(1);
              found.patience = Duration(row.integer(2));
              found.version = row.integer(3);
          });
    return found;
}

model::MailboxSending mailbox_sending(Connection& c, model::MailboxId mailbox)
{
    model::MailboxSending found;
    found.mailbox = mailbox;
    c.run("SELECT reply_to, version FROM mailbox_sending WHERE mailbox = ?", {value(mailbox)}, [&](Row const& row) {
        found.reply_to = row.text(0);
        found.version = row.integer(1);
    });
    return found;
}

std::int64_t set_account_sending(Connection& c, model::AccountSending const& sending)
{
    // Another folder may be one that takes them.
    c.post("UPDATE sent_copy SET next_try = ? WHERE account = ?", c.now(), sending.account);
    return c
        .first(
            "INSERT INTO account_sending (account, messages_a_minute, recipients_a_day, connections, "
            "recipients_a_message, sent_folder, append_sent, version) VALUES (?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT "
            "(account) DO UPDATE SET messages_a_minute = excluded.messages_a_minute, recipients_a_day = "
            "excluded.recipients_a_day, connections = excluded.connections, recipients_a_message = "
            "excluded.recipients_a_message, sent_folder = excluded.sent_folder, append_sent = excluded.append_sent, "
            "version = account_sending.version + 1 RETURNING version",
            number, sending.account, sending.messages_a_minute, sending.recipients_a_day, sending.connections,
            sending.recipients_a_message, sending.sent_folder, sending.append_sent)
        .value();
}

std::int64_t set_department_sending(Connection& c, model::DepartmentSending const& sending)
{
    return c
        .first(
            "INSERT INTO department_sending (department, signature, signature_html, patience, version) VALUES (?, ?, "
            "?, ?, 1) ON CONFLICT (department) DO UPDATE SET signature = excluded.signature, signature_html = "
            "excluded.signature_html, patience = excluded.patience, version = department_sending.version + 1 "
            "RETURNING version",
            number, sending.department, sending.signature, sending.signature_html, sending.patience)
        .value();
}

std::int64_t set_mailbox_sending(Connection& c, model::MailboxSending const& sending)
{
    return c
        .first(
            "INSERT INTO mailbox_sending (mailbox, reply_to, version) VALUES (?, ?, 1) ON CONFLICT (mailbox) DO UPDATE "
            "SET reply_to = excluded.reply_to, version = mailbox_sending.version + 1 RETURNING version",
            number, sending.mailbox, sending.reply_to)
        .value();
}

namespace {

model::ReplyTemplate template_of(Row const& row)
{
    return {row.id<model::DepartmentId>(0), row.text(1), row.text(2), row.text(3), row.text(4), row.integer(5)};
}

}  // namespace

std::vector<model::ReplyTemplate> reply_templates(Connection& c, model::DepartmentId department)
{
    return c.all(
        "SELECT department, name, subject, plain_text, html, version FROM reply_template WHERE department = ? ORDER BY "
        "lower(name), name",
        template_of, department);
}

std::optional<model::ReplyTemplate> reply_template(Connection& c, model::DepartmentId department, std::string_view name)
{
    return c.first(
        "SELECT department, name, subject, plain_text, html, version FROM reply_template WHERE department = ? AND name "
        "= ?",
        template_of, department, name);
}

std::int64_t set_reply_template(Connection& c, model::ReplyTemplate const& given)
{
    return c
        .first(
            "INSERT INTO reply_template (department, name, subject, plain_text, html, version) VALUES (?, ?, ?, ?, ?, "
            "1) ON CONFLICT (department, name) DO UPDATE SET subject = excluded.subject, plain_text = "
            "excluded.plain_text, html = excluded.html, version = reply_template.version + 1 RETURNING version",
            number, given.department, given.name, given.subject, given.text, given.html)
        .value();
}

bool remove_reply_template(Connection& c, model::DepartmentId department, std::string_view name)
{
    return c.execute("DELETE FROM reply_template WHERE department = ? AND name = ?", department, name) > 0;
}

void add_upload(Connection& c, model::Upload const& upload)
{
    c.post("INSERT INTO upload (id, body, owner, name, type, size, created) VALUES (?, ?, ?, ?, ?, ?, ?)", upload.id,
           upload.body, upload.owner, upload.name, upload.type, upload.size, upload.created);
}

std::optional<model::Upload> upload(Connection& c, model::UploadId id, std::string_view owner)
{
    return c.first(
        "SELECT id, body, owner, name, type, size, created FROM upload WHERE id = ? AND owner = ?",
        [](Row const& row) {
            return model::Upload{row.id<model::UploadId>(0),
                                 row.id<model::BodyId>(1),
                                 row.text(2),
                                 row.text(3),
                                 row.text(4),
                                 row.integer(5),
                                 row.instant(6)};
        },
        id, owner);
}

std::string read_upload(Connection& c, model::Upload const& upload)
{
    std::string octets;
    for (int chunk = 0; std::cmp_less(octets.size(), upload.size); ++chunk) {
        auto const piece = read_chunk(c, upload.body, chunk);
        if (piece.empty()) throw Failure(Trouble::store, "the store has lost a part of an uploaded file");
        octets += piece;
    }
    return octets;
}

void remove_upload(Connection& c, model::UploadId id)
{
    auto const body =
        c.first("SELECT body FROM upload WHERE id = ?", [](Row const& row) { return row.id<model::BodyId>(0); }, id);
    if (!body) return;
    c.post("DELETE FROM body_chunk WHERE body = ?", *body);
    c.post("DELETE FROM body WHERE id = ?", *body);  // and the upload with it
}

std::int64_t uploaded_by(Connection& c, std::string_view owner)
{
    return c.first("SELECT coalesce(sum(size), 0) FROM upload WHERE owner = ?", number, owner).value_or(0);
}

void note_recipient(Connection& c, model::RecipientOutcome const& outcome)
{
    c.post(
        "INSERT INTO recipient_outcome (activity, address, outcome, words, happened) VALUES (?, ?, ?, ?, ?) ON "
        "CONFLICT (activity, address) DO UPDATE SET outcome = excluded.outcome, words = excluded.words, happened = "
        "excluded.happened WHERE excluded.outcome <> 'delayed' OR recipient_outcome.outcome IN ('accepted', 'delayed')",
        outcome.activity, to_lower(outcome.address), to_string(outcome.state), outcome.words, outcome.at);
}

std::vector<model::RecipientOutcome> recipients_of(Connection& c, model::ActivityId activity)
{
    return c.all(
        "SELECT activity, address, outcome, words, happened FROM recipient_outcome WHERE activity = ? ORDER BY address",
        [](Row const& row) {
            return model::RecipientOutcome{row.id<model::ActivityId>(0), row.text(1),
                                           word(row, 2, model::parse_recipient_state), row.text(3), row.instant(4)};
        },
        activity);
}

std::optional<model::ActivityId> sent_with_message_id(Connection& c, model::CaseId a_case, std::string_view message_id)
{
    return c.first(
        "SELECT a.id FROM activity a JOIN activity_message_id i ON i.activity = a.id WHERE i.message_id = ? AND "
        "a.customer_case = ? AND a.kind = 'sent'",
        [](Row const& row) { return row.id<model::ActivityId>(0); }, message_id, a_case);
}

}  // namespace postroom::store
