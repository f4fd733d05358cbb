#include "store/withheld.hpp"

#include "store/rows.hpp"

namespace postroom::store {

std::vector<WithheldMail> withheld_mails(Connection& c, model::MailboxId mailbox, std::string_view folder,
                                         std::uint32_t uid_validity)
{
    return c.all(
        "SELECT name, looks, since, again, words FROM withheld_mail WHERE mailbox = ? AND folder = ? AND uid_validity "
        "= ? ORDER BY name",
        [](Row const& row) {
            return WithheldMail{row.text(0), static_cast<int>(row.integer(1)), row.instant(2), row.instant(3),
                                row.text(4)};
        },
        mailbox, folder, uid_validity);
}

void keep_withheld(Connection& c, model::MailboxId mailbox, std::string_view folder, std::uint32_t uid_validity,
                   WithheldMail const& mail)
{
    c.post(
        "INSERT INTO withheld_mail (mailbox, folder, uid_validity, name, looks, since, again, words) VALUES (?, ?, ?, "
        "?, ?, ?, ?, ?) ON CONFLICT (mailbox, folder, uid_validity, name) DO UPDATE SET looks = excluded.looks, since "
        "= excluded.since, again = excluded.again, words = excluded.words",
        mailbox, folder, uid_validity, mail.name, mail.looks, mail.since, mail.again, mail.words);
}

void forget_withheld(Connection& c, model::MailboxId mailbox, std::string_view folder, std::uint32_t uid_validity,
                     std::string_view name)
{
    c.post("DELETE FROM withheld_mail WHERE mailbox = ? AND folder = ? AND uid_validity = ? AND name = ?", mailbox,
           folder, uid_validity, name);
}

void forget_withheld(Connection& c, model::MailboxId mailbox)
{
    c.execute("DELETE FROM withheld_mail WHERE mailbox = ?", mailbox);
}

}  // namespace postroom::store
