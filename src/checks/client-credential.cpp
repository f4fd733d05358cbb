// client-credential: the application's secret or certificate is accepted, and does not run out within 30 days. Told
// by: renewing a grant of the application, and the ends of its secrets and certificates as they are known here.
#include "checks/items.hpp"

#include "base/readable-time.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"
#include "checks/own-links.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

// When there is none any more; nothing where one has no known end.
std::optional<Instant> last_end(ApplicationFile const& application)
{
    std::optional<Instant> last;
    for (auto const& each : application.credentials) {
        if (!each.ends) return std::nullopt;
        last = std::max(last.value_or(*each.ends), *each.ends);
    }
    return last;
}

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    if (target.application->credentials.empty()) co_return holds("it is a public client, which has none");
    std::string accepted;
    for (auto const& account : bench->files().accounts) {
        if (account->application != target.application || !account->grant) continue;
        auto const renewal = co_await bench->renewal(account);
        auto about = target;
        about.account = account;
        if (renewal->refusal) {
            auto found = judge_refusal("client-credential", renewal->refusal->message, about);
            if (found.outcome == model::Outcome::fails) co_return found;
            // Entra looks at who asks before it looks at what is asked for; whether there is such an application,
            // first.
            auto const causes = causes_of(renewal->refusal->message, false);
            if (!causes.empty() && causes.front()->check == "application-exists") co_return found;
            if (renewal->refusal->kind == Trouble::refused) accepted = "the provider refused something else";
        } else if (renewal->token) {
            accepted = "the provider took it when the grant of " + account->account.name + " was renewed";
        }
        if (!accepted.empty()) break;
    }
    auto const ends = last_end(*target.application);
    if (ends && *ends - bench->now() <= told_ahead)
        co_return warns("credential-ends-soon", "the last one ends on " + to_readable(*ends), target);
    if (!accepted.empty()) co_return holds(accepted);
    auto const locked = what_stays_shut(*bench);
    co_return untold(locked.empty() ? "no account of the application has a grant that could be renewed with it"
                                    : "own-links stands in the way: " + locked);
}

}  // namespace

Item item::client_credential()
{
    return {.id = "client-credential",
            .must = mark("The application's secret or certificate is accepted, and lasts for 30 days"),
            .about = About::application,
            .grounds = {"url-login"},
            .speaks = {Purpose::provider},
            .look = look};
}

}  // namespace postroom::checks
