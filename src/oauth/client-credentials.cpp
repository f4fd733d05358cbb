#include "oauth/client-credentials.hpp"

namespace postroom::oauth {

net::awaitable<std::expected<TokenAnswer, ProviderError>> ask_as_application(net::Https& https,
                                                                             Provider const& provider,
                                                                             Client const& client, std::string scope)
{
    Wire form;
    add_field(form, "grant_type", "client_credentials");
    add_field(form, "scope", scope);
    auto answer = co_await ask_for_tokens(https, provider, client, std::move(form));
    co_return answer;
}

}  // namespace postroom::oauth
