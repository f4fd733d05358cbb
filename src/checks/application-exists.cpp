// application-exists: tenant and client id are known to the provider, in the cloud that the application names. Told
// by: the sign-in page asked with prompt=none: it sends the browser back, or shows a number; and what renewals are
// refused with.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"
#include "checks/own-links.hpp"
#include "checks/sign-in-words.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

// Some numbers come only where tokens are issued: that there is no service principal, say.
net::awaitable<model::Finding> look_at_renewals(std::shared_ptr<Bench> bench, Target target, model::Finding otherwise)
{
    for (auto const& account : bench->files().accounts) {
        if (account->application != target.application || !account->grant) continue;
        auto const renewal = co_await bench->renewal(account);
        if (renewal->renewed) co_return otherwise;
        if (!renewal->refusal) continue;
        auto found = judge_refusal("application-exists", renewal->refusal->message, target);
        if (found.outcome == model::Outcome::fails) co_return found;
    }
    // What tokens would be refused with is not known where none can be asked for.
    auto const locked = what_stays_shut(*bench);
    co_return locked.empty() ? otherwise : untold("own-links stands in the way: " + locked);
}

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const provider = co_await bench->provider(target.application);
    if (!*provider) {
        // A tenant that is not there has no configuration, and the provider says so there.
        auto const found = co_await bench->page(oauth::configuration_urls(target.application->authority).front());
        auto const number = found->error ? std::string() : aadsts_in(found->answer.body);
        co_return number.empty() ? untold(provider->error().message)
                                 : judge_refusal("application-exists", number, target);
    }
    auto const page = co_await bench->sign_in_page(target.application);
    if (page->error) co_return untold(page->error->message);
    if (sent_back(*page)) {
        auto knows = holds("the sign-in page knows the application: it sends the browser back");
        co_return co_await look_at_renewals(bench, target, std::move(knows));
    }
    auto const number = aadsts_in(page->answer.body);
    if (number.empty())
        co_return untold(fmt::format("the sign-in page says HTTP {} and no number", page->answer.status));
    auto found = judge_refusal("application-exists", number, target);
    // Whatever else is wrong is wrong of an application that it knows.
    if (found.outcome != model::Outcome::could_not_be_told) co_return found;
    auto knows = holds("the sign-in page knows it, and says " + number);
    co_return co_await look_at_renewals(bench, target, std::move(knows));
}

}  // namespace

Item item::application_exists()
{
    return {.id = "application-exists",
            .must = mark("The provider knows the tenant and the application"),
            .about = About::application,
            .side = Side::application,
            .grounds = {"url-login"},
            .speaks = {Purpose::provider},
            .look = look};
}

}  // namespace postroom::checks
