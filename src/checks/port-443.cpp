// port-443: the identity provider takes connections: for creating and renewing tokens. Told by: a connection.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const talk = co_await bench->reach(target.places.front());
    co_return judge("port-443", *talk, StepKind::connect, {}, target);
}

}  // namespace

Item item::port_443()
{
    return {.id = "port-443",
            .must = mark("The identity provider can be reached on its port (443)"),
            .about = About::server,
            .side = Side::both,
            .grounds = {"dns", "proxy"},
            .speaks = {Purpose::provider},
            .look = look};
}

}  // namespace postroom::checks
