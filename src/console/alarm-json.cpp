#include "console/alarm-json.hpp"

#include "base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

namespace postroom::console {

namespace {

json::string text(std::string_view any)
{
    return json::string(to_valid_utf8(any));
}

json::value time(std::optional<Instant> at)
{
    if (!at) return nullptr;
    return text(to_rfc3339(*at));
}

json::array texts(std::vector<std::string> const& list)
{
    json::array array;
    for (auto const& each : list) array.emplace_back(text(each));
    return array;
}

}  // namespace

json::object to_json(model::AlarmCall const& call, words::Language const& language)
{
    auto const* const kind = model::find_alarm_kind(call.cause);
    // One that the store can't hold has no id.
    return {{"id", call.id.is_nil() ? json::value() : json::value(to_string(call.id))},
            {"cause", text(call.cause)},
            {"why", text(call.why)},
            {"title", kind ? text(language.say_marked(std::string(kind->title))) : text(call.cause)},
            {"subject", call.subjects.empty() ? json::string() : text(call.subjects.front())},
            {"subjects", texts(call.subjects)},
            {"subject_count", call.subject_count},
            {"words", text(call.words)},
            {"count", call.amount},
            {"begun", time(call.begun)},
            {"last", time(call.last)},
            {"told", time(call.told)},
            {"acknowledged", time(call.acknowledged)},
            {"acknowledged_by", text(call.acknowledged_by)},
            {"silenced_until", time(call.silenced_until)}};
}

json::object to_json(model::AlarmRoute const& route, std::string const& account)
{
    bool const server = route.kind == model::AlarmRoute::Kind::server;
    return {{"id", to_string(route.id)},
            {"place", route.place},
            {"kind", text(to_string(route.kind))},
            {"account", text(account)},
            {"sender", text(route.sender)},
            {"server", server ? text(to_string(route.server)) : json::string()},
            {"security", text(to_string(route.security))},
            {"user", text(route.user)},
            {"has_password", !route.password.bytes.empty()},
            {"used", time(route.used)},
            {"failed", time(route.failed)},
            {"failure", text(route.failure)},
            {"created", time(route.created)}};
}

json::object to_json(model::Notification const& notification)
{
    return {{"id", to_string(notification.id)},
            {"alarm", notification.call ? json::value(to_string(*notification.call)) : json::value()},
            {"what", text(to_string(notification.what))},
            {"recipients", texts(notification.recipients)},
            {"reached", texts(notification.reached)},
            {"subject", text(notification.subject)},
            {"words", text(notification.words)},
            {"state", text(to_string(notification.state))},
            {"tries", notification.tries},
            {"next_try", time(notification.next_try)},
            {"route", text(notification.route)},
            {"reason", text(notification.reason)},
            {"created", time(notification.created)},
            {"ended", time(notification.ended)}};
}

json::object to_json(model::Webhook const& webhook)
{
    return {{"id", to_string(webhook.id)},     {"name", text(webhook.name)}, {"url", text(webhook.url)},
            {"events", texts(webhook.events)}, {"enabled", webhook.enabled}, {"created", time(webhook.created)}};
}

json::object to_json(model::Delivery const& delivery)
{
    boost::system::error_code broken;
    auto payload = json::parse(delivery.payload, broken);
    return {{"id", to_string(delivery.id)},
            {"event", text(delivery.event)},
            {"subject", text(delivery.subject)},
            {"payload", broken ? json::value(json::object()) : std::move(payload)},
            {"state", text(to_string(delivery.state))},
            {"tries", delivery.tries},
            {"next_try", time(delivery.next_try)},
            {"status", delivery.status},
            {"reason", text(delivery.reason)},
            {"created", time(delivery.created)},
            {"ended", time(delivery.ended)}};
}

}  // namespace postroom::console
