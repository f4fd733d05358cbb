// A time in a sentence that people read, as logs, pages and mails have it.
#pragma once

#include "base/clock.hpp"

#include <string>

namespace postroom {

/// UTC in whole seconds: 2026-11-22 09:30:00 UTC
[[nodiscard]] std::string to_readable(Instant at);

}  // namespace postroom
