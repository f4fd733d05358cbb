// port-587: submission takes connections: for the dispatcher, and for alarms. Told by: a connection.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const talk = co_await bench->reach(target.places.front());
    co_return judge("port-587", *talk, StepKind::connect, {}, target);
}

}  // namespace

Item item::port_587()
{
    return {.id = "port-587",
            .must = mark("SMTP submission can be reached on its port (587)"),
            .about = About::server,
            .side = Side::both,
            .grounds = {"dns", "proxy", "url-office365"},
            .speaks = {Purpose::smtp},
            .look = look};
}

}  // namespace postroom::checks
