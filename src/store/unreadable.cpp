#include "store/unreadable.hpp"

#include "model/message.hpp"
#include "store/changes.hpp"
#include "store/messages.hpp"
#include "store/rows.hpp"

namespace postroom::store {

namespace {

constexpr std::string_view columns =
    "SELECT id, mailbox, folder, uid_validity, uid, size, received, tries, reason, noted FROM unreadable_mail WHERE "
    "1 = 1 ";

model::UnreadableMail mail_of(Row const& row)
{
    return {.id = row.id<model::UnreadableMailId>(0),
            .mailbox = row.id<model::MailboxId>(1),
            .folder = row.text(2),
            .uid_validity = static_cast<std::uint32_t>(row.integer(3)),
            .uid = static_cast<std::uint32_t>(row.integer(4)),
            .size = row.integer(5),
            .received = row.maybe_instant(6),
            .tries = static_cast<int>(row.integer(7)),
            .reason = row.text(8),
            .noted = row.instant(9)};
}

}  // namespace

void add_unreadable(Connection& c, model::UnreadableMail const& mail, std::string_view unique_id)
{
    model::LedgerRow row;
    row.place = {mail.mailbox, mail.folder, mail.uid_validity, mail.uid};
    row.state = model::LedgerState::unreadable;
    row.tries = mail.tries;
    row.note = mail.reason;
    row.unique_id = unique_id;
    add_to_ledger(c, row, mail.noted);
    c.execute(
        "INSERT INTO unreadable_mail (id, mailbox, folder, uid_validity, uid, size, received, tries, reason, noted) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        mail.id, mail.mailbox, mail.folder, mail.uid_validity, mail.uid, mail.size, mail.received, mail.tries,
        mail.reason, mail.noted);
    unreadable_changed(c, mail.id, "added");
}

std::optional<model::UnreadableMail> unreadable(Connection& c, model::UnreadableMailId id)
{
    return c.first(std::string(columns) + "AND id = ?", mail_of, id);
}

std::vector<model::UnreadableMail> unreadable_mails(Connection& c, int most, model::Sight const& sight,
                                                    std::optional<Moment> const& after)
{
    Selection selection{std::string(columns)};
    if (after) selection.narrow("(noted, id) > (?, ?)", {value(after->at), value(after->id)});
    selection.within(sight, "(SELECT department FROM mailbox WHERE mailbox.id = unreadable_mail.mailbox)");
    return selection.all(c, "ORDER BY noted, id LIMIT ?", mail_of, most);
}

void retrieve_again(Connection& c, model::UnreadableMailId id)
{
    auto const mail = unreadable(c, id);
    if (!mail) throw Failure(Trouble::not_found, "the mail in the exception queue is not there (any more)");
    unreadable_changed(c, id, "removed");
    c.execute(
        "DELETE FROM ledger WHERE mailbox = ? AND folder = ? AND uid_validity = ? AND uid = ? AND state = "
        "'unreadable'",
        mail->mailbox, mail->folder, mail->uid_validity, mail->uid);
    c.execute("DELETE FROM unreadable_mail WHERE id = ?", id);
    // So that whoever retrieves the mailbox looks at once, and reads the ledger anew.
    (void)next_version(c, mail->mailbox);
}

}  // namespace postroom::store
