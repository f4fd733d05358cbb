// Copies of what was sent that we put where sent mail is, for servers that keep none themselves.
#pragma once

#include "model/outbound.hpp"
#include "store/connection.hpp"

namespace postroom::store {

/// A copy of the mail is due, where its account's server keeps none (model::AccountSending::append_sent); else nothing.
void sent_copy_due(Connection& c, model::OutboundId id);

struct SentCopy {
    model::Outbound mail;
    int tries = 0;
};
[[nodiscard]] std::vector<SentCopy> sent_copies_due(Connection& c, model::AccountId account, int most);
/// It is there, or given up.
void sent_copy_done(Connection& c, model::OutboundId id);
void sent_copy_later(Connection& c, model::OutboundId id, Instant next_try, std::string_view words);

[[nodiscard]] std::vector<model::AccountId> accounts_with_sent_copies_due(Connection& c);
/// When the next one of any account is due.
[[nodiscard]] std::optional<Instant> next_sent_copy(Connection& c);

}  // namespace postroom::store
