#include "store/acknowledgements.hpp"

#include "base/text.hpp"

namespace postroom::store {

namespace {

constexpr std::string_view columns =
    "SELECT k.mailbox, k.active, k.subject, k.words, k.since, k.version FROM acknowledgement k ";

model::Acknowledgement acknowledgement_of(Row const& row)
{
    return {.mailbox = row.id<model::MailboxId>(0),
            .active = row.boolean(1),
            .subject = row.text(2),
            .text = row.text(3),
            .since = row.instant(4),
            .version = row.integer(5)};
}

}  // namespace

model::Acknowledgement acknowledgement(Connection& c, model::MailboxId mailbox)
{
    auto const found = c.first(std::string(columns) + "WHERE k.mailbox = ?", acknowledgement_of, mailbox);
    return found.value_or(model::Acknowledgement{.mailbox = mailbox});
}

std::vector<model::Acknowledgement> active_acknowledgements(Connection& c)
{
    return c.all(std::string(columns) + "WHERE k.active = 1", acknowledgement_of);
}

void set_acknowledgement(Connection& c, model::Acknowledgement const& acknowledgement)
{
    c.execute(
        "INSERT INTO acknowledgement (mailbox, active, subject, words, since, version) VALUES (?, ?, ?, ?, ?, 1) "
        "ON CONFLICT (mailbox) DO UPDATE SET active = excluded.active, subject = excluded.subject, words = "
        "excluded.words, since = excluded.since, version = acknowledgement.version + 1",
        acknowledgement.mailbox, acknowledgement.active, acknowledgement.subject, acknowledgement.text,
        acknowledgement.since);
}

void forget_acknowledgement(Connection& c, model::MailboxId mailbox)
{
    c.execute("DELETE FROM acknowledgement WHERE mailbox = ?", mailbox);
}

std::int64_t acknowledged_since(Connection& c, std::string_view address, Instant since)
{
    return c
        .first(
            "SELECT count(*) FROM acknowledged WHERE address = ? AND sent > ?",
            [](Row const& row) { return row.integer(0); }, to_lower(address), since)
        .value_or(0);
}

void note_acknowledged(Connection& c, std::string_view address, std::int64_t number, Instant now, Instant before)
{
    c.execute("DELETE FROM acknowledged WHERE sent < ?", before);
    c.execute("INSERT INTO acknowledged (address, sent, number) VALUES (?, ?, ?)", to_lower(address), now, number);
}

}  // namespace postroom::store
