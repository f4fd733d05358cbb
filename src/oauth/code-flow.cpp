#include "oauth/code-flow.hpp"

#include "base/text.hpp"
#include "net/http-server.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/sha.h>

namespace postroom::oauth {

namespace {

constexpr std::size_t random_size = 32;  // 43 characters in base64url, the least that RFC 7636 section 4.1 admits

}  // namespace

std::string code_challenge(std::string_view verifier)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<unsigned char const*>(verifier.data()), verifier.size(), digest);
    return to_base64url({reinterpret_cast<char const*>(digest), sizeof digest});
}

SignIn begin_sign_in(Provider const& provider, Ask const& ask)
{
    SignIn sign_in;
    sign_in.state = to_base64url(random_bytes(random_size));
    sign_in.nonce = to_base64url(random_bytes(random_size));
    sign_in.verifier = Secret(to_base64url(random_bytes(random_size)));
    sign_in.redirect_url = ask.redirect_url;
    Wire query;
    add_field(query, "client_id", ask.client_id);
    add_field(query, "response_type", "code");
    add_field(query, "response_mode", "query");
    add_field(query, "redirect_uri", ask.redirect_url);
    add_field(query, "scope", fmt::format("{}", fmt::join(ask.scopes, " ")));
    add_field(query, "state", sign_in.state);
    add_field(query, "nonce", sign_in.nonce);
    add_field(query, "code_challenge", code_challenge(sign_in.verifier.expose()));
    add_field(query, "code_challenge_method", "S256");
    add_field(query, "prompt", ask.prompt.empty() ? "login" : ask.prompt);
    // Entra takes no login_hint beside the account picker (Microsoft, "OpenID Connect on the identity platform").
    if (!ask.login_hint.empty() && ask.prompt != "select_account") add_field(query, "login_hint", ask.login_hint);
    bool const has_query = provider.authorize.find('?') != std::string::npos;
    sign_in.url = provider.authorize + (has_query ? "&" : "?") + std::string(query.bytes());
    return sign_in;
}

Result<Return> read_return(std::string_view query)
{
    auto const fields = net::parse_form(query);
    if (!fields) return std::unexpected(fields.error());
    auto const value = [&](char const* name) {
        auto const found = fields->find(name);
        return found == fields->end() ? std::string() : found->second;
    };
    for (char const* const name : {"state", "code", "error"})
        if (fields->count(name) > 1)  // RFC 6749 section 3.1
            return failure(Trouble::invalid, fmt::format("the return from the provider has {} twice", name));
    Return result;
    result.state = value("state");
    result.code = Secret(value("code"));
    if (result.state.empty())
        return failure(Trouble::invalid, "the return from the provider has no state; begin the sign-in again");
    auto const error = value("error");
    if (!error.empty() && !result.code.empty())
        return failure(Trouble::invalid, "the return from the provider has both a code and an error");
    if (!error.empty()) {
        result.error = describe_error(error, value("error_description"));
        result.error.suberror = value("error_subcode").substr(0, 128);
    } else if (result.code.empty()) {
        return failure(Trouble::invalid, "the return from the provider has neither a code nor an error");
    }
    return result;
}

net::awaitable<std::expected<TokenAnswer, ProviderError>> redeem(net::Https& https, Provider const& provider,
                                                                 Client const& client, Secret code, Secret verifier,
                                                                 std::string redirect_url)
{
    Wire form;
    add_field(form, "grant_type", "authorization_code");
    add_secret_field(form, "code", code.expose());
    add_field(form, "redirect_uri", redirect_url);
    add_secret_field(form, "code_verifier", verifier.expose());
    auto answer = co_await ask_for_tokens(https, provider, client, std::move(form));
    co_return answer;
}

}  // namespace postroom::oauth
