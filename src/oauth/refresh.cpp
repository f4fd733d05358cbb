#include "oauth/refresh.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace postroom::oauth {

net::awaitable<std::expected<TokenAnswer, ProviderError>> refresh(net::Https& https, Provider const& provider,
                                                                  Client const& client, Secret refresh_token,
                                                                  std::vector<std::string> scopes)
{
    Wire form;
    add_field(form, "grant_type", "refresh_token");
    add_secret_field(form, "refresh_token", refresh_token.expose());
    if (!scopes.empty()) add_field(form, "scope", fmt::format("{}", fmt::join(scopes, " ")));
    auto answer = co_await ask_for_tokens(https, provider, client, std::move(form));
    co_return answer;
}

}  // namespace postroom::oauth
