// port-995: POP3 over TLS takes connections: for the retriever. Told by: a connection.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const talk = co_await bench->reach(target.places.front());
    co_return judge("port-995", *talk, StepKind::connect, {}, target);
}

}  // namespace

Item item::port_995()
{
    return {.id = "port-995",
            .must = mark("POP3 can be reached on its port (995)"),
            .about = About::server,
            .side = Side::services,
            .grounds = {"dns", "proxy", "url-office365"},
            .speaks = {Purpose::pop3},
            .look = look};
}

}  // namespace postroom::checks
