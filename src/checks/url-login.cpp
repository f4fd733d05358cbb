// url-login: the identity provider answers over HTTPS. Told by: a GET of the provider's configuration, and of the
// address that issues tokens.
#include "checks/items.hpp"

#include "base/text.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"
#include "checks/sign-in-words.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

// Whoever connects gets through, and gets no answer: neither port nor certificate is to blame.
model::Finding unanswered(Error const& error, Target const& target)
{
    auto const causes =
        model::explain(error.message, {.speaker = model::Speaker::local, .application_only = {}}).causes;
    // What is too long was an answer.
    if (causes.empty() && error.kind == Trouble::limit) return untold(error.message);
    return fails(causes.empty() ? "connection-cut" : causes.front().cause->id, error.message, target);
}

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const& authority = target.application->authority;
    if (authority.empty()) co_return untold("the application's authority can't be made of its cloud and tenant");
    auto const url = oauth::configuration_urls(authority).front();
    auto const page = co_await bench->page(url);
    if (page->error) co_return unanswered(*page->error, target);
    auto const words = fmt::format("GET {}: HTTP {}", url, page->answer.status);
    if (page->answer.status == 429) co_return fails("provider-too-many-requests", words, target);
    if (page->answer.status >= 500) co_return fails("entra-temporary", words, target);
    // Entra says there that it takes POST only: it is in order.
    auto const provider = co_await bench->provider(target.application);
    std::string token_url;
    if (*provider && (*provider)->entra) token_url = (*provider)->token;
    // A tenant that it does not know has no configuration: tokens are issued beside where that would be.
    if (!*provider && !aadsts_in(page->answer.body).empty()) token_url = authority + "/oauth2/v2.0/token";
    if (!token_url.empty()) {
        auto const tokens = co_await bench->page(token_url);
        if (tokens->error) co_return unanswered(*tokens->error, target);
        auto const there = fmt::format("GET {}: HTTP {}", token_url, tokens->answer.status);
        if (tokens->answer.status == 429) co_return fails("provider-too-many-requests", there, target);
        if (tokens->answer.status >= 500) co_return fails("entra-temporary", there, target);
    }
    co_return holds(words);
}

}  // namespace

Item item::url_login()
{
    return {.id = "url-login",
            .must = mark("The identity provider answers over HTTPS"),
            .about = About::application,
            .side = Side::both,
            .grounds = {"port-443", "tls-path"},
            .speaks = {Purpose::provider},
            .look = look};
}

}  // namespace postroom::checks
