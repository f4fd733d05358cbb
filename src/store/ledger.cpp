#include "store/ledger.hpp"

#include "store/rows.hpp"

namespace postroom::store {

namespace {

constexpr std::string_view entry_columns =
    "SELECT ledger.mailbox, ledger.folder, ledger.uid_validity, ledger.uid, ledger.state, ledger.message, ledger.due, "
    "ledger.tries, ledger.note, ledger.unique_id, ledger.gone, ledger.seen, ledger.changed, message.id, "
    "message.mailbox, message.body, message.size, message.possible_duplicate, message.received, message.filed, "
    "message.triage, message.exception, activity.id, activity.from_address, activity.subject, customer_case.number, "
    "message.screen, message.screen_rule "
    "FROM ledger LEFT JOIN message ON message.id = ledger.message LEFT JOIN activity ON activity.message = message.id "
    "LEFT JOIN customer_case ON customer_case.id = activity.customer_case WHERE ledger.mailbox = ? ";

LedgerEntry entry_of(Row const& row)
{
    LedgerEntry entry{
        .row = {.place = {row.id<model::MailboxId>(0), row.text(1), static_cast<std::uint32_t>(row.integer(2)),
                          static_cast<std::uint32_t>(row.integer(3))},
                .state = word(row, 4, model::parse_ledger_state),
                .message = row.maybe_id<model::MessageId>(5),
                .due = word(row, 6, model::parse_after_action),
                .tries = static_cast<int>(row.integer(7)),
                .note = row.text(8),
                .unique_id = row.text(9)},
        .gone = row.boolean(10),
        .seen = row.instant(11),
        .changed = row.instant(12)};
    if (!row.is_null(13)) {
        model::Message message;
        message.id = row.id<model::MessageId>(13);
        message.mailbox = row.id<model::MailboxId>(14);
        message.body = row.id<model::BodyId>(15);
        message.size = row.integer(16);
        message.possible_duplicate = row.boolean(17);
        message.received = row.instant(18);
        message.filed = row.instant(19);
        message.triage = word(row, 20, model::parse_triage_state);
        message.exception = row.text(21);
        message.screen = word(row, 26, model::parse_screen);
        message.screen_rule = row.text(27);
        entry.message = std::move(message);
    }
    if (!row.is_null(22)) {
        entry.activity = row.id<model::ActivityId>(22);
        entry.from = row.text(23);
        entry.subject = row.text(24);
    }
    if (!row.is_null(25)) entry.a_case = row.integer(25);
    return entry;
}

}  // namespace

std::vector<LedgerEntry> ledger_page(Connection& c, model::MailboxId mailbox, LedgerFilter const& filter, int most,
                                     std::optional<LedgerMark> const& after)
{
    std::string sql(entry_columns);
    std::vector<Value> parameters{value(mailbox)};
    auto const narrow = [&](std::string_view condition, std::vector<Value> by) {
        sql += "AND " + std::string(condition) + ' ';
        for (auto& each : by) parameters.push_back(std::move(each));
    };
    if (filter.state) narrow("ledger.state = ?", {value(to_string(*filter.state))});
    if (filter.only_due) narrow("ledger.due <> 'leave'", {});
    if (filter.only_possible_duplicates) narrow("ledger.state = 'filed' AND message.possible_duplicate = 1", {});
    if (after)
        narrow("(ledger.folder, ledger.uid_validity, ledger.uid) < (?, ?, ?)",
               {value(after->folder), value(after->uid_validity), value(after->uid)});
    // The order of its key, so that no page sorts a whole ledger.
    sql += "ORDER BY ledger.folder DESC, ledger.uid_validity DESC, ledger.uid DESC LIMIT ?";
    parameters.push_back(value(most));
    std::vector<LedgerEntry> found;
    c.run(sql, parameters, [&](Row const& row) { found.push_back(entry_of(row)); });
    return found;
}

std::vector<KnownMail> known_mails(Connection& c, model::MailboxId mailbox, std::string_view folder,
                                   std::uint32_t uid_validity)
{
    return c.all(
        "SELECT uid, gone, due, unique_id, missed FROM ledger WHERE mailbox = ? AND folder = ? AND uid_validity = ? "
        "ORDER BY "
        "uid",
        [](Row const& row) {
            return KnownMail{static_cast<std::uint32_t>(row.integer(0)), row.boolean(1), row.text(2) != "leave",
                             row.text(3), row.boolean(4)};
        },
        mailbox, folder, uid_validity);
}

void note_missed(Connection& c, model::MailboxId mailbox, std::string_view folder, std::uint32_t uid_validity,
                 std::vector<std::uint32_t> const& uids, Instant now)
{
    for (auto const uid : uids)
        c.post(
            "UPDATE ledger SET gone = 1, missed = 1, changed = ? WHERE mailbox = ? AND folder = ? AND uid_validity = ? "
            "AND uid = ? AND gone = 0 AND due = 'leave'",
            now, mailbox, folder, uid_validity, uid);
}

void note_listed_again(Connection& c, model::MailboxId mailbox, std::string_view folder, std::uint32_t uid_validity,
                       std::vector<std::uint32_t> const& uids, Instant now)
{
    for (auto const uid : uids)
        c.post(
            "UPDATE ledger SET gone = 0, missed = 0, changed = ? WHERE mailbox = ? AND folder = ? AND uid_validity = ? "
            "AND uid = ? AND missed = 1",
            now, mailbox, folder, uid_validity, uid);
}

std::vector<std::string> mails_to_stay(Connection& c, model::MailboxId mailbox)
{
    return c.all(
        "SELECT unique_id FROM ledger WHERE mailbox = ? AND unique_id <> '' AND due = 'leave'",
        [](Row const& row) { return row.text(0); }, mailbox);
}

std::vector<FiledBytes> filed_bytes(Connection& c, model::MailboxId mailbox, std::string_view folder,
                                    std::uint32_t uid_validity)
{
    return c.all(
        "SELECT ledger.uid, message.size, message.digest FROM ledger JOIN message ON message.id = ledger.message WHERE "
        "ledger.mailbox = ? AND folder = ? AND uid_validity = ? AND gone = 0 ORDER BY ledger.uid",
        [](Row const& row) {
            return FiledBytes{static_cast<std::uint32_t>(row.integer(0)), row.integer(1), digest(row, 2)};
        },
        mailbox, folder, uid_validity);
}

std::optional<LedgerEntry> ledger_entry(Connection& c, model::Place const& place)
{
    return c.first(std::string(entry_columns) + "AND ledger.folder = ? AND ledger.uid_validity = ? AND ledger.uid = ?",
                   entry_of, place.mailbox, place.folder, place.uid_validity, place.uid);
}

}  // namespace postroom::store
