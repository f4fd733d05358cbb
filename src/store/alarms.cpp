#include "store/alarms.hpp"

#include "store/changes.hpp"
#include "store/rows.hpp"

#include <algorithm>
#include <map>

namespace postroom::store {

namespace {

constexpr std::size_t most_subjects = 100;

constexpr std::string_view call_columns =
    "SELECT id, cause, why, words, begun, over, ended, told, told_amount, acknowledged, acknowledged_by, "
    "silenced_until FROM alarm_call ";

model::AlarmCall call_of(Row const& row)
{
    model::AlarmCall call;
    call.id = row.id<model::AlarmCallId>(0);
    call.cause = row.text(1);
    call.why = row.text(2);
    call.words = row.text(3);
    call.begun = call.last = row.instant(4);
    call.over = row.maybe_instant(5);
    call.ended = row.maybe_instant(6);
    call.told = row.maybe_instant(7);
    call.told_amount = row.integer(8);
    call.acknowledged = row.maybe_instant(9);
    call.acknowledged_by = row.text(10);
    call.silenced_until = row.maybe_instant(11);
    return call;
}

// Adds what raises them.
void fill(std::vector<model::AlarmCall>& all, std::vector<Alarm> raised)
{
    std::map<std::pair<std::string, std::string>, model::AlarmCall*> by;
    for (auto& call : all) by.emplace(std::pair(call.cause, call.why), &call);
    std::ranges::sort(raised, {}, &Alarm::subject);
    for (auto const& each : raised) {
        auto const found = by.find({each.cause, each.why});
        if (found == by.end()) continue;
        auto& call = *found->second;
        call.amount += each.amount;
        call.last = std::max(call.last, each.last);
        if (call.subject_count == 0 || each.last >= call.last) call.words = each.words;
        ++call.subject_count;
        if (call.subjects.size() < most_subjects) {
            call.subjects.push_back(each.subject);
            call.said.push_back(each.words);
        }
    }
}

constexpr std::string_view route_columns =
    "SELECT id, place, kind, account, sender, host, port, security, user_name, password, used, failed, failure, "
    "created FROM alarm_route ";

model::AlarmRoute route_of(Row const& row)
{
    model::AlarmRoute route;
    route.id = row.id<model::AlarmRouteId>(0);
    route.place = row.integer(1);
    route.kind = word(row, 2, model::parse_route_kind);
    route.account = row.maybe_id<model::AccountId>(3);
    route.sender = row.text(4);
    route.server = {row.text(5), static_cast<std::uint16_t>(row.integer(6))};
    route.security = word(row, 7, model::parse_route_security);
    route.user = row.text(8);
    if (!row.is_null(9)) route.password = {row.bytes(9)};
    route.used = row.maybe_instant(10);
    route.failed = row.maybe_instant(11);
    route.failure = row.text(12);
    route.created = row.instant(13);
    return route;
}

constexpr std::string_view notification_columns =
    "SELECT id, alarm_call, what, recipients, subject, words, state, tries, next_try, route, reason, created, ended, "
    "reached FROM alarm_notification ";

model::Notification notification_of(Row const& row)
{
    model::Notification notification;
    notification.id = row.id<model::NotificationId>(0);
    notification.call = row.maybe_id<model::AlarmCallId>(1);
    notification.what = word(row, 2, model::parse_telling);
    notification.recipients = from_list(row.text(3));
    notification.subject = row.text(4);
    notification.words = row.text(5);
    notification.state = word(row, 6, model::parse_notification_state);
    notification.tries = static_cast<int>(row.integer(7));
    notification.next_try = row.instant(8);
    notification.route = row.text(9);
    notification.reason = row.text(10);
    notification.created = row.instant(11);
    notification.ended = row.maybe_instant(12);
    notification.reached = from_list(row.text(13));
    return notification;
}

std::optional<Bytes> sealed_or_null(model::Sealed const& sealed)
{
    if (sealed.bytes.empty()) return std::nullopt;
    return Bytes{sealed.bytes};
}

}  // namespace

std::vector<model::AlarmCall> calls(Connection& c, model::Sight const& sight)
{
    auto all = c.all(std::string(call_columns) + "WHERE ended IS NULL ORDER BY begun, cause, why", call_of);
    fill(all, alarms(c, sight));
    std::erase_if(all, [](auto const& call) { return call.subject_count == 0; });
    return all;
}

std::vector<model::AlarmCall> open_calls(Connection& c)
{
    auto all = c.all(std::string(call_columns) + "WHERE ended IS NULL ORDER BY begun, cause, why", call_of);
    fill(all, alarms(c));
    return all;
}

std::vector<model::AlarmCall> ended_calls(Connection& c, int most)
{
    return c.all(std::string(call_columns) + "WHERE ended IS NOT NULL ORDER BY ended DESC, id LIMIT ?", call_of, most);
}

void set_call(Connection& c, model::AlarmCall const& call)
{
    must_exist(c.execute("UPDATE alarm_call SET words = ?, over = ?, ended = ?, told = ?, told_amount = ?, "
                         "acknowledged = ?, acknowledged_by = ?, silenced_until = ? WHERE id = ?",
                         call.words, call.over, call.ended, call.told, call.told_amount, call.acknowledged,
                         call.acknowledged_by, call.silenced_until, call.id),
               "the alarm");
    alarm_changed(c, call.cause, call.subjects.empty() ? std::string() : call.subjects.front(), "changed");
}

void sweep_calls(Connection& c, Instant before)
{
    c.execute("DELETE FROM alarm_notification WHERE created < ? AND state <> 'waiting'", before);
    c.execute("DELETE FROM alarm_call WHERE ended < ?", before);
    c.execute("DELETE FROM alarm WHERE ended < ?", before);
}

std::vector<model::AlarmRoute> alarm_routes(Connection& c)
{
    return c.all(std::string(route_columns) + "ORDER BY place, id", route_of);
}

std::optional<model::AlarmRoute> alarm_route(Connection& c, model::AlarmRouteId id)
{
    return c.first(std::string(route_columns) + "WHERE id = ?", route_of, id);
}

void add_alarm_route(Connection& c, model::AlarmRoute const& route)
{
    c.execute(
        "INSERT INTO alarm_route (id, place, kind, account, sender, host, port, security, user_name, password, "
        "failure, "
        "created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?)",
        route.id, route.place, to_string(route.kind), route.account, route.sender, route.server.host,
        std::int64_t(route.server.port), to_string(route.security), route.user, sealed_or_null(route.password),
        route.created);
}

void change_alarm_route(Connection& c, model::AlarmRoute const& route)
{
    must_exist(c.execute("UPDATE alarm_route SET place = ?, kind = ?, account = ?, sender = ?, host = ?, port = ?, "
                         "security = ?, user_name = ?, password = ? WHERE id = ?",
                         route.place, to_string(route.kind), route.account, route.sender, route.server.host,
                         std::int64_t(route.server.port), to_string(route.security), route.user,
                         sealed_or_null(route.password), route.id),
               "the route");
}

void remove_alarm_route(Connection& c, model::AlarmRouteId id)
{
    must_exist(c.execute("DELETE FROM alarm_route WHERE id = ?", id), "the route");
}

void note_route(Connection& c, model::AlarmRouteId id, std::string_view failure, Instant now)
{
    if (failure.empty())
        c.execute("UPDATE alarm_route SET used = ?, failed = NULL, failure = '' WHERE id = ?", now, id);
    else
        c.execute("UPDATE alarm_route SET failed = ?, failure = ? WHERE id = ?", now, failure, id);
}

void add_notification(Connection& c, model::Notification const& it)
{
    c.execute(
        "INSERT INTO alarm_notification (id, alarm_call, what, recipients, subject, words, state, tries, next_try, "
        "route, reason, created, ended, reached) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, '', '', ?, ?, '[]')",
        it.id, it.call, to_string(it.what), to_list(it.recipients), it.subject, it.words, to_string(it.state),
        it.next_try, it.created, it.ended);
}

std::vector<model::Notification> due_notifications(Connection& c, Instant now, Duration longest_pause, int most)
{
    return c.all(std::string(notification_columns) +
                     "WHERE state = 'waiting' AND (next_try <= ? OR next_try > ?) ORDER BY next_try, id LIMIT ?",
                 notification_of, now, now + longest_pause, most);
}

std::optional<model::Notification> notification(Connection& c, model::NotificationId id)
{
    return c.first(std::string(notification_columns) + "WHERE id = ?", notification_of, id);
}

std::vector<model::Notification> notifications(Connection& c, int most)
{
    return c.all(std::string(notification_columns) + "ORDER BY created DESC, id DESC LIMIT ?", notification_of, most);
}

bool settle_notification(Connection& c, model::Notification const& it)
{
    return c.execute(
               "UPDATE alarm_notification SET state = ?, tries = ?, next_try = ?, route = ?, reason = ?, ended = ?, "
               "reached = ? WHERE id = ? AND state = 'waiting'",
               to_string(it.state), it.tries, it.next_try, it.route, it.reason, it.ended, to_list(it.reached),
               it.id) > 0;
}

void note_pulse(Connection& c, Pulse const& pulse)
{
    auto const now = c.now();
    c.execute(
        "INSERT INTO server_pulse (server, part, begun, seen, stopped, disk_size, disk_free) VALUES (?, ?, ?, ?, NULL, "
        "?, ?) ON CONFLICT (server, part) DO UPDATE SET begun = CASE WHEN server_pulse.stopped IS NULL THEN "
        "server_pulse.begun ELSE excluded.begun END, seen = excluded.seen, stopped = NULL, disk_size = "
        "excluded.disk_size, disk_free = excluded.disk_free",
        pulse.server, pulse.part, now, now, pulse.disk_size, pulse.disk_free);
}

void note_stopped(Connection& c, std::string_view server, std::string_view part)
{
    auto const now = c.now();
    c.execute("UPDATE server_pulse SET stopped = ?, seen = ? WHERE server = ? AND part = ?", now, now, server, part);
}

std::vector<Pulse> pulses(Connection& c)
{
    return c.all(
        "SELECT server, part, begun, seen, stopped, disk_size, disk_free FROM server_pulse ORDER BY part, "
        "server",
        [](Row const& row) {
            return Pulse{row.text(0),          row.text(1),    row.instant(2), row.instant(3),
                         row.maybe_instant(4), row.integer(5), row.integer(6)};
        });
}

void forget_pulses(Connection& c, Instant seen_before)
{
    c.execute("DELETE FROM server_pulse WHERE seen < ?", seen_before);
}

}  // namespace postroom::store
