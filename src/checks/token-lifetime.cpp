// token-lifetime: an access token lasts an hour. A tenant's policy can shorten that to ten minutes. Told by: the
// life of a token that was issued a moment ago. Under 3,300 s warns, under 595 s fails.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const renewal = co_await bench->renewal(target.account);
    if (!renewal->token) co_return untold(renewal->token.error().message);
    using std::chrono::seconds;
    auto life =
        target.account->grant ? std::chrono::ceil<seconds>(target.account->grant->access_token_life) : seconds(0);
    // What was issued a moment ago has about all of it left.
    if (renewal->renewed) life = std::chrono::ceil<seconds>(renewal->token->ends - bench->now());
    if (life <= seconds(0)) co_return untold("the provider does not say how long its tokens last");
    auto const words = fmt::format("an access token lasts {} s", life.count());
    if (life < seconds(595)) co_return fails("token-life-short", words, target);
    co_return life < seconds(3300) ? warns("token-life-short", words, target) : holds(words);
}

}  // namespace

Item item::token_lifetime()
{
    return {.id = "token-lifetime",
            .must = mark("An access token lasts about an hour"),
            .about = About::account,
            .grounds = {"grant-refresh"},
            .speaks = {Purpose::provider},
            .concerns = [](Target const& target) { return target.account->account.access != model::Access::password; },
            .look = look};
}

}  // namespace postroom::checks
