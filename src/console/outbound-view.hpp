// A mail on its way out, as cases, messages and the list of what was sent show it.
#pragma once

#include "console/names.hpp"
#include "model/outbound.hpp"
#include "store/connection.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace postroom::console {

/// What is known of each recipient, beyond that he was accepted.
[[nodiscard]] boost::json::array outcomes_of(store::Connection& c, model::ActivityId activity);
[[nodiscard]] boost::json::object view_outbound(store::Connection& c, Names& names, model::Outbound const& outbound);

}  // namespace postroom::console
