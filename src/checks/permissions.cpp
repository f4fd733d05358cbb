// permissions: the permissions that mail needs are consented to, and are in what was granted. Told by: the scopes
// that were granted, and what a renewal says.
#include "checks/items.hpp"

#include "base/text.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const renewal = co_await bench->renewal(target.account);
    // What the next token would be granted is not known then.
    if (renewal->refusal) co_return judge_refusal("permissions", renewal->refusal->message, target);
    auto const& grant = target.account->grant;
    if (!grant) co_return untold("there is no grant");
    auto const provider = co_await bench->provider(target.account->application);
    if (!*provider) co_return untold(provider->error().message);
    auto const& account = target.account->account;
    auto const granted = fmt::format("granted: {}", fmt::join(grant->scopes, " "));
    // What an application may do by itself is in its token, and named nowhere else.
    if (!(*provider)->entra || account.access == model::Access::application) co_return holds(granted);
    if (renewal->token) {
        auto const fit = claims_fit(renewal->token->token.expose(), *target.account, bench->now());
        if (fit.cause == "token-lacks-permission")
            co_return fails(fit.cause, fmt::format("{}; {}", fmt::join(fit.wrong, "; "), fit.said), target);
        // Another resource's token has other permissions.
        if (!fit.wrong.empty())
            co_return untold(fmt::format("grant-claims stands in the way: {}", fmt::join(fit.wrong, "; ")));
    }
    for (std::string_view const needed :
         {account.retrieval == model::Protocol::pop3 ? "POP.AccessAsUser.All" : "IMAP.AccessAsUser.All", "SMTP.Send"})
        if (std::ranges::none_of(grant->scopes, [&](auto const& scope) { return scope.ends_with(needed); }))
            co_return fails("token-lacks-permission", fmt::format("{} is missing; {}", needed, granted), target);
    co_return holds(granted);
}

}  // namespace

Item item::permissions()
{
    return {.id = "permissions",
            .must = mark("The permissions that mail needs have been consented to"),
            .about = About::account,
            .grounds = {"grant-present", "client-credential"},
            .speaks = {Purpose::provider},
            .concerns = [](Target const& target) { return target.account->account.access != model::Access::password; },
            .look = look};
}

}  // namespace postroom::checks
