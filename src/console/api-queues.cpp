// Whose cases are: the queues of departments, and what moves a case between people.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/case-view.hpp"
#include "console/etag.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"
#include "desk/desk.hpp"
#include "desk/queue.hpp"
#include "store/cases.hpp"
#include "store/mailboxes.hpp"
#include "store/people.hpp"

#include <algorithm>

namespace postroom::console {

namespace {

constexpr std::size_t longest_note = 1024 * 1024;

json::object view(store::Connection& c, Request const& request, std::int64_t number)
{
    auto const a_case = store::case_numbered(c, number);  // whoever transferred it may not see it any more
    if (!a_case) throw Problem(Trouble::not_found, tr("there is no case {}", number));
    Names names(c, request.language());
    return to_json(*a_case, names);
}

}  // namespace

Answer list_queues(House& house, Request const& request)
{
    request.only_parameters({});
    auto items = co_await house.store().read([&](store::Connection& c) {
        auto const& sight = request.caller.sight;
        auto const counted = store::queues(c, sight, request.caller.user);
        json::array shown;
        for (auto const& department : store::departments(c, sight)) {
            auto const found = std::ranges::find(counted, department.id, &store::Queue::department);
            auto const queue = found == counted.end() ? store::Queue{} : *found;
            json::value oldest;
            if (queue.oldest) oldest = to_rfc3339(*queue.oldest);
            shown.emplace_back(json::object{{"department", department.name},
                                            {"open", queue.open},
                                            {"unassigned", queue.unassigned},
                                            {"waiting_for_us", queue.waiting},
                                            {"mine", queue.mine},
                                            {"oldest", std::move(oldest)}});
        }
        return shown;
    });
    co_return items_response(std::move(items));
}

Answer pick_from_queue(House& house, Request const& request)
{
    request.only_parameters({"for"});
    auto const whose = request.http.parameter("for");
    auto const pick = [&](store::Connection& c) -> std::optional<json::object> {
        auto const department = department_named(c, request.caller.sight, request.path("name"));
        auto const user = whose ? user_named(c, std::string(*whose), "for") : asking_user(c, request.caller);
        auto const picked = or_problem(desk::pick_next(c, department.id, user, house.now()), "for");
        auto const a_case = picked ? store::case_by_id(c, *picked) : std::nullopt;
        if (!a_case) return std::nullopt;
        note(c, request.caller, "case.pick", case_named(a_case->number), {}, house.now());
        return view(c, request, a_case->number);
    };
    auto const body = co_await house.store().write(pick);
    if (!body) co_return no_content();
    co_return edited_response(*body);
}

Answer pick_case(House& house, Request const& request)
{
    auto const number = request.number("number");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const a_case = case_or_problem(c, request.caller.sight, number);
        or_problem(desk::pick(c, a_case.id, asking_user(c, request.caller), house.now()));
        note(c, request.caller, "case.pick", case_named(number), {}, house.now());
        return view(c, request, number);
    });
    co_return edited_response(body);
}

Answer assign_case(House& house, Request const& request)
{
    Members const members(request.http, {"agent"});
    auto const number = request.number("number");
    auto const agent = members.text_or_null("agent");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const a_case = case_or_problem(c, request.caller.sight, number);
        std::optional<model::User> to;
        if (agent) to = user_named(c, *agent, "agent");
        or_problem(desk::assign(c, a_case.id, to, request.caller.name, house.now()), "agent");
        note(c, request.caller, "case.assign", case_named(number), {{"to", to ? json::value(to->name) : json::value()}},
             house.now());
        return view(c, request, number);
    });
    co_return edited_response(body);
}

Answer transfer_case(House& house, Request const& request)
{
    Members const members(request.http, {"department", "mailbox"});
    auto const number = request.number("number");
    auto const department = members.text("department");
    auto const address = members.text_or("mailbox", "");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const a_case = case_or_problem(c, request.caller.sight, number);
        // Of any department: that it is another one's work now is what a transfer says.
        auto const to = department_named(c, {}, department, "department");
        std::optional<model::MailboxId> mailbox;
        if (!address.empty()) mailbox = mailbox_at(c, model::Sight{std::vector{to.id}}, address, "mailbox").id;
        or_problem(desk::transfer(c, a_case.id, to.id, mailbox, request.caller.name, house.now()), "department");
        note(c, request.caller, "case.transfer", case_named(number), {{"to", to.name}}, house.now());
        return view(c, request, number);
    });
    co_return edited_response(body);
}

Answer list_targets(House& house, Request const& request)
{
    request.only_parameters({});
    auto const number = request.number("number");
    auto const body = co_await house.store().read([&](store::Connection& c) {
        auto const a_case = case_or_problem(c, request.caller.sight, number);
        json::array agents, departments;
        for (auto const& user : store::users(c))
            if (desk::may_have(user, a_case.department)) agents.emplace_back(user.name);
        for (auto const& department : store::departments(c)) {
            if (department.id == a_case.department) continue;
            json::array mailboxes;
            for (auto const& mailbox : store::mailboxes(c, model::Sight{std::vector{department.id}}))
                mailboxes.emplace_back(mailbox.address);
            if (!mailboxes.empty())
                departments.emplace_back(json::object{{"name", department.name}, {"mailboxes", std::move(mailboxes)}});
        }
        return json::object{{"agents", std::move(agents)}, {"departments", std::move(departments)}};
    });
    co_return json_response(net::http::status::ok, body);
}

Answer add_note(House& house, Request const& request)
{
    auto const text = Members(request.http, {"text"}).text("text", longest_note);
    auto const number = request.number("number");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const a_case = case_or_problem(c, request.caller.sight, number);
        auto const id = or_problem(desk::add_note(c, a_case.id, text, request.caller.name, house.now()), "text");
        note(c, request.caller, "case.note", case_named(number), {}, house.now());
        auto const added = store::activity(c, id);
        if (!added) throw Problem(Trouble::internal, tr("the note was added and is not there"));
        return to_json(*added, std::nullopt);
    });
    co_return json_response(net::http::status::created, body);
}

}  // namespace postroom::console
