// Users of the console.
#include "base/text.hpp"
#include "console/admission.hpp"
#include "console/api.hpp"
#include "console/etag.hpp"
#include "console/external-url.hpp"
#include "console/json.hpp"
#include "console/paging.hpp"
#include "console/passwords.hpp"
#include "console/responses.hpp"
#include "desk/queue.hpp"
#include "store/changes.hpp"
#include "store/people.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace postroom::console {

namespace {

json::object view(store::Connection& c, model::User const& user, Instant now)
{
    Names names(c);
    auto const links = store::links(c, now);
    return to_json(user, names, links);
}

// The audit trail has the socket's peers under "uid 0", and nobody may pass for one, whatever stands between.
void check_name(std::string const& name)
{
    auto const letter = [](char c) { return c >= 'a' && c <= 'z'; };
    auto const lower = to_lower(name);
    if (lower.starts_with("uid") && std::ranges::none_of(lower.substr(3), letter))
        throw Problem(Trouble::invalid,
                      tr("\"{}\" is what the audit trail calls a user of this machine: choose another name", name),
                      "name");
}

// Who sees all departments has none; who does not has to have some. Without `named` it is what it was, or the only one
// that there is.
void settle_departments(store::Connection& c, model::User& user, std::optional<std::vector<std::string>> const& named)
{
    constexpr auto field = "departments";
    if (user.role == model::Role::system_administrator) {
        if (named && !named->empty())
            throw Problem(Trouble::invalid, tr("a system administrator sees every department, and belongs to none"),
                          field);
        user.departments.clear();
        return;
    }
    if (named) {
        user.departments.clear();
        for (auto const& name : *named) {
            auto const id = department_named(c, {}, name, field).id;
            if (std::ranges::find(user.departments, id) == user.departments.end()) user.departments.push_back(id);
        }
    }
    if (user.role == model::Role::auditor || !user.departments.empty()) return;
    auto const all = store::departments(c);
    if (all.empty())
        throw Problem(Trouble::invalid,
                      tr("this role belongs to a department, and there is none yet: postroom department add NAME"),
                      field);
    if (named || all.size() > 1) {
        std::vector<std::string> names;
        for (auto const& each : all) names.push_back(each.name);
        throw Problem(Trouble::invalid,
                      tr("this role belongs to at least one department: say which; there are: {}",
                         fmt::format("{}", fmt::join(names, ", "))),
                      field);
    }
    user.departments = {all.front().id};
}

void keep_a_system_administrator(store::Connection& c, model::User const& user)
{
    if (!user.password_hash.empty() && store::other_system_administrators(c, user.id) == 0)
        throw Problem(Trouble::conflict,
                      tr("{} is the last system administrator who can sign in: make another one first", user.name));
}

std::optional<std::vector<std::string>> named_departments(Members const& members)
{
    if (!members.has("departments")) return std::nullopt;
    return members.texts("departments");
}

json::object detail_of(json::object const& view)
{
    return {{"role", view.at("role")}, {"departments", view.at("departments")}};
}

}  // namespace

Answer list_users(House& house, Request const& request)
{
    request.only_parameters({"limit", "after"});
    auto const page = page_of(request, 1000, 1000);
    std::optional<std::string> next;
    auto items = co_await house.store().read([&](store::Connection& c) {
        Names names(c);
        auto const links = store::links(c, house.now());
        json::array found;
        auto users = store::users(c);
        next = cut_by_name(users, page, &model::User::name);
        for (auto const& each : users) found.emplace_back(to_json(each, names, links));
        return found;
    });
    co_return page_response(std::move(items), next);
}

Answer show_user(House& house, Request const& request)
{
    request.only_parameters({});
    auto const body = co_await house.store().read(
        [&](store::Connection& c) { return view(c, user_named(c, request.path("name")), house.now()); });
    co_return edited_response(body);
}

Answer add_user(House& house, Request const& request)
{
    Members const members(request.http, {"name", "password", "role", "departments"});
    model::User user;
    user.id = model::UserId::make();
    user.name = members.name("name", 64);
    check_name(user.name);
    user.role = or_problem(model::parse_role(members.text("role")), "role");
    user.created = house.now();
    auto const departments = named_departments(members);
    if (members.has("password")) {
        Secret password(members.text("password", most_password));
        user.password_hash = co_await hash_of(house, std::move(password), "password");
    }
    auto const body = co_await house.store().write([&](store::Connection& c) {
        if (store::user_named(c, user.name))
            throw Problem(Trouble::conflict, tr("there is a user \"{}\" already", user.name), "name");
        // The link for choosing one could not be made.
        if (user.password_hash.empty()) (void)external_url_or_problem(c);
        settle_departments(c, user, departments);
        check_reach(request.caller, user);
        store::add_user(c, user);
        auto shown = view(c, user, house.now());
        note(c, request.caller, "user.add", user.name, detail_of(shown), user.created);
        return shown;
    });
    co_return json_response(net::http::status::created, body);
}

Answer change_user(House& house, Request const& request)
{
    Members const members(request.http, {"role", "departments"});
    std::optional<model::Role> role;
    if (members.has("role")) role = or_problem(model::parse_role(members.text("role")), "role");
    auto const departments = named_departments(members);
    if (!role && !departments)
        throw Problem(Trouble::invalid, tr("there is nothing to change: give {}", "role, departments"));
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const found = user_named(c, request.path("name"));
        check_match(c, request, etag(store::next_version(c, found.id) - 1, found.id.value), "user.", found.name);
        auto user = user_named(c, request.path("name"));
        auto const before = user.role;
        user.role = role.value_or(before);
        if (before == model::Role::system_administrator && user.role != before) keep_a_system_administrator(c, user);
        settle_departments(c, user, departments);
        check_reach(request.caller, user);
        store::change_user(c, user);
        desk::give_back(c, user, false, request.caller.name, house.now());
        auto shown = view(c, user, house.now());
        note(c, request.caller, "user.change", user.name, detail_of(shown), house.now());
        return shown;
    });
    co_return edited_response(body);
}

Answer remove_user(House& house, Request const& request)
{
    co_await house.store().write([&](store::Connection& c) {
        auto const user = user_named(c, request.path("name"));
        check_match(c, request, etag(store::next_version(c, user.id) - 1, user.id.value), "user.", user.name);
        if (user.role == model::Role::system_administrator) keep_a_system_administrator(c, user);
        desk::give_back(c, user, true, request.caller.name, house.now());
        store::remove_user(c, user.id);
        note(c, request.caller, "user.remove", user.name, {{"role", std::string(to_string(user.role))}}, house.now());
    });
    co_return no_content();
}

Answer end_sessions(House& house, Request const& request)
{
    co_await house.store().write([&](store::Connection& c) {
        auto const user = user_named(c, request.path("name"));
        auto const ended = store::end_sessions_of(c, user.id);
        store::remove_link(c, user.id);
        note(c, request.caller, "user.sign-out", user.name, {{"sessions", ended}}, house.now());
    });
    co_return no_content();
}

}  // namespace postroom::console
