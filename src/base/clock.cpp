#include "base/clock.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <charconv>

namespace postroom {

namespace {

class SystemClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override
    {
        return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    }
};

// Reads exactly `digits` digits and moves `text` past them.
bool take_number(std::string_view& text, std::size_t digits, int& into)
{
    if (text.size() < digits) return false;
    auto const* const end = text.data() + digits;
    auto const [stop, error] = std::from_chars(text.data(), end, into);
    if (error != std::errc{} || stop != end || into < 0) return false;
    text.remove_prefix(digits);
    return true;
}

bool take_char(std::string_view& text, std::string_view any_of)
{
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

Clock const& system_clock()
{
    static SystemClock const clock;
    return clock;
}

std::string to_rfc3339(Instant at)
{
    auto const day = std::chrono::floor<std::chrono::days>(at);
    std::chrono::year_month_day const date(day);
    std::chrono::hh_mm_ss const time(at - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int(date.year()), unsigned(date.month()),
                       unsigned(date.day()), time.hours().count(), time.minutes().count(), time.seconds().count(),
                       time.subseconds().count());
}

Result<Instant> from_rfc3339(std::string_view text)
{
    auto const wrong = [whole = text] {
        return failure(Trouble::invalid, fmt::format("\"{}\" is not a time such as 2026-11-22T09:30:00Z (RFC 3339)",
                                                     printable(whole, 64)));
    };
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    if (!take_number(text, 4, year) || !take_char(text, "-") || !take_number(text, 2, month) || !take_char(text, "-") ||
        !take_number(text, 2, day) || !take_char(text, "Tt ") || !take_number(text, 2, hour) || !take_char(text, ":") ||
        !take_number(text, 2, minute) || !take_char(text, ":") || !take_number(text, 2, second))
        return wrong();
    int millis = 0;
    if (take_char(text, ".")) {
        int scale = 100;
        if (text.empty() || text.front() < '0' || text.front() > '9') return wrong();
        for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), scale /= 10)
            millis += (text.front() - '0') * scale;
    }
    std::chrono::minutes offset{0};
    if (!take_char(text, "Zz")) {
        if (text.empty()) return wrong();
        int const sign = text.front() == '-' ? -1 : 1;
        int hours = 0, minutes = 0;
        if (!take_char(text, "+-") || !take_number(text, 2, hours) || !take_char(text, ":") ||
            !take_number(text, 2, minutes) || hours > 23 || minutes > 59)
            return wrong();
        offset = std::chrono::minutes(sign * (hours * 60 + minutes));
    }
    std::chrono::year_month_day const date{std::chrono::year(year), std::chrono::month(unsigned(month)),
                                           std::chrono::day(unsigned(day))};
    // 60 is a leap second (RFC 3339, section 5.7); it counts as the one before it.
    if (!text.empty() || !date.ok() || hour > 23 || minute > 59 || second > 60) return wrong();
    return Instant(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(std::min(second, 59)) + Duration(millis) - offset;
}

}  // namespace postroom
