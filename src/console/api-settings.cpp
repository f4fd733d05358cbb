// The partition's settings.
#include "console/api.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"
#include "store/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postroom::console {

namespace {

// Keys are the program's own: nobody is shown them, nobody sets them.
bool is_shown(store::Setting const& setting)
{
    return !setting.name.ends_with("-key");
}

}  // namespace

Answer list_settings(House& house, Request const& request)
{
    request.only_parameters({});
    auto const values = co_await house.store().read([](store::Connection& c) { return store::settings(c); });
    json::array items;
    for (auto const& each : store::known_settings())
        if (is_shown(each)) items.emplace_back(to_json(each, values.at(std::string(each.name))));
    co_return items_response(std::move(items));
}

Answer set_setting(House& house, Request const& request)
{
    auto const& name = request.path("name");
    Members const members(request.http, {"value"});
    if (!members.has("value")) throw Problem(Trouble::invalid, "the member \"value\" is missing", "value");
    auto const value = members.text_or("value", "");
    auto const known = store::known_settings();
    auto const found = std::ranges::find(known, name, &store::Setting::name);
    if (found == known.end() || !is_shown(*found)) {
        std::string names;
        for (auto const& each : known)
            if (is_shown(each)) names += (names.empty() ? "" : ", ") + std::string(each.name);
        throw Problem(Trouble::not_found, fmt::format("there is no setting \"{}\"; there are: {}", name, names));
    }
    auto const set = co_await house.store().write([&](store::Connection& c) {
        auto const before = store::setting(c, name);
        store::set_setting(c, name, value);
        auto after = store::setting(c, name);
        note(c, request.caller, "setting.set", name, {{"from", before}, {"to", after}}, house.now());
        return after;
    });
    co_return json_response(net::http::status::ok, to_json(*found, set));
}

}  // namespace postroom::console
