// What api/ publishes, compiled in (cmake/contract.cpp.in).
#pragma once

#include <string_view>

namespace postroom::console {

/// openapi.yaml
[[nodiscard]] std::string_view contract();
/// check-report.schema.json: what `postroom check --format json` prints
[[nodiscard]] std::string_view check_report_schema();

}  // namespace postroom::console
