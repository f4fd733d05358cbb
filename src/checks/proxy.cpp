// proxy: where a proxy is configured, it lets everything through that has to pass. Told by: asking it for the way to
// each server that it leads to.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const* const proxy = bench->proxy();
    if (proxy == nullptr) co_return holds("no proxy is configured");
    std::size_t passed = 0;
    for (auto const& place : target.places) {
        if (!proxy->leads_to(place.server.host)) continue;
        auto const talk = co_await bench->reach(place);
        auto const* const broken = talk->broken();
        if (broken != nullptr && blame(*talk, {}).item == "proxy")
            co_return fails("proxy-refuses", shown(*talk, *broken), target);
        ++passed;
    }
    co_return holds(fmt::format("the proxy {} lets through to {} servers", to_string(proxy->at), passed));
}

}  // namespace

Item item::proxy()
{
    return {.id = "proxy",
            .must = mark("The proxy, where one is configured, lets all of it through"),
            .about = About::partition,
            .side = Side::both,
            .look = look};
}

}  // namespace postroom::checks
