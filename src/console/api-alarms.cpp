// Alarms that are raised now, and the audit trail.
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"

namespace postroom::console {

Answer list_alarms(House& house, Request const& request)
{
    request.only_parameters({});
    auto const alarms = co_await house.store().read([](store::Connection& c) { return store::alarms(c); });
    json::array items;
    for (auto const& each : alarms) items.emplace_back(to_json(each));
    co_return items_response(std::move(items));
}

Answer list_audit(House& house, Request const& request)
{
    request.only_parameters({"limit"});
    auto const most = static_cast<int>(request.number_parameter("limit", 1, 1000).value_or(100));
    auto const entries = co_await house.store().read([&](store::Connection& c) { return store::audit_trail(c, most); });
    json::array items;
    for (auto const& each : entries) items.emplace_back(to_json(each));
    co_return items_response(std::move(items));
}

}  // namespace postroom::console
