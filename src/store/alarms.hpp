// What people are called for, once a cause; how they were told; and by which routes. What is wrong where is raised by
// workers (store/coordination.hpp).
#pragma once

#include "model/alarm.hpp"
#include "model/sight.hpp"
#include "store/connection.hpp"
#include "store/coordination.hpp"

namespace postroom::store {

/// Those that something raises now, with what a sight sees of it: oldest first.
[[nodiscard]] std::vector<model::AlarmCall> calls(Connection& c, model::Sight const& sight = {});
/// Those that have not ended, also where nothing raises them any more: amounts are 0 then.
[[nodiscard]] std::vector<model::AlarmCall> open_calls(Connection& c);
/// Those that ended, the last first.
[[nodiscard]] std::vector<model::AlarmCall> ended_calls(Connection& c, int most);
/// Where it stands: over, ended, told and told_amount, acknowledged and silenced.
void set_call(Connection& c, model::AlarmCall const& call);
/// Forgets those that ended before, and notifications that did.
void sweep_calls(Connection& c, Instant before);
[[nodiscard]] std::vector<model::AlarmRoute> alarm_routes(Connection& c);  ///< in their order
[[nodiscard]] std::optional<model::AlarmRoute> alarm_route(Connection& c, model::AlarmRouteId id);
void add_alarm_route(Connection& c, model::AlarmRoute const& route);
/// As given, but what became of it.
void change_alarm_route(Connection& c, model::AlarmRoute const& route);
void remove_alarm_route(Connection& c, model::AlarmRouteId id);
/// Mail took it at `now`, or it failed by these words.
void note_route(Connection& c, model::AlarmRouteId id, std::string_view failure, Instant now);

void add_notification(Connection& c, model::Notification const& notification);
/// Also what would wait longer than `longest_pause`, which is never given: the clock was set back.
[[nodiscard]] std::vector<model::Notification> due_notifications(Connection& c, Instant now, Duration longest_pause,
                                                                 int most);
[[nodiscard]] std::optional<model::Notification> notification(Connection& c, model::NotificationId id);
/// Newest first.
[[nodiscard]] std::vector<model::Notification> notifications(Connection& c, int most);
/// One that waits: what became of it. False where it waits no more.
bool settle_notification(Connection& c, model::Notification const& notification);

/// That a server's part lives, by the store's clock.
struct Pulse {
    std::string server;
    std::string part;  ///< application, services
    Instant begun{};
    Instant seen{};
    std::optional<Instant> stopped{};  ///< in order
    std::int64_t disk_size = 0;        ///< bytes of the disk that it keeps its files on; 0: not known
    std::int64_t disk_free = 0;
};
/// `begun` counts where it was not there, or had stopped.
void note_pulse(Connection& c, Pulse const& pulse);
void note_stopped(Connection& c, std::string_view server, std::string_view part);
[[nodiscard]] std::vector<Pulse> pulses(Connection& c);
void forget_pulses(Connection& c, Instant seen_before);

}  // namespace postroom::store
