// inbound-imap: the whole way of a retrieval over IMAP, step by step. Told by: a conversation: resolve, connect,
// TLS, greeting, capabilities, sign-in, folder, newest mail.
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
    co_return judge("inbound-imap", *talk, talk->steps.back().kind, standing, target);
}

}  // namespace

Item item::inbound_imap()
{
    return {.id = "inbound-imap",
            .must = mark("Mail can be retrieved over IMAP"),
            .about = About::mailbox,
            .grounds = {"port-993", "tls-path", "grant-refresh", "grant-claims"},
            .speaks = {Purpose::imap},
            .concerns = [](Target const& target) { return target.account->account.retrieval == model::Protocol::imap; },
            .look = look};
}

}  // namespace postroom::checks
