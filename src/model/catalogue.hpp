// The catalogue's data files as CMake put them into the program (data/README.md).
#pragma once

#include <string_view>

namespace postroom::model {

[[nodiscard]] std::string_view aadsts_json();
[[nodiscard]] std::string_view refusals_json();

}  // namespace postroom::model
