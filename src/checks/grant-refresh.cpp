// grant-refresh: the grant renews. Told by: renewing it now.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const renewal = co_await bench->renewal(target.account);
    if (renewal->renewed) co_return holds("it was renewed now");
    if (!renewal->refusal) co_return untold(renewal->token.error().message);
    if (renewal->refusal->kind != Trouble::refused) co_return untold(renewal->refusal->message);
    auto found = judge_refusal("grant-refresh", renewal->refusal->message, target);
    bool const own = target.account->account.access == model::Access::application;
    if (causes_of(renewal->refusal->message, own).empty())
        co_return fails("entra-invalid-grant", renewal->refusal->message, target);
    co_return found;
}

}  // namespace

Item item::grant_refresh()
{
    return {.id = "grant-refresh",
            .must = mark("The grant can be renewed"),
            .about = About::account,
            .grounds = {"grant-present", "client-credential", "permissions"},
            .speaks = {Purpose::provider},
            .concerns = [](Target const& target) { return target.account->account.access != model::Access::password; },
            .look = look};
}

}  // namespace postroom::checks
