// What the check list found: the latest findings, the same in groups of those that came to the same, and how one came
// to be what it is.
#include "base/text.hpp"
#include "checks/item.hpp"
#include "console/api.hpp"
#include "console/finding-json.hpp"
#include "console/names.hpp"
#include "console/responses.hpp"

namespace postroom::console {

namespace {

constexpr std::int64_t most_findings = 100'000;

store::FindingFilter filter_of(store::Connection& c, Request const& request)
{
    store::FindingFilter filter;
    filter.item = request.http.parameter("item");
    filter.server = request.http.parameter("server");
    filter.cause = request.http.parameter("cause");
    filter.because = request.http.parameter("because");
    filter.subject_has = request.http.parameter("subject_has");
    if (auto const outcome = request.http.parameter("outcome"))
        filter.outcome = or_problem(model::parse_outcome(*outcome), "outcome");
    auto const& sight = request.caller.sight;
    if (auto const account = request.http.parameter("account"))
        filter.account = account_named(c, sight, std::string(*account), "account").id;
    if (auto const mailbox = request.http.parameter("mailbox"))
        filter.mailbox = mailbox_at(c, sight, std::string(*mailbox), "mailbox").id;
    return filter;
}

json::object to_json(store::FindingGroup const& group, FindingNames& names, words::Language const& language)
{
    return {{"count", group.count},
            {"since", to_rfc3339(group.since)},
            {"found", to_rfc3339(group.found)},
            {"first", to_json(group.first, names, language)}};
}

}  // namespace

Answer list_findings(House& house, Request const& request)
{
    request.only_parameters(
        {"item", "server", "outcome", "cause", "because", "account", "mailbox", "subject_has", "limit"});
    auto const most = request.number_parameter("limit", 1, most_findings).value_or(most_findings);
    auto items = co_await house.store().read([&](store::Connection& c) {
        auto const found = store::latest_findings(c, request.caller.sight, filter_of(c, request), most);
        return to_json(found, c, request.language());
    });
    co_return items_response(std::move(items));
}

Answer list_finding_groups(House& house, Request const& request)
{
    request.only_parameters({"item", "server", "account", "mailbox"});
    auto const body = co_await house.store().read([&](store::Connection& c) {
        auto const& sight = request.caller.sight;
        FindingNames names(c);
        json::array groups, servers;
        for (auto const& each : store::finding_groups(c, sight, filter_of(c, request)))
            groups.emplace_back(to_json(each, names, request.language()));
        for (auto const& each : store::servers_of_findings(c, sight)) servers.emplace_back(to_valid_utf8(each));
        return json::object{{"items", std::move(groups)}, {"servers", std::move(servers)}};
    });
    co_return json_response(net::http::status::ok, body);
}

Answer show_finding_history(House& house, Request const& request)
{
    request.only_parameters({"subject", "limit"});
    auto const subject = request.http.parameter("subject").value_or("");
    auto const most = request.number_parameter("limit", 1, 200).value_or(50);
    if (checks::find_item(request.path("item")) == nullptr)
        throw Problem(Trouble::not_found,
                      tr("there is no item \"{}\" on the check list", printable(request.path("item"), 64)));
    auto items = co_await house.store().read([&](store::Connection& c) {
        auto const found =
            store::finding_history(c, request.path("item"), subject, static_cast<int>(most), request.caller.sight);
        return to_json(found, c, request.language());
    });
    co_return items_response(std::move(items));
}

}  // namespace postroom::console
