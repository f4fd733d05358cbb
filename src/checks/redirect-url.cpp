// redirect-url: the redirect URL that Postroom sends is registered for the application. Told by: the same page: a
// redirect URL that is not registered is never redirected to.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"
#include "checks/sign-in-words.hpp"
#include "grants/guard.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    if (bench->files().external_url.empty()) co_return untold("the External URL is not set");
    auto const page = co_await bench->sign_in_page(target.application);
    if (page->error) co_return untold(page->error->message);
    auto const url = bench->files().external_url + std::string(grants::redirect_path);
    if (sent_back(*page)) co_return holds("the sign-in page sends browsers back to " + url);
    auto const number = aadsts_in(page->answer.body);
    if (number.empty())
        co_return untold(fmt::format("the sign-in page says HTTP {} and no number", page->answer.status));
    auto found = judge_refusal("redirect-url", number, target);
    found.evidence += fmt::format(" (redirect URL {})", url);
    co_return found;
}

}  // namespace

Item item::redirect_url()
{
    return {.id = "redirect-url",
            .must = mark("The redirect URL is registered at the provider"),
            .about = About::application,
            .side = Side::application,
            .grounds = {"external-url", "application-exists"},
            .speaks = {Purpose::provider},
            .look = look};
}

}  // namespace postroom::checks
