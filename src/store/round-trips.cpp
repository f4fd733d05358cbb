#include "store/round-trips.hpp"

#include "base/text.hpp"
#include "store/rows.hpp"

#include <chrono>
#include <set>

namespace postroom::store {

namespace {

constexpr Duration kept = std::chrono::days(3);
constexpr int newest = 50;

// What Exchange gives out in an invitation's place while a mailbox has its protocol defaults (TbSync #404,
// mutt-office365 #4): a link to the item, and where to switch that off.
bool is_link(std::string_view text)
{
    auto const lower = to_lower(text.substr(0, 8'000));
    auto const has = [&](std::string_view part) { return lower.find(part) != std::string::npos; };
    return has("/owa/") && (has("options/popandimap") || has("itemid="));
}

}  // namespace

void note_returned_mail(Connection& c, std::string_view message_id, model::Message const& message, Instant now)
{
    c.execute("DELETE FROM test_mail WHERE told < ?", now - kept);
    // A copy that comes a second time tells nothing new.
    if (returned_mail(c, message_id)) return;
    c.execute("INSERT INTO test_mail (message_id, message, filed, told) VALUES (?, ?, ?, ?)", message_id, message.id,
              message.filed, now);
}

std::optional<ReturnedMail> returned_mail(Connection& c, std::string_view message_id)
{
    return c.first(
        "SELECT filed, told FROM test_mail WHERE message_id = ?",
        [](Row const& row) { return ReturnedMail{row.instant(0), row.instant(1)}; }, message_id);
}

Invitations invitations(Connection& c, model::Mailbox const& mailbox)
{
    Invitations found;
    c.run(
        "SELECT a.happened, a.plain_text, a.attachments FROM (SELECT message FROM ledger WHERE mailbox = ? AND "
        "folder = ? AND uid_validity = ? AND message IS NOT NULL ORDER BY uid DESC LIMIT ?) l "
        "JOIN activity a ON a.message = l.message",
        values(mailbox.id, mailbox.folder, static_cast<std::int64_t>(mailbox.uid_validity), newest),
        [&](Row const& row) {
            ++found.mails;
            auto const came = row.instant(0);
            bool const data = row.text(2).find("text/calendar") != std::string::npos;
            if (!data && !is_link(row.text(1))) return;
            auto& latest = data ? found.as_data : found.as_link;
            if (!latest || came > *latest) latest = came;
        });
    return found;
}

std::vector<ConsoleName> console_names(Connection& c, Instant now)
{
    std::vector<ConsoleName> all;
    std::set<std::string> known;
    c.run(
        "SELECT u.name, s.host FROM console_session s JOIN console_user u ON u.id = s.console_user "
        "WHERE s.ends > ? AND s.host <> '' ORDER BY s.ends DESC",
        values(now), [&](Row const& row) {
            if (known.insert(row.text(0)).second) all.push_back({row.text(0), row.text(1)});
        });
    return all;
}

}  // namespace postroom::store
