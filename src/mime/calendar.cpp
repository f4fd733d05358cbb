#include "mime/calendar.hpp"

#include "base/text.hpp"
#include "mime/charset.hpp"

#include <fmt/format.h>
#include <glib.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <utility>

namespace postroom::mime {

namespace {

using Local = std::chrono::local_seconds;
using std::chrono::seconds;

constexpr std::size_t line_limit = 16 * 1024;
constexpr int lines_limit = 50'000;
constexpr std::size_t zones_limit = 50;
constexpr std::size_t text_limit = 2'000;

struct Line {
    std::string name;  // in upper case
    std::vector<std::pair<std::string, std::string>> parameters;
    std::string value;

    [[nodiscard]] std::string parameter(std::string_view wanted) const
    {
        for (auto const& [key, text] : parameters)
            if (key == wanted) return text;
        return {};
    }
};

// Section 3.1: NAME;PARAMETER=text;PARAMETER="quoted":value
Line line_of(std::string_view text)
{
    Line line;
    auto const name_end = std::min(text.find_first_of(":;"), text.size());
    line.name = to_upper(trim(text.substr(0, name_end)));
    text.remove_prefix(name_end);
    while (text.starts_with(';')) {
        text.remove_prefix(1);
        auto const equals = std::min(text.find_first_of("=:;"), text.size());
        auto key = to_upper(text.substr(0, equals));
        text.remove_prefix(std::min(equals + 1, text.size()));
        std::string parameter;
        bool quoted = false;
        std::size_t i = 0;
        for (; i < text.size() && (quoted || (text[i] != ';' && text[i] != ':')); ++i) {
            if (text[i] == '"')
                quoted = !quoted;
            else
                parameter += text[i];
        }
        text.remove_prefix(i);
        if (line.parameters.size() < 50) line.parameters.emplace_back(std::move(key), std::move(parameter));
    }
    if (text.starts_with(':')) line.value = text.substr(1);
    return line;
}

// Section 3.3.11
std::string text_of(std::string_view value)
{
    std::string text;
    for (std::size_t i = 0; i < value.size() && text.size() < text_limit; ++i) {
        if (value[i] == '\\' && i + 1 < value.size()) {
            ++i;
            text += value[i] == 'n' || value[i] == 'N' ? '\n' : value[i];
        } else {
            text += value[i];
        }
    }
    return to_valid_utf8(trim(text));
}

std::string one_line(std::string_view value)
{
    return header_to_utf8(text_of(value));
}

std::optional<int> number(std::string_view text)
{
    int value = 0;
    auto const end = text.data() + text.size();
    if (text.starts_with('+')) text.remove_prefix(1);
    auto const [at, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc{} || at != end) return std::nullopt;
    return value;
}

struct Time {
    Local local{};
    bool utc = false;
    bool whole_day = false;
};

// 20261124T140000Z, 20261124T140000, 20261124
std::optional<Time> time_of(std::string_view text)
{
    text = trim(text);
    Time time;
    if (text.ends_with('Z')) {
        time.utc = true;
        text.remove_suffix(1);
    }
    bool const whole_day = text.size() == 8;
    if (!whole_day && (text.size() != 15 || text[8] != 'T')) return std::nullopt;
    if (!std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == 'T'; }))
        return std::nullopt;
    auto const at = [&](std::size_t from, std::size_t count) { return number(text.substr(from, count)).value_or(99); };
    std::chrono::year_month_day const day{std::chrono::year(at(0, 4)),
                                          std::chrono::month(static_cast<unsigned>(at(4, 2))),
                                          std::chrono::day(static_cast<unsigned>(at(6, 2)))};
    if (!day.ok()) return std::nullopt;
    time.local = std::chrono::local_days(day);
    time.whole_day = whole_day;
    if (whole_day) return time;
    int const hour = at(9, 2), minute = at(11, 2), second = at(13, 2);
    if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
    time.local += std::chrono::hours(hour) + std::chrono::minutes(minute) + seconds(second);
    return time;
}

