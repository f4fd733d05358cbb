// How people are told of alarms: the mail about them, by which routes, and a test of it.
#include "base/text.hpp"
#include "console/alarm-json.hpp"
#include "console/api.hpp"
#include "console/names.hpp"
#include "console/responses.hpp"
#include "grants/places.hpp"
#include "mime/compose.hpp"
#include "store/settings.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace postroom::console {

namespace {

constexpr std::int64_t most_routes = 10;

bool is_this_machine(std::string const& host)
{
    return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

json::object view(store::Connection& c, model::AlarmRoute const& route)
{
    Names names(c);
    return to_json(route, route.account ? names.account(*route.account) : std::string());
}

// What is before the place where it goes stays; the rest makes room.
void put_in_order(store::Connection& c, model::AlarmRouteId id, std::int64_t place)
{
    auto routes = store::alarm_routes(c);
    auto const moved = std::ranges::find(routes, id, &model::AlarmRoute::id);
    if (moved == routes.end()) return;
    auto const route = *moved;
    routes.erase(moved);
    auto const at = std::min(std::max<std::int64_t>(place, 1), std::int64_t(routes.size()) + 1);
    routes.insert(routes.begin() + (at - 1), route);
    for (std::size_t i = 0; i < routes.size(); ++i) {
        routes[i].place = static_cast<std::int64_t>(i) + 1;
        store::change_alarm_route(c, routes[i]);
    }
}

model::AlarmRoute to_server(House& house, Members const& members)
{
    using Security = model::AlarmRoute::Security;
    model::AlarmRoute route{.id = model::AlarmRouteId::make()};
    route.server = or_problem(parse_endpoint(members.text("server"), 587), "server");
    route.security = or_problem(model::parse_route_security(members.text_or("security", "starttls")), "security");
    route.sender = members.text("sender");
    or_problem(mime::check_address(route.sender), "sender");
    route.user = members.text_or("user", "");
    Secret const password(members.text_or("password", ""));
    if (route.user.empty() != password.empty())
        throw Problem(Trouble::invalid, tr("who signs in has a name and a password"), "password");
    if (route.security == Security::none && (!route.user.empty() || !is_this_machine(route.server.host)))
        throw Problem(Trouble::invalid,
                      tr("without TLS mail goes only to a server on this machine, and nobody signs in there"),
                      "security");
    if (!password.empty())
        route.password = house.ground.vault->seal(password, grants::place_of_route_password(route.id));
    return route;
}

}  // namespace

Answer list_alarm_routes(House& house, Request const& request)
{
    request.only_parameters({});
    auto items = co_await house.store().read([&](store::Connection& c) {
        json::array all;
        for (auto const& each : store::alarm_routes(c)) all.emplace_back(view(c, each));
        return all;
    });
    co_return items_response(std::move(items));
}

Answer add_alarm_route(House& house, Request const& request)
{
    Members const members(request.http, {"account", "sender", "server", "security", "user", "password", "place"});
    auto const account = members.text_or("account", "");
    if (account.empty() == !members.has("server"))
        throw Problem(Trouble::invalid, tr("give either an account, or a server"), "server");
    for (std::string_view const name : {"security", "user", "password"})
        if (!account.empty() && members.has(name))
            throw Problem(Trouble::invalid, tr("an account has its own servers, and signs in by itself"),
                          std::string(name));
    auto route = account.empty() ? to_server(house, members) : model::AlarmRoute{.id = model::AlarmRouteId::make()};
    route.created = house.now();
    auto const place = members.number_or("place", most_routes, 1, most_routes).value_or(most_routes);
    auto const body = co_await house.store().write([&](store::Connection& c) {
        if (!account.empty()) {
            route.kind = model::AlarmRoute::Kind::account;
            route.account = account_named(c, request.caller.sight, account, "account").id;
            route.sender = members.text_or("sender", "");
        }
        if (std::int64_t(store::alarm_routes(c).size()) >= most_routes)
            throw Problem(Trouble::limit, tr("there may be {} routes", most_routes));
        store::add_alarm_route(c, route);
        put_in_order(c, route.id, place);
        auto const added = view(c, store::alarm_route(c, route.id).value());
        note(c, request.caller, "alarm.route.add", account.empty() ? to_string(route.server) : account,
             {{"kind", to_string(route.kind)}, {"sender", route.sender}}, house.now());
        return added;
    });
    co_return json_response(net::http::status::created, body);
}

Answer change_alarm_route(House& house, Request const& request)
{
    Members const members(request.http, {"place"});
    auto const id = request.id<model::AlarmRouteId>("id");
    auto const place = members.number("place", 1, most_routes);
    auto const body = co_await house.store().write([&](store::Connection& c) {
        if (!store::alarm_route(c, id)) throw Problem(Trouble::not_found, tr("there is no such route"));
        put_in_order(c, id, place);
        note(c, request.caller, "alarm.route.change", to_string(id), {{"place", place}}, house.now());
        return view(c, store::alarm_route(c, id).value());
    });
    co_return json_response(net::http::status::ok, body);
}

Answer remove_alarm_route(House& house, Request const& request)
{
    auto const id = request.id<model::AlarmRouteId>("id");
    co_await house.store().write([&](store::Connection& c) {
        auto const route = store::alarm_route(c, id);
        if (!route) throw Problem(Trouble::not_found, tr("there is no such route"));
        auto const shown = view(c, *route);
        auto const name = route->account ? "account " + std::string(shown.at("account").as_string())
                                         : "server " + to_string(route->server);
        store::remove_alarm_route(c, id);
        (void)store::end_alarm(c, "alarm-route", name, house.now());
        note(c, request.caller, "alarm.route.remove", name, {}, house.now());
    });
    co_return no_content();
}

Answer list_notifications(House& house, Request const& request)
{
    request.only_parameters({"limit"});
    auto const most = static_cast<int>(request.number_parameter("limit", 1, 1000).value_or(100));
    auto const all = co_await house.store().read([&](store::Connection& c) { return store::notifications(c, most); });
    json::array items;
    for (auto const& each : all) items.emplace_back(to_json(each));
    co_return items_response(std::move(items));
}

Answer show_notification(House& house, Request const& request)
{
    request.only_parameters({});
    auto const id = request.id<model::NotificationId>("id");
    auto const found = co_await house.store().read([&](store::Connection& c) { return store::notification(c, id); });
    if (!found) throw Problem(Trouble::not_found, tr("there is no such notification"));
    co_return json_response(net::http::status::ok, to_json(*found));
}

Answer test_alarms(House& house, Request const& request)
{
    Members const members(request.http, {});
    auto const body = co_await house.store().write([&](store::Connection& c) {
        auto const now = c.now();
        model::Notification it{.id = model::NotificationId::make()};
        for (auto const part : split(store::setting(c, "alarm-recipients"), ','))
            if (auto const address = trim(part); !address.empty()) it.recipients.emplace_back(address);
        if (it.recipients.empty())
            throw Problem(Trouble::conflict, tr("nobody is written to: set alarm-recipients first"));
        auto const url = store::setting(c, "external-url");
        auto const& language = request.language();
        it.subject = language.say(tr("Postroom: test of the alarms"));
        it.words = language.say(tr("{} asked whether mail about alarms arrives. It does.",
                                   printable(request.caller.name, 128))) +
                   (url.empty() ? "\n" : "\n\n" + url + "/alarms\n");
        it.created = it.next_try = now;
        store::add_notification(c, it);
        note(c, request.caller, "alarm.test", "alarms", {}, house.now());
        return to_json(it);
    });
    co_return json_response(net::http::status::created, body);
}

}  // namespace postroom::console
