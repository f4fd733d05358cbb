// The partition's settings.
#include "base/text.hpp"
#include "console/api.hpp"
#include "console/etag.hpp"
#include "console/json.hpp"
#include "console/responses.hpp"
#include "store/changes.hpp"
#include "store/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace postroom::console {

namespace {

// Keys are the program's own: nobody is shown them, nobody sets them.
bool is_shown(store::Setting const& setting)
{
    return !setting.name.ends_with("-key");
}

store::Setting const& known_or_problem(std::string const& name)
{
    auto const known = store::known_settings();
    auto const found = std::ranges::find(known, name, &store::Setting::name);
    if (found != known.end() && is_shown(*found)) return *found;
    std::string names;
    for (auto const& each : known)
        if (is_shown(each)) names += (names.empty() ? "" : ", ") + std::string(each.name);
    throw Problem(Trouble::not_found, tr("there is no setting \"{}\"; there are: {}", printable(name, 64), names));
}

json::object view(store::Setting const& setting, std::string const& value,
                  std::map<std::string, std::int64_t> const& versions, words::Language const& language)
{
    auto shown = to_json(setting, value, language);
    auto const version = versions.find(std::string(setting.name));
    shown["etag"] = etag(version == versions.end() ? 0 : version->second);
    return shown;
}

}  // namespace

Answer list_settings(House& house, Request const& request)
{
    request.only_parameters({});
    auto items = co_await house.store().read([&](store::Connection& c) {
        auto const values = store::settings(c);
        auto const versions = store::setting_versions(c);
        json::array shown;
        for (auto const& each : store::known_settings())
            if (is_shown(each))
                shown.emplace_back(view(each, values.at(std::string(each.name)), versions, request.language()));
        return shown;
    });
    co_return items_response(std::move(items));
}

Answer show_setting(House& house, Request const& request)
{
    request.only_parameters({});
    auto const& setting = known_or_problem(request.path("name"));
    auto const body = co_await house.store().read([&](store::Connection& c) {
        return view(setting, store::setting(c, setting.name), store::setting_versions(c), request.language());
    });
    co_return edited_response(body);
}

Answer set_setting(House& house, Request const& request)
{
    auto const& setting = known_or_problem(request.path("name"));
    auto const name = std::string(setting.name);
    Members const members(request.http, {"value"});
    if (!members.has("value")) throw Problem(Trouble::invalid, tr("the member \"{}\" is missing", "value"), "value");
    auto const value = members.text_or("value", "");
    auto const body = co_await house.store().write([&](store::Connection& c) {
        check_match(c, request, etag(store::next_setting_version(c, name) - 1), "setting.", name);
        auto const before = store::setting(c, name);
        store::set_setting(c, name, value);
        auto const after = store::setting(c, name);
        note(c, request.caller, "setting.set", name, {{"from", before}, {"to", after}}, house.now());
        return view(setting, after, store::setting_versions(c), request.language());
    });
    co_return edited_response(body);
}

}  // namespace postroom::console
