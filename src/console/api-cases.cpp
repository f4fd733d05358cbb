// Cases and the answers to them.
#include "console/api.hpp"
#include "console/case-view.hpp"
#include "console/etag.hpp"
#include "console/json.hpp"
#include "console/outbound-view.hpp"
#include "console/paging.hpp"
#include "console/responses.hpp"
#include "desk/desk.hpp"
#include "store/cases.hpp"
#include "store/changes.hpp"
#include "store/outbound.hpp"
#include "store/settings.hpp"

namespace postroom::console {

namespace {

constexpr int most_others = 20;

// The customer's other cases, as far as they are seen.
json::array others_of(store::Connection& c, model::Sight const& sight, model::Case const& a_case, Names& names)
{
    json::array others;
    if (a_case.customer.empty()) return others;
    store::CaseFilter filter{.sight = sight, .most = most_others + 1};
    filter.customer = a_case.customer;
    for (auto const& each : store::cases(c, filter))
        if (each.id != a_case.id && others.size() < most_others) others.emplace_back(to_json(each, names));
    return others;
}

// Whose cases are asked for: "me", "nobody", or a user's name.
void take_assigned(store::Connection& c, Caller const& caller, std::string const& whose, store::CaseFilter& filter)
{
    if (whose == "nobody")
        filter.unassigned = true;
    else
        filter.assigned = whose == "me" ? asking_user(c, caller).id : user_named(c, whose, "assigned").id;
}

}  // namespace

Answer list_cases(House& house, Request const& request)
{
    request.only_parameters({"state", "department", "assigned", "waiting", "customer", "limit", "after"});
    store::CaseFilter filter;
    if (auto const state = request.http.parameter("state"))
        filter.state = or_problem(model::parse_case_state(*state), "state");
    if (auto const waiting = request.http.parameter("waiting")) {
        if (*waiting != "true" && *waiting != "false")
            throw Problem(Trouble::invalid, tr("\"{}\" must be true or false", "waiting"), "waiting");
        filter.waiting = *waiting == "true";
    }
    if (auto const customer = request.http.parameter("customer")) filter.customer = *customer;
    auto const page = page_of(request, 50, 200);
    filter.below = number_after(page);
    filter.sight = request.caller.sight;
    filter.most = page.limit + 1;
    std::optional<std::string> next;
    auto items = co_await house.store().read([&](store::Connection& c) {
        if (auto const department = request.http.parameter("department"))
            filter.department = department_named(c, request.caller.sight, std::string(*department), "department").id;
        if (auto const whose = request.http.parameter("assigned"))
            take_assigned(c, request.caller, std::string(*whose), filter);
        auto found = store::cases(c, filter);
        next = cut(found, page, [](auto const& last) { return std::to_string(last.number); });
        Names names(c, request.language());
        json::array shown;
        for (auto const& each : found) shown.emplace_back(to_json(each, names));
        return shown;
    });
    co_return page_response(std::move(items), next);
}

Answer show_case(House& house, Request const& request)
{
    request.only_parameters({});
    auto const number = request.number("number");
    auto const body = co_await house.store().read([&](store::Connection& c) {
        Names names(c, request.language());
        auto const a_case = case_or_problem(c, request.caller.sight, number);
        json::array items;
        for (auto const& each : store::activities_of(c, a_case.id)) {
            std::optional<json::object> sending;
            if (each.kind == model::ActivityKind::sent)
                if (auto const outbound = store::outbound_of(c, each.id)) {
                    sending = to_json(*outbound, names, each, a_case);
                    (*sending)["outcomes"] = outcomes_of(c, each.id);
                }
            items.emplace_back(to_json(each, std::move(sending)));
        }
        auto shown = to_json(a_case, names);
        shown["items"] = std::move(items);
        shown["others"] = others_of(c, request.caller.sight, a_case, names);
        return shown;
    });
    co_return edited_response(body);
}

Answer change_case(House& house, Request const& request)
{
    auto const number = request.number("number");
    auto const state = or_problem(model::parse_case_state(Members(request.http, {"state"}).text("state")), "state");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const found = case_or_problem(c, request.caller.sight, number);
        check_match(c, request, etag(store::next_version(c, found.id) - 1, found.id.value), "case.", case_named(number),
                    found.updated);
        auto const a_case = case_or_problem(c, request.caller.sight, number);
        auto const now = house.now();
        if (a_case.state != state) {
            auto const& who = request.caller.name;
            bool const closes = state == model::CaseState::closed;
            or_problem(closes ? desk::close_case(c, a_case.id, who, now) : desk::reopen_case(c, a_case.id, who, now));
            note(c, request.caller, closes ? "case.close" : "case.reopen", case_named(number), {}, now);
        }
        Names names(c, request.language());
        return to_json(case_or_problem(c, request.caller.sight, number), names);
    });
    co_return edited_response(body);
}

}  // namespace postroom::console
