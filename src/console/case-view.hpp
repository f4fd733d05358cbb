// Cases as the API's handlers look them up, and who of the house acts on them.
#pragma once

#include "console/names.hpp"
#include "console/request.hpp"
#include "model/case.hpp"
#include "model/user.hpp"
#include "store/connection.hpp"

#include <cstdint>
#include <string>

namespace postroom::console {

/// Problem 404 where there is none, or none that is seen.
[[nodiscard]] model::Case case_or_problem(store::Connection& c, model::Sight const& sight, std::int64_t number);
/// As the audit trail calls it.
[[nodiscard]] std::string case_named(std::int64_t number);
/// The user who asks; Problem 400 for a peer on the socket, who is none and can have no cases.
[[nodiscard]] model::User asking_user(store::Connection& c, Caller const& caller);

}  // namespace postroom::console
