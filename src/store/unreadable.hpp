// Mail that its server lists and does not give: in the ledger, so that nothing loops over it, and in the exception
// queue, for a person to know of it and to have it tried again.
#pragma once

#include "model/figures.hpp"
#include "model/sight.hpp"
#include "store/connection.hpp"

namespace postroom::store {

/// Adds its ledger row, too: `unique_id` is POP3's.
void add_unreadable(Connection& c, model::UnreadableMail const& mail, std::string_view unique_id);
[[nodiscard]] std::optional<model::UnreadableMail> unreadable(Connection& c, model::UnreadableMailId id);
[[nodiscard]] std::vector<model::UnreadableMail> unreadable_mails(Connection& c, int most,
                                                                  model::Sight const& sight = {},
                                                                  std::optional<Moment> const& after = {});
/// The ledger forgets it, so that the next look asks its server for it again.
void retrieve_again(Connection& c, model::UnreadableMailId id);

}  // namespace postroom::store
