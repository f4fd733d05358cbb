// port-993: IMAP over TLS takes connections: for the retriever. Told by: a connection.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const talk = co_await bench->reach(target.places.front());
    co_return judge("port-993", *talk, StepKind::connect, {}, target);
}

}  // namespace

Item item::port_993()
{
    return {.id = "port-993",
            .must = mark("IMAP can be reached on its port (993)"),
            .about = About::server,
            .side = Side::services,
            .grounds = {"dns", "proxy", "url-office365"},
            .speaks = {Purpose::imap},
            .look = look};
}

}  // namespace postroom::checks
