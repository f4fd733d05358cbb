// inbound-enabled: IMAP, or POP3, is on for the mailbox. Told by: the same conversation.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const talk = co_await bench->retrieval(target);
    auto const standing = co_await bench->standing(target, talk);
    co_return judge("inbound-enabled", *talk, StepKind::mailbox, standing, target);
}

}  // namespace

Item item::inbound_enabled()
{
    return {.id = "inbound-enabled",
            .must = mark("IMAP or POP3, as the account retrieves, is on for the mailbox"),
            .about = About::mailbox,
            .grounds = {"port-993", "port-995", "tls-path", "grant-refresh", "grant-claims"},
            .speaks = {Purpose::imap, Purpose::pop3},
            .look = look};
}

}  // namespace postroom::checks
