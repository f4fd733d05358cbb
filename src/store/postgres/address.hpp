// Where a PostgreSQL server is, as a URL says it, and how it is spoken to there.
#pragma once

#include "base/result.hpp"

#include <string>
#include <utility>
#include <vector>

namespace postroom::store::postgres {

/// libpq's keywords and their values.
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// What the URL says, with what Postroom adds. TLS is verified wherever the way leads over a network. Errors:
/// Trouble::invalid, for a URL that is none, or one that asks for less.
[[nodiscard]] Result<Parameters> parameters_of(std::string const& url);

/// postgresql://host:port/database, without user, password and options.
[[nodiscard]] std::string for_people(std::string const& url);

}  // namespace postroom::store::postgres
