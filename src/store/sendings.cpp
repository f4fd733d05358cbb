#include "store/sendings.hpp"

#include "store/rows.hpp"

namespace postroom::store {

std::unordered_map<model::MailboxId, SendingOf> sendings(Connection& c, Instant now)
{
    using namespace std::chrono_literals;
    std::unordered_map<model::MailboxId, SendingOf> all;
    c.run(
        "SELECT mailbox, state, recipients, updated, reason FROM outbound WHERE state IN ('sent', 'failed') AND "
        "updated > ? ORDER BY updated, id",
        values(now - std::chrono::days(1)), [&](Row const& row) {
            auto& its = all[row.id<model::MailboxId>(0)];
            its.last_outcome = row.text(1);
            its.last = row.instant(3);
            its.last_words = row.text(4);
            if (its.last_outcome != "sent") return;
            its.recipients_of_a_day += static_cast<std::int64_t>(from_list(row.text(2)).size());
            if (now - its.last < 1min) ++its.last_minute;
        });
    return all;
}

}  // namespace postroom::store
