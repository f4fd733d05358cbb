// licence: a mailbox is behind the address. Told from its server's answers: which plan it is of, only the provider's
// directory knows. Told by: the same conversation: what opens has a mailbox behind it.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const talk = co_await bench->retrieval(target);
    auto const standing = co_await bench->standing(target, talk);
    co_return judge("licence", *talk, StepKind::mailbox, standing, target);
}

}  // namespace

Item item::licence()
{
    return {.id = "licence",
            .must = mark("A mailbox is behind the address"),
            .about = About::mailbox,
            .grounds = {"port-993", "port-995", "tls-path", "grant-refresh", "grant-claims"},
            .speaks = {Purpose::imap, Purpose::pop3},
            .look = look};
}

}  // namespace postroom::checks
