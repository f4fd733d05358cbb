// An OpenID provider's configuration: what is taken calls nothing but https, and is the issuer's that was asked.
#include "base/text.hpp"
#include "oauth/authority.hpp"

#include "canary.hpp"

#include <initializer_list>

using namespace postroom;

namespace {

// In any case: RFC 3986 section 3.1.
bool is_callable(std::string_view url)
{
    constexpr std::string_view secure = "https://";
    if (starts_ignoring_case(url, secure)) return url.size() > secure.size();
    for (std::string_view const own : {"http://localhost", "http://127.0.0.1", "http://[::1]"})
        if (starts_ignoring_case(url, own)) return true;
    return false;
}

void look_at(std::string_view body, std::string_view authority)
{
    for (auto const& url : oauth::configuration_urls(authority)) {
        auto const provider = oauth::read_configuration(body, url);
        if (!provider) {
            fuzz::require(fuzz::is_telling(provider.error()));
            continue;
        }
        for (auto const& needed : {provider->authorize, provider->token, provider->keys})
            fuzz::require(is_callable(needed));
        for (auto const& optional : {provider->device_code, provider->user_info})
            fuzz::require(optional.empty() || is_callable(optional));
        for (auto const& each : {provider->authorize, provider->token, provider->keys, provider->device_code})
            fuzz::require(each.find_first_of(std::string_view(" \r\n\t\"<>\0", 8)) == std::string::npos);
        fuzz::require(provider->assertion_algorithm == "PS256" || provider->assertion_algorithm == "RS256");
        // Where it is not the very URL, host and port are.
        auto const host = authority.substr(0, authority.find('/', std::string_view("https://").size()));
        fuzz::require(starts_ignoring_case(provider->issuer, host));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const body(reinterpret_cast<char const*>(data), size);
    if (fuzz::shows_canary(body)) return 0;
    look_at(body, "https://login.example.com");
    look_at(body, "https://login.microsoftonline.com/contoso.com");

    // An administrator's text as the authority, or as the tenant.
    oauth::Cloud own;
    if (auto const url = oauth::authority_url(own, "", body)) fuzz::require(is_callable(*url) && !url->ends_with('/'));
    oauth::Cloud entra;
    entra.login_host = "login.microsoftonline.com";
    if (auto const url = oauth::authority_url(entra, body, ""))
        fuzz::require(url->find_first_of("/?#@:", std::string_view("https://login.microsoftonline.com/").size()) ==
                      std::string::npos);
    return 0;
}
