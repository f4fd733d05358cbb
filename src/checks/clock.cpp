// clock: this server's clock agrees with the provider's: tokens begin and end by both. Told by: the Date of the
// provider's answer. 60 s apart warn, 300 s fail.
#include "checks/items.hpp"

#include "checks/bench.hpp"
#include "checks/judging.hpp"
#include "net/http-server.hpp"

#include <fmt/format.h>

namespace postroom::checks {

namespace {

// RFC 9110 section 5.6.7, in the form that all send: Sun, 06 Nov 1994 08:49:37 GMT
std::optional<Instant> http_date(std::string const& text)
{
    std::tm parts{};
    char const* const end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return Instant(std::chrono::seconds(::timegm(&parts)));
}

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const& authority = target.application->authority;
    if (authority.empty()) co_return untold("the application's authority can't be made of its cloud and tenant");
    auto const page = co_await bench->page(oauth::configuration_urls(authority).front());
    if (page->error) co_return untold(page->error->message);
    auto const found = page->answer.headers.find("date");
    auto const theirs = found == page->answer.headers.end() ? std::nullopt : http_date(found->second);
    if (!theirs) co_return untold("the provider's answer has no Date");
    auto const ahead = std::chrono::round<std::chrono::seconds>(page->at - *theirs).count();
    auto const words = fmt::format("the provider says {}; this server is {} s {}", found->second, std::abs(ahead),
                                   ahead < 0 ? "behind" : "ahead");
    if (std::abs(ahead) > 300) co_return fails("clock-wrong", words, target);
    co_return std::abs(ahead) > 60 ? warns("clock-wrong", words, target) : holds(words);
}

}  // namespace

Item item::clock()
{
    return {.id = "clock",
            .must = mark("This server's clock agrees with the provider's"),
            .about = About::application,
            .side = Side::both,
            .grounds = {"url-login"},
            .speaks = {Purpose::provider},
            .look = look};
}

}  // namespace postroom::checks
