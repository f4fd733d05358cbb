#include "oauth/authority.hpp"

#include "base/text.hpp"
#include "oauth/json-fields.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>
#include <boost/url/parse.hpp>

#include <algorithm>

namespace postroom::oauth {

namespace {

constexpr std::string_view well_known = "/.well-known/openid-configuration";
constexpr Duration discovery_limit{20'000};

std::string origin(std::string_view text)
{
    auto const url = boost::urls::parse_absolute_uri({text.data(), text.size()});
    return url ? to_lower(std::string(url->scheme()) + "://" + std::string(url->encoded_host_and_port()))
               : std::string();
}

}  // namespace

bool is_callable(std::string_view text)
{
    auto const url = boost::urls::parse_absolute_uri({text.data(), text.size()});
    if (!url || url->has_userinfo() || url->host().empty()) return false;
    auto const host = url->host();
    return url->scheme() == "https" ||
           (url->scheme() == "http" && (host == "localhost" || host == "127.0.0.1" || host == "[::1]"));
}

Result<std::string> authority_url(Cloud const& cloud, std::string_view tenant, std::string_view custom)
{
    if (cloud.login_host.empty()) {
        auto const url = trim(custom);
        auto const end = url.find_last_not_of('/');
        auto const plain = end == url.npos ? std::string_view() : url.substr(0, end + 1);
        if (!is_callable(plain) || plain.find_first_of("?#") != plain.npos)
            return failure(Trouble::invalid,
                           fmt::format("\"{}\" is no authority; write the https URL of the OpenID provider, such as "
                                       "https://login.example.com/tenant",
                                       printable(custom, 128)));
        return std::string(plain);
    }
    // A GUID, a verified domain, or organizations; nothing that would change the URL's shape.
    bool const plain =
        tenant.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == tenant.npos;
    if (tenant.empty() || tenant.size() > 253 || !plain)
        return failure(Trouble::invalid, fmt::format("\"{}\" is no tenant; write its id (a GUID) or one of its domains",
                                                     printable(tenant, 64)));
    return fmt::format("https://{}/{}", cloud.login_host, tenant);
}

std::vector<std::string> configuration_urls(std::string_view authority)
{
    std::string const base(authority);
    if (base.ends_with("/v2.0")) return {base + std::string(well_known)};
    return {base + "/v2.0" + std::string(well_known), base + std::string(well_known)};
}

Result<Provider> read_configuration(std::string_view body, std::string_view url)
{
    auto const document = parse_object(body, "the provider's configuration at " + std::string(url));
    if (!document) return std::unexpected(document.error());
    Provider provider;
    provider.issuer = text_member(*document, "issuer");
    provider.authorize = text_member(*document, "authorization_endpoint");
    provider.token = text_member(*document, "token_endpoint");
    provider.keys = text_member(*document, "jwks_uri");
    provider.user_info = text_member(*document, "userinfo_endpoint");
    provider.device_code = text_member(*document, "device_authorization_endpoint");
    auto const wrong = [&](std::string const& why) {
        return failure(Trouble::protocol, fmt::format("the provider's configuration at {} {}", url, why));
    };
    for (auto const& [name, value] :
         {std::pair("authorization_endpoint", provider.authorize), std::pair("token_endpoint", provider.token),
          std::pair("jwks_uri", provider.keys)})
        if (!is_callable(value))
            return wrong(fmt::format("has no https URL as {} (\"{}\")", name, printable(value, 128)));
    for (auto* const optional : {&provider.device_code, &provider.user_info})
        if (!optional->empty() && !is_callable(*optional)) optional->clear();

    // OpenID Connect Discovery 1.0 section 4.3: the issuer is what was asked. Entra's holds the tenant's id, or
    // {tenantid}, also where the domain was asked, so there host and ending must do.
    auto base = url.substr(0, url.size() - std::min(url.size(), well_known.size()));
    auto issuer = std::string_view(provider.issuer);
    bool const entra = base.ends_with("/v2.0") && issuer.ends_with("/v2.0") &&
                       origin(base) == origin(issuer.substr(0, issuer.find('{')));
    while (issuer.ends_with('/')) issuer.remove_suffix(1);
    if (issuer.empty() || (!entra && issuer != base))
        return wrong(fmt::format("is that of another issuer, \"{}\"", printable(provider.issuer, 128)));

    // OpenID Connect Core 1.0 section 11: offline_access is ignored where the prompt has no consent. Entra's prompt
    // takes one word, and needs none for that.
    provider.asks_consent = !base.ends_with("/v2.0");
    provider.entra = entra;

    // RFC 8414 section 2: client_secret_basic where nothing is said. A provider that takes both may hold a client to
    // the one that it was registered with, and lists first what it registers by default.
    bool in_body = false, in_header = false;
    if (auto const* const methods = document->if_contains("token_endpoint_auth_methods_supported");
        methods && methods->is_array())
        for (auto const& method : methods->get_array()) {
            if (!method.is_string()) continue;
            in_body = in_body || (!in_header && method.get_string() == "client_secret_post");
            in_header = in_header || (!in_body && method.get_string() == "client_secret_basic");
        }
    provider.secret_in_header = !in_body;

    // Entra names none and takes both.
    if (auto const* const algorithms = document->if_contains("token_endpoint_auth_signing_alg_values_supported");
        algorithms && algorithms->is_array() && !algorithms->get_array().empty() &&
        std::ranges::none_of(algorithms->get_array(), [](json::value const& one) { return one == "PS256"; }))
        provider.assertion_algorithm = "RS256";
    return provider;
}

net::awaitable<Result<Provider>> discover(net::Https& https, std::string authority)
{
    std::string tried;
    bool busy = false;
    std::optional<Error> unread;
    for (auto const& url : configuration_urls(authority)) {
        net::HttpsCall request;
        request.url = url;
        request.headers.emplace_back("Accept", "application/json");
        request.limit = discovery_limit;
        auto const answer = co_await https.call(std::move(request));
        if (answer.status == 200) {
            auto provider = read_configuration(answer.body, url);
            if (provider) co_return provider;
            // Some sites have their front page for whatever they don't know, so that the next one may be the right one.
            unread = provider.error();
            continue;
        }
        busy = busy || answer.status == 429 || answer.status >= 500;
        tried += fmt::format("{}{}: HTTP {}", tried.empty() ? "" : "; ", url, answer.status);
        // Entra explains: no such tenant in this cloud, say.
        if (auto const why = parse_object(answer.body, ""); why)
            if (auto const words = text_member(*why, "error_description"); !words.empty())
                tried += " " + printable(words, 300);
    }
    if (unread) co_return std::unexpected(*unread);
    if (busy)
        co_return failure(
            Trouble::unreachable,
            fmt::format("the identity provider {} is in trouble; try again later ({})", authority, tried));
    co_return failure(Trouble::protocol, "no OpenID provider is configured at " + authority + " (" + tried + ")");
}

}  // namespace postroom::oauth
