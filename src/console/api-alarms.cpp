// Alarms that are raised now, and the audit trail.
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/paging.hpp"
#include "console/responses.hpp"

namespace postroom::console {

Answer list_alarms(House& house, Request const& request)
{
    request.only_parameters({});
    auto const alarms =
        co_await house.store().read([&](store::Connection& c) { return store::alarms(c, request.caller.sight); });
    json::array items;
    // The one that the store can't hold.
    if (auto const standstill = house.store().standstill())
        items.emplace_back(to_json(
            store::Alarm{"store-standstill", "store", standstill->words, 1, standstill->since, standstill->since}));
    for (auto const& each : alarms) items.emplace_back(to_json(each));
    co_return items_response(std::move(items));
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
