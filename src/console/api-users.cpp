// Users of the console.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/passwords.hpp"
#include "console/responses.hpp"
#include "store/people.hpp"

#include <fmt/format.h>

namespace postroom::console {

Answer list_users(House& house, Request const& request)
{
    request.only_parameters({});
    auto const users = co_await house.store().read([](store::Connection& c) { return store::users(c); });
    json::array items;
    for (auto const& each : users) items.emplace_back(to_json(each));
    co_return items_response(std::move(items));
}

Answer add_user(House& house, Request const& request)
{
    Members const members(request.http, {"name", "password", "role"});
    model::User user;
    user.id = model::UserId::make();
    user.name = members.name("name", 64);
    user.role = or_problem(model::parse_role(members.text("role")), "role");
    user.created = house.now();
    Secret const password(members.text("password", most_password));
    if (password.size() < least_password)
        throw Problem(Trouble::invalid,
                      fmt::format("the password is too short: at least {} characters", least_password), "password");
    auto hash = [password] { return hash_password(password); };
    user.password_hash = or_problem(co_await house.off_the_loop(std::move(hash)));
    co_await house.store().write([&](store::Connection& c) {
        if (store::user_named(c, user.name))
            throw Problem(Trouble::conflict, fmt::format("there is a user \"{}\" already", user.name), "name");
        store::add_user(c, user);
        note(c, request.caller, "user.add", user.name, {{"role", std::string(to_string(user.role))}}, user.created);
    });
    co_return json_response(net::http::status::created, to_json(user));
}

}  // namespace postroom::console
