// outbound-smtp: the whole way of a submission, step by step. Told by: a conversation: resolve, connect, greeting,
// EHLO, STARTTLS, sign-in.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const talk = co_await bench->submission(target);
    auto const standing = co_await bench->standing(target, talk);
    if (talk->broken() == nullptr) co_return holds(whole(*talk));
    co_return judge("outbound-smtp", *talk, talk->steps.back().kind, standing, target);
}

}  // namespace

Item item::outbound_smtp()
{
    return {.id = "outbound-smtp",
            .must = mark("Mail can be submitted"),
            .about = About::mailbox,
            .grounds = {"port-587", "tls-path", "grant-refresh", "grant-claims"},
            .speaks = {Purpose::smtp},
            .look = look};
}

}  // namespace postroom::checks
