// grant-owner: the grant belongs to the user that the account names, and not to whoever sat at the browser. Told by:
// the grant's user name beside the account's.
#include "checks/items.hpp"

#include "base/text.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const& account = target.account->account;
    auto const& grant = target.account->grant;
    if (!grant) co_return untold("there is no grant");
    auto const words = fmt::format("the grant is {}'s, and the account names {}", grant->owner.user_name, account.user);
    co_return equal_ignoring_case(grant->owner.user_name, account.user) ? holds(words)
                                                                        : fails("wrong-user-signed-in", words, target);
}

}  // namespace

Item item::grant_owner()
{
    return {.id = "grant-owner",
            .must = mark("The grant belongs to the user whom the account names"),
            .about = About::account,
            .grounds = {"grant-present"},
            .concerns = [](Target const& target) { return target.account->account.access == model::Access::delegated; },
            .look = look};
}

}  // namespace postroom::checks
