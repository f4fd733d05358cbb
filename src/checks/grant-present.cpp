// grant-present: each account has a grant. Told by: the store.
#include "checks/items.hpp"

#include "base/readable-time.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const& grant = target.account->grant;
    if (!grant) co_return fails("not-authorized-yet", target.account->account.name + " has no grant", target);
    co_return holds("accepted on " + to_readable(grant->accepted));
}

}  // namespace

Item item::grant_present()
{
    return {.id = "grant-present",
            .must = mark("The account has been authorized"),
            .about = About::account,
            .concerns = [](Target const& target) { return target.account->account.access != model::Access::password; },
            .look = look};
}

}  // namespace postroom::checks
