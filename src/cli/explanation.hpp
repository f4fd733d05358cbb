// What a server's words mean, whose trouble it is, and what to do, as a terminal shows it.
#pragma once

#include "model/causes.hpp"

#include <string>
#include <string_view>

namespace postroom::cli {

[[nodiscard]] std::string explained(model::Explanation const& explanation, std::string_view said);
[[nodiscard]] std::string explained(std::string_view said);

}  // namespace postroom::cli
