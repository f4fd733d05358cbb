// smtp-enabled: authenticated SMTP is on for tenant and mailbox; without it nothing can be dispatched. Told by:
// signing in to submission.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const talk = co_await bench->submission(target);
    auto const standing = co_await bench->standing(target, talk);
    co_return judge("smtp-enabled", *talk, StepKind::sign_in, standing, target);
}

}  // namespace

Item item::smtp_enabled()
{
    return {.id = "smtp-enabled",
            .must = mark("Authenticated SMTP is on for the organization and the mailbox"),
            .about = About::mailbox,
            .grounds = {"port-587", "tls-path", "grant-refresh", "grant-claims"},
            .speaks = {Purpose::smtp},
            .look = look};
}

}  // namespace postroom::checks
