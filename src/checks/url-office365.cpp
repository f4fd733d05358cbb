// url-office365: the hosts of mail answer at all: a firewall that keeps them out keeps all ports. Told by: a
// connection to any of the ports that are needed there.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    std::shared_ptr<Conversation const> last;
    for (auto const& place : target.places) {
        last = co_await bench->reach(place);
        if (last->held(StepKind::connect)) co_return holds(shown(*last, *last->find(StepKind::connect)));
    }
    auto const* const broken = last->broken();
    co_return broken->kind == StepKind::resolve ? untold(shown(*last, *broken))
                                                : fails("port-closed", shown(*last, *broken), target);
}

}  // namespace

Item item::url_office365()
{
    return {.id = "url-office365",
            .must = mark("The hosts of mail answer"),
            .about = About::host,
            .side = Side::both,
            .grounds = {"dns", "proxy"},
            .speaks = {Purpose::imap, Purpose::pop3, Purpose::smtp},
            .look = look};
}

}  // namespace postroom::checks
