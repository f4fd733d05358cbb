// grant-claims: the token is what it should be: whose, for whom, for what, and not too long. Told by: the claims of
// the access token, read for diagnosis only, and its length.
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
    auto const fit = claims_fit(renewal->token->token.expose(), *target.account, bench->now());
    if (fit.wrong.empty()) co_return holds(fit.said);
    if (fit.cause == "app-role-missing") co_return untold("application-only stands in the way: " + fit.wrong.front());
    if (fit.cause == "token-lacks-permission")
        co_return untold(fmt::format("permissions stands in the way: {}; {}", fmt::join(fit.wrong, "; "), fit.said));
    co_return fails(fit.cause, fmt::format("{}; {}", fmt::join(fit.wrong, "; "), fit.said), target);
}

}  // namespace

Item item::grant_claims()
{
    return {.id = "grant-claims",
            .must = mark("The token is for these servers, this user and these permissions"),
            .about = About::account,
            .grounds = {"grant-present", "grant-owner", "grant-refresh"},
            .speaks = {Purpose::provider},
            .concerns = [](Target const& target) { return target.account->account.access != model::Access::password; },
            .look = look};
}

}  // namespace postroom::checks
