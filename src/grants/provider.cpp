#include "grants/provider.hpp"

#include <fmt/format.h>

namespace postroom::grants {

Result<std::vector<std::string>> scopes_of(model::Application const& application, model::Protocol retrieval)
{
    auto const cloud = oauth::cloud_named(application.cloud);
    if (!cloud) return std::unexpected(cloud.error());
    if (!application.scopes.empty()) return application.scopes;
    return oauth::mail_scopes(*cloud,
                              retrieval == model::Protocol::pop3 ? oauth::Retrieval::pop3 : oauth::Retrieval::imap);
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
        co_return failure(broken.kind(),
                          fmt::format("the identity provider {} can't be reached: {}", *authority, broken.what()));
    }
}

}  // namespace postroom::grants
