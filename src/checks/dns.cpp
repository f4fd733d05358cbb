// dns: the names of all servers have addresses, from here. Told by: resolving each host of a server that somebody
// here needs.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const& place = target.places.front();
    if (bench->proxy() && bench->proxy()->leads_to(place.server.host))
        co_return holds("the proxy " + to_string(bench->proxy()->at) + " resolves it");
    auto const talk = co_await bench->reach(place);
    co_return judge("dns", *talk, StepKind::resolve, {}, target);
}

}  // namespace

Item item::dns()
{
    return {.id = "dns",
            .must = mark("The names of the servers have addresses"),
            .about = About::host,
            .side = Side::both,
            .look = look};
}

}  // namespace postroom::checks
