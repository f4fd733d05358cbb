// What people are called for now, and the audit trail.
#include "console/alarm-json.hpp"
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/paging.hpp"
#include "console/responses.hpp"

#include <algorithm>

namespace postroom::console {

namespace {

constexpr std::int64_t most_minutes = std::int64_t(60) * 24 * 30;

// A call about what the caller sees, all of it: who quiets an alarm quiets it for everybody.
model::AlarmCall own_call(store::Connection& c, Request const& request)
{
    auto const id = request.id<model::AlarmCallId>("id");
    auto const find = [&](std::vector<model::AlarmCall> const& all) {
        auto const found = std::ranges::find(all, id, &model::AlarmCall::id);
        if (found == all.end()) throw Problem(Trouble::not_found, tr("there is no such alarm (any more)"));
        return *found;
    };
    auto const seen = find(store::calls(c, request.caller.sight));
    auto whole = find(store::open_calls(c));
    if (seen.subject_count != whole.subject_count)
        throw Problem(net::http::status::forbidden,
                      tr("the alarm is about other departments, too: a system administrator may acknowledge it"));
    return whole;
}

}  // namespace

Answer list_alarms(House& house, Request const& request)
{
    request.only_parameters({});
    auto const calls =
        co_await house.store().read([&](store::Connection& c) { return store::calls(c, request.caller.sight); });
    json::array items;
    // The one that the store can't hold.
    if (auto const standstill = house.store().standstill()) {
        model::AlarmCall call{.cause = "store-standstill", .words = standstill->words, .amount = 1};
        call.subjects = {"store"};
        call.subject_count = 1;
        call.begun = call.last = standstill->since;
        items.emplace_back(to_json(call, request.language()));
    }
    for (auto const& each : calls) items.emplace_back(to_json(each, request.language()));
    co_return items_response(std::move(items));
}

Answer acknowledge_alarm(House& house, Request const& request)
{
    Members const members(request.http, {"acknowledged"});
    bool const acknowledged = members.flag("acknowledged");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto call = own_call(c, request);
        call.acknowledged = acknowledged ? std::optional(c.now()) : std::nullopt;
        call.acknowledged_by = acknowledged ? request.caller.name : std::string();
        store::set_call(c, call);
        note(c, request.caller, "alarm.acknowledge", call.cause, {{"acknowledged", acknowledged}}, house.now());
        return to_json(call, request.language());
    });
    co_return json_response(net::http::status::ok, body);
}

Answer silence_alarm(House& house, Request const& request)
{
    Members const members(request.http, {"minutes"});
    auto const minutes = members.number("minutes", 0, most_minutes);
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto call = own_call(c, request);
        call.silenced_until.reset();
        if (minutes > 0) call.silenced_until = c.now() + std::chrono::minutes(minutes);
        store::set_call(c, call);
        note(c, request.caller, "alarm.silence", call.cause, {{"minutes", minutes}}, house.now());
        return to_json(call, request.language());
    });
    co_return json_response(net::http::status::ok, body);
}

Answer list_audit(House& house, Request const& request)
{
    request.only_parameters({"limit", "after"});
    auto const page = page_of(request, 100, 1000);
    auto const before = id_after(page);
    auto entries = co_await house.store().read(
        [&](store::Connection& c) { return store::audit_trail(c, page.limit + 1, before); });
    auto const next = cut(entries, page, [](store::AuditEntry const& each) { return to_string(each.id); });
    json::array items;
    for (auto const& each : entries) items.emplace_back(to_json(each));
    co_return page_response(std::move(items), next);
}

}  // namespace postroom::console
