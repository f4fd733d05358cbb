#include "grants/provider.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace postroom::grants {

Result<std::vector<std::string>> scopes_of(model::Application const& application, model::Protocol retrieval,
                                           oauth::Provider const& provider)
{
    auto const cloud = oauth::cloud_named(application.cloud);
    if (!cloud) return std::unexpected(cloud.error());
    if (!application.scopes.empty()) return application.scopes;
    if (!provider.entra) return std::vector<std::string>{"openid", "profile", "email", "offline_access"};
    return oauth::mail_scopes(*cloud,
                              retrieval == model::Protocol::pop3 ? oauth::Retrieval::pop3 : oauth::Retrieval::imap);
}

Result<std::string> own_scope_of(model::Application const& application, oauth::Provider const& provider)
{
    auto const cloud = oauth::cloud_named(application.cloud);
    if (!cloud) return std::unexpected(cloud.error());
    if (!application.scopes.empty()) return fmt::format("{}", fmt::join(application.scopes, " "));
    if (provider.entra) return cloud->application_scope;
    return failure(Trouble::invalid,
                   fmt::format("what the identity application {} asks for as itself is known for Entra only: set its "
                               "scopes as its provider's documentation says",
                               application.name));
}

Result<std::string> authority_of(model::Application const& application)
{
    auto const cloud = oauth::cloud_named(application.cloud);
    if (!cloud) return std::unexpected(cloud.error());
    return oauth::authority_url(*cloud, application.tenant, application.authority);
}

net::awaitable<Result<oauth::Provider>> find_provider(Ground ground, model::Application application)
{
    auto const authority = authority_of(application);
    if (!authority) co_return std::unexpected(authority.error());
    try {
        auto found = co_await oauth::discover(*ground.https, *authority);
        co_return found;
    } catch (net::Broken const& broken) {
        // To whoever asked us, a limit would be one of what they sent.
        auto const kind = broken.kind() == Trouble::limit ? Trouble::protocol : broken.kind();
        co_return failure(kind,
                          fmt::format("the identity provider {} can't be reached: {}", *authority, broken.what()));
    }
}

}  // namespace postroom::grants
