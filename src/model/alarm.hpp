// What people are called for, and by which rules. A cause's id is its setting's name (after "alarm-") and its page's in
// docs/alarms/.
#pragma once

#include "base/clock.hpp"
#include "base/endpoint.hpp"
#include "model/application.hpp"
#include "model/ids.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::model {

using AlarmCallId = Id<struct AlarmCallTag>;
using AlarmRouteId = Id<struct AlarmRouteTag>;
using NotificationId = Id<struct NotificationTag>;

/// What a cause's threshold counts.
enum class Measure { none, time, number };

struct AlarmKind {
    std::string_view cause;
    Measure measure = Measure::none;
    std::string_view title;    ///< English, marked: "Mailboxes were not retrieved"
    std::string_view of_what;  ///< English: what its amount counts, "mailboxes"
};
[[nodiscard]] std::span<AlarmKind const> alarm_kinds();
/// Nothing for a cause that is not in the catalogue: its rule is "on".
[[nodiscard]] AlarmKind const* find_alarm_kind(std::string_view cause);

/// When a cause counts, and when people are told.
struct AlarmRule {
    bool on = true;
    Duration time{};          ///< of Measure::time: longer than this
    std::int64_t number = 0;  ///< of Measure::number
    Duration quiet{};         ///< it has to last so long before people are told, and to be over so long before its end
};
/// "on", "off", or a threshold (15m, 2h, 30d; 20), then perhaps "quiet 2m". Errors: Trouble::invalid.
[[nodiscard]] Result<AlarmRule> parse_alarm_rule(Measure measure, std::string_view text);
/// "30s", "15m", "4h", "30d". Errors: Trouble::invalid.
[[nodiscard]] Result<Duration> parse_span(std::string_view text);

/// One call a cause, however many accounts and mailboxes it hits.
struct AlarmCall {
    AlarmCallId id;
    std::string cause;
    std::string why;    ///< a cause of the catalogue (causes.hpp) that its words lead to; or empty
    std::string words;  ///< the last ones
    std::int64_t amount = 0;
    std::vector<std::string> subjects{};  ///< accounts, mailboxes, servers: the first hundred, in order
    std::vector<std::string> said{};      ///< of each of these, what is the matter with it
    std::int64_t subject_count = 0;
    Instant begun{};
    Instant last{};
    std::optional<Instant> over{};   ///< since when nothing raises it
    std::optional<Instant> ended{};  ///< it has been over for long enough
    std::optional<Instant> told{};
    std::int64_t told_amount = 0;
    std::optional<Instant> acknowledged{};
    std::string acknowledged_by{};
    std::optional<Instant> silenced_until{};
};

/// A way that mail about alarms takes.
struct AlarmRoute {
    enum class Kind {
        account,  ///< one of Postroom's own, by its grant or password
        server,   ///< any other server, signed in to or not
    };
    enum class Security { tls, starttls, none };
    AlarmRouteId id;
    std::int64_t place = 0;
    Kind kind = Kind::server;
    std::optional<AccountId> account{};
    std::string sender{};  ///< From; an account's user where it is empty
    Endpoint server{};
    Security security = Security::starttls;
    std::string user{};  ///< empty: nobody signs in
    Sealed password{};
    std::optional<Instant> used{};
    std::optional<Instant> failed{};  ///< the last time, where it did not work since
    std::string failure{};
    Instant created{};
};
[[nodiscard]] std::string_view to_string(AlarmRoute::Kind kind);
[[nodiscard]] std::string_view to_string(AlarmRoute::Security security);
[[nodiscard]] Result<AlarmRoute::Kind> parse_route_kind(std::string_view text);
[[nodiscard]] Result<AlarmRoute::Security> parse_route_security(std::string_view text);

enum class Telling { begins, spreads, reminds, ends, test };
[[nodiscard]] std::string_view to_string(Telling what);
[[nodiscard]] Result<Telling> parse_telling(std::string_view text);

enum class NotificationState {
    waiting,
    sent,
    given_up,
    logged,  ///< nobody is to be written to: the console, the log and webhooks had it
};
[[nodiscard]] std::string_view to_string(NotificationState state);
[[nodiscard]] Result<NotificationState> parse_notification_state(std::string_view text);

struct Notification {
    NotificationId id;
    std::optional<AlarmCallId> call{};  ///< nothing for a test
    Telling what = Telling::test;
    std::vector<std::string> recipients{};
    std::vector<std::string> reached{};  ///< of these: a route has taken it for them
    std::string subject{};
    std::string words{};
    NotificationState state = NotificationState::waiting;
    int tries = 0;
    Instant next_try{};
    std::string route{};   ///< that took it
    std::string reason{};  ///< why no route did, the last time; each with its words
    Instant created{};
    std::optional<Instant> ended{};
};

}  // namespace postroom::model
