// Where an application's identity provider is: the one place that builds an authority's URLs.
#pragma once

#include "net/https.hpp"
#include "oauth/clouds.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace postroom::oauth {

/// Whether it is a URL with a host that calls and browsers may be sent to: https; http to this machine, which
/// net::Https lets pass for tests.
[[nodiscard]] bool is_callable(std::string_view url);

/// The URL under which a provider is configured, without a slash at its end: https://login.microsoftonline.com/TENANT,
/// or `custom` for the cloud of that name (https://localhost:8444/TENANT, or the issuer of any OpenID provider).
/// Errors: Trouble::invalid, with what is missing.
[[nodiscard]] Result<std::string> authority_url(Cloud const& cloud, std::string_view tenant, std::string_view custom);

/// Where its configuration may be, in the order to try: Entra's is under /v2.0, an OpenID provider's directly under
/// the issuer (OpenID Connect Discovery 1.0 section 4).
[[nodiscard]] std::vector<std::string> configuration_urls(std::string_view authority);

/// An identity provider's endpoints, as its configuration gives them.
struct Provider {
    std::string issuer;  ///< Entra's may hold {tenantid}
    std::string authorize;
    std::string token;
    std::string keys;
    std::string user_info;                      ///< empty where there is none
    std::string device_code;                    ///< empty where there is none
    bool secret_in_header = false;              ///< takes client secrets by HTTP Basic only, or names that first
    std::string assertion_algorithm = "PS256";  ///< for a client's certificate; RS256 where PS256 is not taken
    bool asks_consent = false;  ///< gives offline access only to a sign-in that asks for consent; Entra's does not
    bool entra = false;         ///< Entra, or made like it: it knows Microsoft's mail scopes
};

/// `url` is where `body` came from. Errors: Trouble::protocol where an endpoint is missing or is not https, or where
/// the issuer is not the authority's.
[[nodiscard]] Result<Provider> read_configuration(std::string_view body, std::string_view url);

/// Errors: as read_configuration(), of the last URL that gave something else; Trouble::protocol with every URL where
/// none has any, Trouble::unreachable where one said that it is in trouble itself. Throws net::Broken.
[[nodiscard]] net::awaitable<Result<Provider>> discover(net::Https& https, std::string authority);

}  // namespace postroom::oauth
