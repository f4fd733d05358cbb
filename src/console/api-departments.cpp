// Departments.
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"
#include "store/people.hpp"

#include <fmt/format.h>

namespace postroom::console {

Answer list_departments(House& house, Request const& request)
{
    request.only_parameters({});
    auto const departments =
        co_await house.store().read([&](store::Connection& c) { return store::departments(c, request.caller.sight); });
    json::array items;
    for (auto const& each : departments) items.emplace_back(to_json(each));
    co_return items_response(std::move(items));
}

Answer add_department(House& house, Request const& request)
{
    Members const members(request.http, {"name"});
    model::Department const department{model::DepartmentId::make(), members.name("name"), house.now()};
    co_await house.store().write([&](store::Connection& c) {
        if (store::department_named(c, department.name))
            throw Problem(Trouble::conflict, tr("there is a department \"{}\" already", department.name), "name");
        store::add_department(c, department);
        note(c, request.caller, "department.add", department.name, {}, department.created);
    });
    co_return json_response(net::http::status::created, to_json(department));
}

}  // namespace postroom::console
