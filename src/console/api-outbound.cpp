// Mail on its way out: what waits, what was sent, and what a person has to decide; and new mail of ours.
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/outbound-view.hpp"
#include "console/paging.hpp"
#include "console/responses.hpp"
#include "desk/desk.hpp"
#include "store/accounts.hpp"
#include "store/cases.hpp"
#include "store/outbound.hpp"
#include "store/settings.hpp"

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

json::object view_outbound(store::Connection& c, Names& names, model::Outbound const& outbound)
{
    auto const activity = store::activity(c, outbound.activity);
    auto const a_case = activity ? store::case_by_id(c, activity->case_id) : std::nullopt;
    return to_json(outbound, names, activity, a_case);
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

Answer send_message(House& house, Request const& request)
{
    Members const members(request.http, {"mailbox", "to", "cc", "subject", "text", "html"});
    desk::NewMail mail;
    mail.to = members.texts("to");
    if (mail.to.empty()) throw Problem(Trouble::invalid, tr("the member \"to\" must name somebody"), "to");
    mail.cc = members.texts("cc");
    mail.subject = members.text("subject", 998);
    mail.text = members.text("text", most_text);
    mail.html = members.text_or("html", "", most_text);
    auto const address = members.text("mailbox", 320);
    auto const body = co_await house.store().write([&](store::Connection& c) {
        mail.mailbox = mailbox_at(c, request.caller.sight, address, "mailbox").id;
        auto const key = store::setting(c, "case-token-key");
        auto const queued = or_problem(desk::new_mail(c, mail, key, house.now()));
        note(c, request.caller, "message.send", fmt::format("case {}", queued.number),
             {{"outbound", to_string(queued.outbound)}}, house.now());
        Names names(c, request.language());
        return view_outbound(c, names, outbound_or_problem(c, request.caller.sight, queued.outbound));
    });
    house.hooks.mail_queued();
    co_return json_response(net::http::status::created, body);
}

}  // namespace postroom::console
