#include "oauth/token-call.hpp"

#include "base/text.hpp"
#include "net/http-server.hpp"

namespace postroom::oauth {

namespace {

void separate(Wire& form)
{
    if (!form.empty()) form.text("&");
}

}  // namespace

void add_field(Wire& form, std::string_view name, std::string_view value)
{
    separate(form);
    form.text(name).text("=").text(net::percent_encode(value));
}

void add_secret_field(Wire& form, std::string_view name, std::string_view value)
{
    separate(form);
    auto encoded = net::percent_encode(value);
    form.text(name).text("=").secret(encoded);
    wipe(encoded);
}

void prove_client(net::HttpsCall& request, Provider const& provider, Client const& client)
{
    auto& form = request.body;
    add_field(form, "client_id", client.id);
    if (client.certificate) {
        auto const assertion = client_assertion(*client.certificate, provider.assertion_algorithm, client.id,
                                                provider.token, client.clock->now());
        add_field(form, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        add_secret_field(form, "client_assertion", assertion.expose());
    } else if (!client.secret.empty() && provider.secret_in_header) {
        // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
        auto const joined = net::percent_encode(client.id) + ":" + net::percent_encode(client.secret.expose());
        request.headers.emplace_back("Authorization", "Basic " + to_base64(joined));
    } else if (!client.secret.empty()) {
        add_secret_field(form, "client_secret", client.secret.expose());
    }
}

net::awaitable<std::expected<TokenAnswer, ProviderError>> ask_for_tokens(net::Https& https, Provider const& provider,
                                                                         Client const& client, Wire form)
{
    net::HttpsCall request;
    request.method = "POST";
    request.url = provider.token;
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.headers.emplace_back("Accept", "application/json");
    request.body = std::move(form);
    prove_client(request, provider, client);
    auto answer = co_await https.call(std::move(request));
    auto read = read_token_answer(answer.status, answer.headers, answer.body);
    wipe(answer.body);
    co_return read;
}

}  // namespace postroom::oauth
