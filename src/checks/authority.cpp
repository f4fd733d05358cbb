// authority: every server asks the same authority for tokens, and it is the tenant's own. Told by: the authority's
// URL, the issuer that it names, and the tenant of each grant.
#include "checks/items.hpp"

#include "base/text.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const& authority = target.application->authority;
    for (std::string_view const shared : {"/common", "/organizations", "/consumers"})
        if (authority.ends_with(shared)) co_return fails("authority-common", "the authority is " + authority, target);
    auto const provider = co_await bench->provider(target.application);
    if (!*provider) co_return untold(provider->error().message);
    if ((*provider)->entra)
        for (auto const& account : bench->files().accounts) {
            if (account->application != target.application || !account->grant) continue;
            auto const& tenant = account->grant->owner.tenant_id;
            if ((*provider)->issuer.find('{') == std::string::npos &&
                (*provider)->issuer.find(tenant) == std::string::npos)
                co_return fails("authority-of-another-tenant",
                                fmt::format("the authority {} is {}, and the grant of {} is of the tenant {}",
                                            authority, (*provider)->issuer, account->account.name, tenant),
                                target);
        }
    co_return holds(fmt::format("{}, for signing in and for renewing alike", authority));
}

}  // namespace

Item item::authority()
{
    return {.id = "authority",
            .must = mark("Tokens are asked for at the tenant's own authority, everywhere"),
            .about = About::application,
            .grounds = {"url-login"},
            .speaks = {Purpose::provider},
            .look = look};
}

}  // namespace postroom::checks
