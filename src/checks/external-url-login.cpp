// external-url-login: people open the console by the name that the External URL has: whoever authorizes an account
// comes back from the provider to that one, where another name's session is not. Told by: the names under which those
// who are signed in now reached the console (Host, or what a proxy on this machine forwards).
#include "checks/items.hpp"

#include "base/text.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/url/parse.hpp>

namespace postroom::checks {

namespace {

std::string host_of(std::string const& url)
{
    auto const parsed = boost::urls::parse_uri(url);
    if (!parsed) return {};
    auto const host = parsed->host_address();
    return to_lower(std::string_view(host.data(), host.size()));
}

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const& files = bench->files();
    auto const ours = host_of(files.external_url);
    std::vector<std::string> elsewhere;
    for (auto const& each : files.console_names)
        if (each.host != ours) elsewhere.push_back(fmt::format("{} at {}", each.user, each.host));
    if (!elsewhere.empty())
        co_return fails(
            "external-url-login-elsewhere",
            fmt::format("the External URL is of {}, and signed in are {}", ours, fmt::join(elsewhere, ", ")), target);
    co_return holds(files.console_names.empty()
                        ? std::string("nobody is signed in to the console")
                        : fmt::format("{} signed in now, all at {}", files.console_names.size(), ours));
}

}  // namespace

Item item::external_url_login()
{
    return {.id = "external-url-login",
            .must = mark("People sign in to the console by the name of the External URL"),
            .about = About::partition,
            .side = Side::application,
            .grounds = {"external-url"},
            .look = look};
}

}  // namespace postroom::checks
