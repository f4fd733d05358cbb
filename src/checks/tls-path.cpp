// tls-path: nothing on the way takes TLS apart: the certificates are the servers' own, and TLS is 1.2 or later. Told
// by: a handshake, and who issued the certificates that came.
#include "checks/items.hpp"

#include "base/readable-time.hpp"
#include "base/text.hpp"
#include "checks/bench.hpp"
#include "checks/judging.hpp"

#include <algorithm>
#include <array>

namespace postroom::checks {

namespace {

bool is_of_microsoft(std::string_view host)
{
    auto const name = to_lower(host);
    static constexpr std::array<std::string_view, 6> domains{".office365.com", ".microsoftonline.com",
                                                             ".office365.us",  ".microsoftonline.us",
                                                             ".outlook.cn",    ".microsoftonline.cn"};
    return std::ranges::any_of(domains, [&](auto each) { return name.ends_with(each); });
}

// An inspecting middlebox issues its own, by an authority that this machine was made to trust.
bool issued_for_microsoft(std::string_view issuer)
{
    return issuer.find("Microsoft") != issuer.npos || issuer.find("DigiCert") != issuer.npos;
}

net::awaitable<model::Finding> look(std::shared_ptr<Bench> bench, Target target)
{
    auto const& place = target.places.front();
    auto const talk = co_await bench->reach(place);
    auto found = judge("tls-path", *talk, StepKind::tls, {}, target);
    if (found.outcome != model::Outcome::holds || talk->chain.empty()) co_return found;
    auto const& own = talk->chain.front();
    if (is_of_microsoft(place.server.host) && !issued_for_microsoft(own.issuer))
        co_return fails("certificate-of-middlebox", std::move(found.evidence), target);
    if (own.ends - bench->now() < std::chrono::days(7))
        co_return warns("certificate-ends-soon", std::move(found.evidence), target);
    co_return found;
}

}  // namespace

Item item::tls_path()
{
    return {.id = "tls-path",
            .must = mark("TLS reaches the servers themselves, is 1.2 or later, and its certificates are trusted"),
            .about = About::server,
            .side = Side::both,
            .grounds = {"dns", "proxy", "url-office365", "port-443", "port-587", "port-993", "port-995"},
            .look = look};
}

}  // namespace postroom::checks