// Section 3.3.6: P1DT2H30M. Weeks as well; bounded to a few years.
std::optional<seconds> duration_of(std::string_view text)
{
    if (!text.starts_with('P')) return std::nullopt;
    seconds sum{0};
    std::string digits;
    for (char const c : text.substr(1)) {
        if (c >= '0' && c <= '9' && digits.size() < 6) {
            digits += c;
            continue;
        }
        if (c == 'T') continue;
        auto const count = number(digits);
        digits.clear();
        if (!count) return std::nullopt;
        switch (c) {
            case 'W': sum += std::chrono::weeks(*count); break;
            case 'D': sum += std::chrono::days(*count); break;
            case 'H': sum += std::chrono::hours(*count); break;
            case 'M': sum += std::chrono::minutes(*count); break;
            case 'S': sum += seconds(*count); break;
            default: return std::nullopt;
        }
    }
    return sum < std::chrono::years(100) ? std::optional(sum) : std::nullopt;
}

// +0100, -023000
std::optional<seconds> offset_of(std::string_view text)
{
    text = trim(text);
    if ((text.size() != 5 && text.size() != 7) || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    auto const hours = number(text.substr(1, 2)), minutes = number(text.substr(3, 2));
    auto const rest = text.size() == 7 ? number(text.substr(5, 2)) : 0;
    if (!hours || !minutes || !rest) return std::nullopt;
    auto const sum = std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + seconds(*rest);
    return text[0] == '-' ? -sum : sum;
}

// A change to another offset: once, or each year on a weekday of a month, which is what mail programs write.
struct Observance {
    Local first{};
    std::optional<seconds> offset;
    bool yearly = false;
    bool unknown_rule = false;
    unsigned month = 0;
    std::optional<unsigned> weekday;  // 0 is Sunday
    int nth = 0;                      // from the end where negative
    std::optional<Local> until;

    [[nodiscard]] std::optional<Local> onset(int year) const
    {
        using namespace std::chrono;
        if (!yearly) return first;
        auto const begun = year_month_day(floor<days>(first));
        auto const of_day = first - floor<days>(first);
        auto const m = std::chrono::year(year) / (month == 0 ? begun.month() : std::chrono::month(month));
        local_days day = local_days(m / begun.day());
        if (weekday) {
            std::chrono::weekday const w(*weekday);
            day = nth < 0 ? local_days(m / w[last]) - weeks(-nth - 1)
                          : local_days(m / w[static_cast<unsigned>(std::clamp(nth, 1, 5))]);
        }
        Local const at = day + of_day;
        bool const over = until && at > *until + days(1);  // a rule's end is in UTC
        return at < first || over ? std::nullopt : std::optional(at);
    }
};

struct Zone {
    std::string id;
    std::vector<Observance> observances;

    [[nodiscard]] std::optional<seconds> offset_at(Local local) const
    {
        auto const year =
            static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(local)).year());
        std::optional<Local> latest, earliest;
        std::optional<seconds> offset, before_all;
        for (auto const& one : observances) {
            if (!one.offset || one.unknown_rule) return std::nullopt;
            for (int const y : {year - 1, year}) {
                auto const onset = one.onset(y);
                if (!onset) continue;
                if (*onset <= local && (!latest || *onset > *latest)) {
                    latest = onset;
                    offset = one.offset;
                }
                if (!earliest || *onset < *earliest) {
                    earliest = onset;
                    before_all = one.offset;
                }
            }
        }
        return offset ? offset : observances.size() == 1 ? before_all : std::nullopt;
    }
};

