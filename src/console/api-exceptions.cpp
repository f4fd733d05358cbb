// The exception queue: mail that triage could not digest, or that a screen holds, its bytes intact.
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/paging.hpp"
#include "console/raw-mail.hpp"
#include "console/responses.hpp"
#include "desk/desk.hpp"
#include "store/cases.hpp"
#include "store/mailboxes.hpp"
#include "store/messages.hpp"
#include "store/screens.hpp"
#include "store/unreadable.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace postroom::console {

namespace {

model::Message exception_or_problem(store::Connection& c, model::Sight const& sight, model::MessageId id)
{
    auto found = store::message(c, id);
    if (!found || found->triage != model::TriageState::exception ||
        !sight.sees(store::department_of(c, found->mailbox)))
        throw Problem(Trouble::not_found,
                      tr("there is no such mail in the exception queue; postroom exception list shows "
                         "those there are"));
    return std::move(*found);
}

// One that triage set aside, or one that its server does not give.
struct Entry {
    store::Moment at;
    json::object shown;
};

// A mail of which there are no bytes yet: its mailbox's server is asked again.
bool retrieve_again(store::Connection& c, Request const& request, Uuid id)
{
    model::UnreadableMailId const unread{id};
    auto const found = store::unreadable(c, unread);
    if (!found || !request.caller.sight.sees(store::department_of(c, found->mailbox))) return false;
    store::retrieve_again(c, unread);
    return true;
}

}  // namespace

Answer list_exceptions(House& house, Request const& request)
{
    request.only_parameters({"limit", "after"});
    auto const page = page_of(request, 1000, 1000);
    auto const after = moment_after(page);
    std::optional<std::string> next;
    auto items = co_await house.store().read([&](store::Connection& c) {
        Names names(c, request.language());
        auto const& sight = request.caller.sight;
        std::vector<Entry> entries;
        for (auto const& each : store::exceptions(c, page.limit + 1, sight, after))
            entries.push_back({{each.filed, each.id.value}, exception_to_json(each, names)});
        for (auto const& each : store::unreadable_mails(c, page.limit + 1, sight, after))
            entries.push_back({{each.noted, each.id.value}, exception_to_json(each, names)});
        std::ranges::sort(entries, {}, [](Entry const& each) { return std::pair(each.at.at, each.at.id); });
        next = cut(entries, page, [](Entry const& last) { return to_cursor(last.at); });
        json::array found;
        for (auto& each : entries) found.emplace_back(std::move(each.shown));
        return found;
    });
    co_return page_response(std::move(items), next);
}

Answer retry_exception(House& house, Request const& request)
{
    auto const id = request.id<model::MessageId>("id");
    co_await house.store().write([&](store::Connection& c) {
        if (!retrieve_again(c, request, id.value)) {
            (void)exception_or_problem(c, request.caller.sight, id);
            store::triage_again(c, id);
        }
        note(c, request.caller, "exception.retry", to_string(id), {}, house.now());
    });
    house.hooks.triage_due();
    house.hooks.accounts_changed();
    co_return no_content();
}

// Past the screens. What triage could not digest is tried again, and not released.
Answer release_exception(House& house, Request const& request)
{
    auto const id = request.id<model::MessageId>("id");
    co_await house.store().write([&](store::Connection& c) {
        auto const found = exception_or_problem(c, request.caller.sight, id);
        if (found.screen == model::Screen::none || found.released)
            throw Problem(Trouble::conflict, tr("no screen holds this mail: retry it, rather than releasing it"));
        store::release_message(c, id);
        note(c, request.caller, "exception.release", to_string(id),
             {{"screen", to_string(found.screen)}, {"rule", found.screen_rule}}, house.now());
    });
    house.hooks.triage_due();
    co_return no_content();
}

// As it is, into a case, for what can't be read however often it is tried.
Answer file_exception(House& house, Request const& request)
{
    Members const members(request.http, {"case"});
    auto const id = request.id<model::MessageId>("id");
    auto const number = members.number_or("case", 0, 1, std::numeric_limits<std::int64_t>::max());
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const found = exception_or_problem(c, request.caller.sight, id);
        if (found.screen != model::Screen::none && !found.released)
            throw Problem(Trouble::conflict, tr("a screen holds this mail: release it, and it becomes a case"));
        std::optional<model::CaseId> into;
        if (number.value_or(0) > 0) {
            auto const a_case = seen(request.caller.sight, store::case_numbered(c, *number));
            if (!a_case) throw Problem(Trouble::invalid, tr("there is no case {}", *number), "case");
            into = a_case->id;
        }
        auto const filed = or_problem(desk::file_unread(c, found, into, request.caller.name, house.now()), "case");
        note(c, request.caller, "exception.file", to_string(id), {{"case", filed.number}}, house.now());
        auto const a_case = store::case_by_id(c, filed.case_id);
        if (!a_case) throw Problem(Trouble::internal, tr("there is no case {}", filed.number));
        Names names(c, request.language());
        return to_json(*a_case, names);
    });
    co_return json_response(net::http::status::ok, body);
}

Answer show_exception_raw(House& house, Request const& request)
{
    auto const id = request.id<model::MessageId>("id");
    auto const body = co_await house.store().read(
        [&](store::Connection& c) { return exception_or_problem(c, request.caller.sight, id).body; });
    co_return raw_mail(house, body, to_string(id) + ".eml");
}

}  // namespace postroom::console
