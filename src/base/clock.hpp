// Time as Postroom keeps it: UTC, in milliseconds. Tests move the clock; nothing else calls now() of the system.
#pragma once

#include "base/result.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

namespace postroom {

using Duration = std::chrono::milliseconds;
using Instant = std::chrono::sys_time<Duration>;

class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Instant now() const = 0;
};

/// The clock of this machine.
[[nodiscard]] Clock const& system_clock();

/// A clock that stands still until it is moved.
class ManualClock final : public Clock {
public:
    explicit ManualClock(Instant start) : now_(start.time_since_epoch().count()) {}
    [[nodiscard]] Instant now() const override { return Instant(Duration(now_.load())); }
    void advance(Duration by) { now_ += by.count(); }

private:
    std::atomic<std::int64_t> now_;
};

/// RFC 3339 in UTC with milliseconds, as the API gives it: 2026-11-22T09:30:00.125Z
[[nodiscard]] std::string to_rfc3339(Instant at);
/// Errors: Trouble::invalid where the text is not RFC 3339.
[[nodiscard]] Result<Instant> from_rfc3339(std::string_view text);

}  // namespace postroom
