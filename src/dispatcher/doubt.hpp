// What a look for a mail in doubt told, written down.
#pragma once

#include "model/outbound.hpp"
#include "store/connection.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace postroom::dispatcher {

/// `found`: whether the mail is in Sent Items, or why that can't be told. It was sent where it is there. Otherwise it
/// is looked for again at `next_look`; where there is none a person decides, or `policy` (the doubt-policy) does, but
/// only of a mail that would be there: where the account's server keeps no copies its absence says nothing.
void note_look(store::Connection& c, model::Outbound const& mail, std::expected<bool, std::string> const& found,
               std::optional<Instant> next_look, std::string_view policy);

}  // namespace postroom::dispatcher
