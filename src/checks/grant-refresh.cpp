// grant-refresh: the grant renews. Told by: renewing it now.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <algorithm>
#include <array>

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const renewal = co_await bench->renewal(target.account);
    if (renewal->renewed) co_return holds("it was renewed now");
    if (!renewal->refusal) co_return untold(renewal->token.error().message);
    if (renewal->refusal->kind != Trouble::refused) co_return untold(renewal->refusal->message);
    auto found = judge_refusal("grant-refresh", renewal->refusal->message, target);
    if (found.outcome == model::Outcome::fails) co_return found;
    bool const own = target.account->account.access == model::Access::application;
    auto const causes = causes_of(renewal->refusal->message, own);
    if (causes.empty()) co_return fails("entra-invalid-grant", renewal->refusal->message, target);
    // These see it themselves. What others would be to blame for shows nowhere but here.
    static constexpr std::array<std::string_view, 4> tellers{"application-exists", "client-credential", "permissions",
                                                             "grant-forecast"};
    bool const of_application_only = own && causes.front()->check == "application-only";
    if (of_application_only || std::ranges::find(tellers, causes.front()->check) != tellers.end()) co_return found;
    co_return fails(causes.front()->id, renewal->refusal->message, target);
}

}  // namespace

Item item::grant_refresh()
{
    return {.id = "grant-refresh",
            .must = mark("The grant can be renewed"),
            .about = About::account,
            .grounds = {"grant-present", "authority", "client-credential"},
            .speaks = {Purpose::provider},
            .concerns = [](Target const& target) { return target.account->account.access != model::Access::password; },
            .look = look};
}

}  // namespace postroom::checks
