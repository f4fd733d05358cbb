// Mail on its way out: what waits, what was sent, and what a person has to decide; and new mail of ours.
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/outbound-view.hpp"
#include "console/paging.hpp"
#include "console/responses.hpp"
#include "store/cases.hpp"
#include "store/mailboxes.hpp"
#include "store/outbound.hpp"
#include "store/sending.hpp"

#include <fmt/format.h>

namespace postroom::console {

namespace {

model::Outbound outbound_or_problem(store::Connection& c, model::Sight const& sight, model::OutboundId id)
{
    auto found = store::outbound(c, id);
    if (!found || !sight.sees(store::department_of(c, found->mailbox)))
        throw Problem(Trouble::not_found, tr("there is no such outbound mail; postroom outbound list shows them"));
    return std::move(*found);
}

}  // namespace

json::array outcomes_of(store::Connection& c, model::ActivityId activity)
{
    json::array outcomes;
    for (auto const& each : store::recipients_of(c, activity)) outcomes.emplace_back(to_json(each));
    return outcomes;
}

json::object view_outbound(store::Connection& c, Names& names, model::Outbound const& outbound)
{
    auto const activity = store::activity(c, outbound.activity);
    auto const a_case = activity ? store::case_by_id(c, activity->case_id) : std::nullopt;
    auto shown = to_json(outbound, names, activity, a_case);
    shown["outcomes"] = outcomes_of(c, outbound.activity);
    return shown;
}

Answer list_outbound(House& house, Request const& request)
{
    request.only_parameters({"state", "limit", "after"});
    std::optional<model::OutboundState> state;
    if (auto const given = request.http.parameter("state"))
        state = or_problem(model::parse_outbound_state(*given), "state");
    auto const page = page_of(request, 50, 200);
    auto const after = moment_after(page);
    std::optional<std::string> next;
    auto items = co_await house.store().read([&](store::Connection& c) {
        Names names(c, request.language());
        json::array found;
        auto mails = store::outbounds(c, state, page.limit + 1, request.caller.sight, after);
        next = cut(mails, page, [](auto const& last) { return to_cursor({last.created, last.id.value}); });
        for (auto const& each : mails) found.emplace_back(view_outbound(c, names, each));
        return found;
    });
    co_return page_response(std::move(items), next);
}

Answer show_outbound(House& house, Request const& request)
{
    auto const id = request.id<model::OutboundId>("id");
    auto const body = co_await house.store().read([&](store::Connection& c) {
        Names names(c, request.language());
        return view_outbound(c, names, outbound_or_problem(c, request.caller.sight, id));
    });
    co_return json_response(net::http::status::ok, body);
}

Answer resolve_outbound(House& house, Request const& request)
{
    auto const id = request.id<model::OutboundId>("id");
    auto const as = Members(request.http, {"as"}).text("as");
    if (as != "sent" && as != "resend") throw Problem(Trouble::invalid, tr("\"as\" must be sent or resend"), "as");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const before = outbound_or_problem(c, request.caller.sight, id);
        auto const by = fmt::format("decided by {}", request.caller.name);  // lint-strings: allow
        bool const done = as == "sent" ? store::resolve_sent(c, id, by) : store::resolve_resend(c, id, by);
        if (!done)
            throw Problem(Trouble::conflict,
                          tr("the mail is {}: only one that is in-doubt can be called sent, and only one that "
                             "is in-doubt or failed can be sent again",
                             to_string(before.state)));
        note(c, request.caller, "outbound.resolve", to_string(id),
             {{"from", std::string(to_string(before.state))}, {"as", as}}, house.now());
        Names names(c, request.language());
        return view_outbound(c, names, outbound_or_problem(c, request.caller.sight, id));
    });
    house.hooks.mail_queued();
    co_return json_response(net::http::status::ok, body);
}

}  // namespace postroom::console
