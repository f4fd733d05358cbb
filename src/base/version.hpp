#pragma once

#include <string_view>

namespace postroom {

inline constexpr std::string_view version = "0.1.0";

}  // namespace postroom
