// mailbox-access: the grant opens the mailbox. Told by: signing in and opening the folder. What the server refuses
// is told apart by the token's claims, its age, and whose mailbox it is.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const talk = co_await bench->retrieval(target);
    auto const standing = co_await bench->standing(target, talk);
    co_return judge("mailbox-access", *talk, StepKind::mailbox, standing, target);
}

}  // namespace

Item item::mailbox_access()
{
    return {.id = "mailbox-access",
            .must = mark("The grant opens the mailbox"),
            .about = About::mailbox,
            .grounds = {"port-993", "port-995", "tls-path", "grant-refresh", "grant-claims"},
            .speaks = {Purpose::imap, Purpose::pop3},
            .look = look};
}

}  // namespace postroom::checks
