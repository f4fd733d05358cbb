// What each mailbox's sending came to lately, for whoever judges whether mail can leave it.
#pragma once

#include "model/ids.hpp"
#include "store/connection.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace postroom::store {

struct SendingOf {
    std::int64_t last_minute = 0;          ///< mails that were sent
    std::int64_t recipients_of_a_day = 0;  ///< of mails that were sent
    std::string last_outcome;              ///< of the last mail that ended: sent or failed
    std::string last_words;                ///< the server's and ours
    Instant last{};
};
/// Of those mailboxes that sent, or tried to, within the last day.
[[nodiscard]] std::unordered_map<model::MailboxId, SendingOf> sendings(Connection& c, Instant now);

}  // namespace postroom::store
