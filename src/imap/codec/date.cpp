#include "imap/codec/date.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <array>

namespace postroom::imap {

namespace {

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> digits(std::string_view text)
{
    int value = 0;
    for (char const c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

std::optional<unsigned> month(std::string_view name)
{
    for (unsigned i = 0; i < months.size(); ++i)
        if (equal_ignoring_case(months[i], name)) return i + 1;
    return std::nullopt;
}

}  // namespace

std::optional<Instant> from_date_time(std::string_view text)
{
    using namespace std::chrono;
    text = trim(text);
    // The day has one digit or two; the rest stands in fixed places.
    auto const dash = text.find('-');
    if (dash == 0 || dash > 2 || text.size() - dash != 24) return std::nullopt;
    auto const rest = text.substr(dash);  // -Jul-1996 02:44:25 -0700
    if (rest[4] != '-' || rest[9] != ' ' || rest[12] != ':' || rest[15] != ':' || rest[18] != ' ' ||
        (rest[19] != '+' && rest[19] != '-'))
        return std::nullopt;
    auto const d = digits(text.substr(0, dash));
    auto const mo = month(rest.substr(1, 3));
    auto const y = digits(rest.substr(5, 4));
    auto const h = digits(rest.substr(10, 2));
    auto const mi = digits(rest.substr(13, 2));
    auto const s = digits(rest.substr(16, 2));
    auto const zone_h = digits(rest.substr(20, 2));
    auto const zone_m = digits(rest.substr(22, 2));
    if (!d || !mo || !y || !h || !mi || !s || !zone_h || !zone_m) return std::nullopt;
    year_month_day const day{year(*y), std::chrono::month(*mo), std::chrono::day(static_cast<unsigned>(*d))};
    if (!day.ok() || *h > 23 || *mi > 59 || *s > 60 || *zone_m > 59) return std::nullopt;
    auto const local = sys_days(day) + hours(*h) + minutes(*mi) + seconds(*s);
    auto const zone = hours(*zone_h) + minutes(*zone_m);
    return Instant(rest[19] == '+' ? local - zone : local + zone);
}

std::string to_date(Instant at)
{
    std::chrono::year_month_day const day(std::chrono::floor<std::chrono::days>(at));
    return fmt::format("{}-{}-{:04}", static_cast<unsigned>(day.day()), months[static_cast<unsigned>(day.month()) - 1],
                       static_cast<int>(day.year()));
}

std::string to_date_time(Instant at)
{
    auto const midnight = std::chrono::floor<std::chrono::days>(at);
    std::chrono::year_month_day const day(midnight);
    std::chrono::hh_mm_ss const time(std::chrono::floor<std::chrono::seconds>(at - midnight));
    return fmt::format("{:02}-{}-{:04} {:02}:{:02}:{:02} +0000", static_cast<unsigned>(day.day()),
                       months[static_cast<unsigned>(day.month()) - 1], static_cast<int>(day.year()),
                       time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace postroom::imap
