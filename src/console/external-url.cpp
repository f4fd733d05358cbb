#include "console/external-url.hpp"

#include "base/text.hpp"
#include "console/problem.hpp"
#include "store/settings.hpp"

namespace postroom::console {

std::string external_url(store::Connection& c)
{
    auto url = store::setting(c, "external-url");
    while (url.ends_with('/')) url.pop_back();
    return url;
}

std::string external_url_or_problem(store::Connection& c)
{
    auto url = external_url(c);
    if (url.empty())
        throw Problem(Trouble::conflict, tr("the External URL is not set, so there is nothing that a link could begin "
                                            "with: postroom settings set external-url https://…"));
    return url;
}

std::string redirect_url(store::Connection& c)
{
    auto const url = external_url(c);
    return url.empty() ? url : url + "/oauth/callback";
}

std::string host_of(std::string_view url_or_host)
{
    auto rest = url_or_host;
    if (auto const scheme = rest.find("://"); scheme != rest.npos) rest.remove_prefix(scheme + 3);
    rest = rest.substr(0, rest.find_first_of("/?#"));
    if (rest.starts_with('[')) return to_lower(rest.substr(1, rest.find(']') - 1));
    return to_lower(rest.substr(0, rest.find(':')));
}

bool is_loopback(std::string_view host)
{
    if (host == "localhost" || host == "::1") return true;
    // Digits and dots only, or 127.example.com would do.
    return host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos;
}

}  // namespace postroom::console
