// Invitations: who, when and where of a text/calendar part (RFC 5545, RFC 5546). What else a calendar can hold stays in
// the part itself.
#pragma once

#include "base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::mime {

/// As the invitation says it, and the instant where that can be told: in UTC, by the rules of its time zone that the
/// invitation brings along, or by this machine's rules for a zone of that name.
struct EventTime {
    std::string local;  ///< 2026-11-24 14:00, or 2026-11-24 for a whole day
    std::string zone;   ///< UTC, Europe/Berlin, W. Europe Standard Time …; empty: wherever the reader is
    std::optional<Instant> at;
    bool whole_day = false;

    friend bool operator==(EventTime const&, EventTime const&) = default;
};

struct Attendee {
    std::string name;     ///< may be empty
    std::string address;  ///< without mailto:
    std::string answer;   ///< in lower case: accepted, declined, tentative …; empty where there is none yet

    friend bool operator==(Attendee const&, Attendee const&) = default;
};

struct Invitation {
    std::string method;  ///< in lower case: request, cancel, reply, counter …; publish where nothing is said
    std::string uid;
    std::string summary;
    std::string place;
    std::optional<Attendee> organizer;
    std::vector<Attendee> attendees;
    std::optional<EventTime> begins, ends;  ///< a whole day's end is its last day
    std::string repeats;                    ///< RRULE, such as FREQ=WEEKLY;BYDAY=TU; empty: once
    bool cancelled = false;
};

inline constexpr std::size_t calendar_limit = 1024 * 1024;  ///< octets that are read
inline constexpr std::size_t attendees_limit = 200;

/// Of the first event. `calendar` is UTF-8. Nothing where there is no event in it.
[[nodiscard]] std::optional<Invitation> read_calendar(std::string_view calendar);

}  // namespace postroom::mime
