// grant-forecast: nothing that the grant needs ends within 30 days. Told by: what a renewal says, and when the grant
// was renewed last.
#include "checks/items.hpp"

#include "base/readable-time.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const renewal = co_await bench->renewal(target.account);
    std::optional<model::Finding> refused;
    if (renewal->refusal) {
        refused = judge_refusal("grant-forecast", renewal->refusal->message, target);
        if (refused->outcome == model::Outcome::fails) co_return *refused;
    }
    auto const& grant = target.account->grant;
    if (!grant) co_return untold("there is no grant");
    // A refresh token that nobody uses for 90 days ends (Microsoft, "Refresh tokens").
    auto const unused_until = std::max(grant->renewed, grant->accepted) + std::chrono::days(90);
    if (!renewal->renewed && !grant->refresh_token.bytes.empty() && unused_until - bench->now() < told_ahead)
        co_return warns("grant-unused", "it was renewed last on " + to_readable(grant->renewed), target);
    if (refused) co_return *refused;
    co_return holds("nothing that it needs is known to end within 30 days");
}

}  // namespace

Item item::grant_forecast()
{
    return {.id = "grant-forecast",
            .must = mark("Nothing that the grant needs ends within 30 days"),
            .about = About::account,
            .grounds = {"grant-present", "client-credential"},
            .speaks = {Purpose::provider},
            .concerns = [](Target const& target) { return target.account->account.access != model::Access::password; },
            .look = look};
}

}  // namespace postroom::checks
