// external-url: browsers come back from the sign-in to the External URL: it is set, is https, and leads here. Told
// by: a GET of the version at it, as a browser would reach it.
#include "checks/items.hpp"

#include "base/text.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const& url = bench->files().external_url;
    if (url.empty()) co_return fails("external-url-not-set", "the External URL is not set", target);
    auto const page = co_await bench->page(url + "/api/v1/version");
    if (page->error) co_return fails("external-url-unreachable", page->error->message, target);
    auto const words =
        fmt::format("GET {}/api/v1/version: {} {}", url, page->answer.status, printable(page->answer.body, 200));
    // What is there says which release it is of, and nobody else speaks so.
    if (page->answer.status != 200 || page->answer.body.find("\"version\"") == std::string::npos)
        co_return fails("external-url-elsewhere", words, target);
    // A browser on this machine needs no TLS (RFC 8252 section 7.3), and none elsewhere gets here.
    co_return url.starts_with("https://") ? holds(words) : warns("external-url-not-https", words, target);
}

}  // namespace

Item item::external_url()
{
    return {.id = "external-url",
            .must = mark("The External URL is set, is https, and reaches this console"),
            .about = About::partition,
            .side = Side::application,
            .look = look};
}

}  // namespace postroom::checks
