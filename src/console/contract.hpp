// api/openapi.yaml, compiled in (cmake/contract.cpp.in).
#pragma once

#include <string_view>

namespace postroom::console {

[[nodiscard]] std::string_view contract();

}  // namespace postroom::console
