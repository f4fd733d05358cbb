// Dates as IMAP writes them (RFC 3501 section 9, date and date-time).
#pragma once

#include "base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postroom::imap {

/// "17-Jul-1996 02:44:25 -0700", its day perhaps led by a blank; nothing where it is none.
[[nodiscard]] std::optional<Instant> from_date_time(std::string_view text);
/// "17-Jul-1996 09:44:25 +0000", in UTC.
[[nodiscard]] std::string to_date_time(Instant at);
/// "17-Jul-1996", the day in UTC.
[[nodiscard]] std::string to_date(Instant at);

}  // namespace postroom::imap
