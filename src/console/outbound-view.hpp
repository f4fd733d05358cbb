// A mail on its way out, as cases, messages and the list of what was sent show it.
#pragma once

#include "console/names.hpp"
#include "model/outbound.hpp"
#include "store/connection.hpp"

#include <boost/json/object.hpp>

namespace postroom::console {

[[nodiscard]] boost::json::object view_outbound(store::Connection& c, Names& names, model::Outbound const& outbound);

}  // namespace postroom::console