void read_rule(Observance& observance, std::string_view rule)
{
    static constexpr std::string_view weekdays[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
    observance.yearly = true;
    for (auto const piece : split(rule, ';')) {
        auto const equals = std::min(piece.find('='), piece.size());
        auto const key = to_upper(piece.substr(0, equals));
        auto const value = to_upper(piece.substr(std::min(equals + 1, piece.size())));
        if (key == "FREQ") {
            observance.unknown_rule = observance.unknown_rule || value != "YEARLY";
        } else if (key == "BYMONTH") {
            auto const month = number(value);
            observance.unknown_rule = observance.unknown_rule || !month || *month < 1 || *month > 12;
            observance.month = static_cast<unsigned>(month.value_or(0));
        } else if (key == "BYDAY" && value.size() >= 3) {
            auto const* const day = std::find(std::begin(weekdays), std::end(weekdays), value.substr(value.size() - 2));
            auto const nth = number(std::string_view(value).substr(0, value.size() - 2));
            if (day == std::end(weekdays) || !nth || *nth == 0 || *nth > 5 || *nth < -5)
                observance.unknown_rule = true;
            else
                observance.weekday = static_cast<unsigned>(day - std::begin(weekdays));
            observance.nth = nth.value_or(1);
        } else if (key == "UNTIL") {
            observance.until = time_of(value).value_or(Time{}).local;
        } else if (!key.empty() && key != "WKST" && !(key == "INTERVAL" && value == "1")) {
            observance.unknown_rule = true;
        }
    }
}

struct FreeZone {
    void operator()(GTimeZone* zone) const { g_time_zone_unref(zone); }
};

std::optional<seconds> offset_here(std::string const& name, Local local)
{
    // A name only: GLib would also read rules, offsets and files.
    bool const plain = name.find('/') != std::string::npos && name.find("..") == std::string::npos &&
                       name.size() < 60 && g_ascii_isalpha(name.front()) != 0 &&
                       std::all_of(
                           name.begin(), name.end(),
                           [](char c) { return g_ascii_isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+'; });
    if (!plain) return std::nullopt;
    std::unique_ptr<GTimeZone, FreeZone> const zone(g_time_zone_new_identifier(name.c_str()));
    if (!zone) return std::nullopt;
    gint64 time = local.time_since_epoch().count();
    auto const interval = g_time_zone_adjust_time(zone.get(), G_TIME_TYPE_STANDARD, &time);
    return interval < 0 ? std::nullopt : std::optional(seconds(g_time_zone_get_offset(zone.get(), interval)));
}

class Reader {
public:
    std::optional<Invitation> read(std::string_view calendar)
    {
        calendar = calendar.substr(0, calendar_limit);
        std::string unfolded;
        int lines = 0;
        while (!calendar.empty() && ++lines < lines_limit) {
            auto const newline = calendar.find('\n');
            auto text = calendar.substr(0, newline);
            calendar.remove_prefix(newline == std::string_view::npos ? calendar.size() : newline + 1);
            if (text.ends_with('\r')) text.remove_suffix(1);
            if (text.starts_with(' ') || text.starts_with('\t')) {
                if (unfolded.size() < line_limit) unfolded += text.substr(1);
                continue;
            }
            take(std::exchange(unfolded, std::string(text.substr(0, line_limit))));
        }
        take(unfolded);
        if (!any_event_) return std::nullopt;
        finish();
        return std::move(found_);
    }

private:
    void take(std::string const& text)
    {
        if (text.empty()) return;
        auto const line = line_of(text);
        if (line.name == "BEGIN") {
            if (within_.size() < 10) within_.push_back(to_upper(trim(line.value)));
            if (within_.back() == "VEVENT") done_ = std::exchange(any_event_, true);  // the first is the whole series
            if (within_.back() == "VTIMEZONE" && zones_.size() < zones_limit) zones_.emplace_back();
            bool const observance = within_.back() == "STANDARD" || within_.back() == "DAYLIGHT";
            if (observance && !zones_.empty() && zones_.back().observances.size() < 200)
                zones_.back().observances.emplace_back();
        } else if (line.name == "END") {
            if (!within_.empty()) within_.pop_back();
        } else if (within_.empty() || within_.back() == "VCALENDAR") {
            if (line.name == "METHOD") found_.method = to_lower(printable(trim(line.value), 40));
        } else if (within_.back() == "VEVENT") {
            if (!done_) of_the_event(line);
        } else if (!zones_.empty()) {
            of_a_zone(line);
        }
    }

    void of_a_zone(Line const& line)
    {
        auto& zone = zones_.back();
        if (within_.back() == "VTIMEZONE") {
            if (line.name == "TZID") zone.id = line.value;
            return;
        }
        if ((within_.back() != "STANDARD" && within_.back() != "DAYLIGHT") || zone.observances.empty()) return;
        auto& observance = zone.observances.back();
        if (line.name == "DTSTART") observance.first = time_of(line.value).value_or(Time{}).local;
        if (line.name == "TZOFFSETTO") observance.offset = offset_of(line.value);
        if (line.name == "RRULE") read_rule(observance, line.value);
        if (line.name == "RDATE") observance.unknown_rule = true;
    }

    void of_the_event(Line const& line)
    {
        if (line.name == "UID") found_.uid = one_line(line.value);
        if (line.name == "SUMMARY") found_.summary = one_line(line.value);
        if (line.name == "LOCATION") found_.place = one_line(line.value);
        if (line.name == "RRULE") found_.repeats = printable(trim(line.value), 300);
        if (line.name == "STATUS") found_.cancelled = equal_ignoring_case(trim(line.value), "CANCELLED");
        if (line.name == "DTSTART") begins_ = {time_of(line.value), line.parameter("TZID")};
        if (line.name == "DTEND") ends_ = {time_of(line.value), line.parameter("TZID")};
        if (line.name == "DURATION") lasts_ = duration_of(trim(line.value));
        if (line.name == "ORGANIZER") found_.organizer = attendee_of(line);
        if (line.name == "ATTENDEE" && found_.attendees.size() < attendees_limit)
            found_.attendees.push_back(attendee_of(line));
    }

    static Attendee attendee_of(Line const& line)
    {
        std::string_view address = trim(line.value);
        if (starts_ignoring_case(address, "mailto:")) address.remove_prefix(7);
        auto answer = to_lower(printable(line.parameter("PARTSTAT"), 40));
        if (answer == "needs-action") answer.clear();
        return {.name = header_to_utf8(std::string_view(line.parameter("CN")).substr(0, text_limit)),
                .address = header_to_utf8(address.substr(0, 998)),
                .answer = std::move(answer)};
    }

    void finish()
    {
        if (found_.method.empty()) found_.method = "publish";
        found_.cancelled = found_.cancelled || found_.method == "cancel";
        auto& [begin, begin_zone] = begins_;
        auto& [end, end_zone] = ends_;
        if (!begin) return;
        if (!end && lasts_) {
            end = Time{.local = begin->local + *lasts_, .utc = begin->utc, .whole_day = begin->whole_day};
            end_zone = begin_zone;
        }
        // Section 3.6.1: the end is the first day, or moment, that is no more of it.
        if (end && end->whole_day && end->local > begin->local) end->local -= std::chrono::days(1);
        found_.begins = event_time(*begin, begin_zone);
        if (end && end->local >= begin->local) found_.ends = event_time(*end, end_zone);
    }

    [[nodiscard]] EventTime event_time(Time const& time, std::string const& zone) const
    {
        auto const day = std::chrono::floor<std::chrono::days>(time.local);
        std::chrono::year_month_day const date(day);
        EventTime said{.whole_day = time.whole_day};
        said.local = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
        if (time.whole_day) return said;
        auto const minutes = std::chrono::duration_cast<std::chrono::minutes>(time.local - day).count();
        said.local += fmt::format(" {:02}:{:02}", minutes / 60, minutes % 60);
        said.zone = time.utc ? "UTC" : printable(zone, 100);
        auto const offset = time.utc ? std::optional(seconds(0)) : offset_of_zone(zone, time.local);
        if (offset) said.at = Instant(time.local.time_since_epoch() - *offset);
        return said;
    }

    [[nodiscard]] std::optional<seconds> offset_of_zone(std::string const& name, Local local) const
    {
        if (name.empty()) return std::nullopt;
        for (auto const& zone : zones_)
            if (zone.id == name)
                if (auto const offset = zone.offset_at(local)) return offset;
        return offset_here(name, local);
    }

    Invitation found_;
    std::vector<std::string> within_;
    std::vector<Zone> zones_;
    std::pair<std::optional<Time>, std::string> begins_, ends_;
    std::optional<seconds> lasts_;
    bool any_event_ = false;
    bool done_ = false;
};

}  // namespace

std::optional<Invitation> read_calendar(std::string_view calendar)
{
    return Reader().read(calendar);
}

}  // namespace postroom::mime
