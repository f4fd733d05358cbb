// inbound-pop3: the whole way of a retrieval over POP3, step by step. Told by: a conversation: resolve, connect,
// TLS, greeting, capabilities, sign-in, STAT and UIDL, the header of one mail.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const talk = co_await bench->retrieval(target);
    auto const standing = co_await bench->standing(target, talk);
    if (talk->broken() == nullptr) co_return holds(whole(*talk));
    co_return judge("inbound-pop3", *talk, talk->steps.back().kind, standing, target);
}

}  // namespace

Item item::inbound_pop3()
{
    return {.id = "inbound-pop3",
            .must = mark("Mail can be retrieved over POP3"),
            .about = About::mailbox,
            .grounds = {"port-995", "tls-path", "grant-refresh", "grant-claims"},
            .speaks = {Purpose::pop3},
            .concerns = [](Target const& target) { return target.account->account.retrieval == model::Protocol::pop3; },
            .look = look};
}

}  // namespace postroom::checks
