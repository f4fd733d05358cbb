#include "oauth/token-call.hpp"

#include "base/text.hpp"
#include "net/http-server.hpp"

#include <algorithm>

namespace postroom::oauth {

namespace {

void separate(Wire& form)
{
    if (!form.empty()) form.text("&");
}

// Of which a beginning tells enough; a shorter one may be a word.
constexpr std::size_t most_compared = 16;
constexpr std::size_t least_compared = 4;

void hide(std::string& text, std::string_view secret)
{
    auto const head = secret.substr(0, most_compared);
    if (head.size() < least_compared) return;
    constexpr std::string_view instead = "[secret]";
    for (auto at = text.find(head); at != text.npos; at = text.find(head, at + instead.size())) {
        auto const [ends, _] =
            std::mismatch(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), secret.begin(), secret.end());
        auto const size = static_cast<std::size_t>(ends - text.begin()) - at;
        text.replace(at, size, instead);
    }
    // Cut off in the midst of its beginning.
    for (auto size = std::min(head.size(), text.size()); size >= least_compared; --size)
        if (text.ends_with(head.substr(0, size))) {
            text.replace(text.size() - size, size, instead);
            break;
        }
}

}  // namespace

SentSecrets::SentSecrets(net::HttpsCall const& request, Client const& client)
{
    for (auto const& span : request.body.secrets()) {
        auto const encoded = request.body.bytes().substr(span.begin, span.size);
        secrets_.emplace_back(std::string(encoded));
        auto form = net::parse_form("secret=" + std::string(encoded));
        if (!form || form->empty()) continue;
        secrets_.emplace_back(std::move(form->begin()->second));
    }
    if (!client.secret.empty()) secrets_.push_back(client.secret);
}

void SentSecrets::hide_in(ProviderError& error) const
{
    for (auto* const text :
         {&error.error, &error.suberror, &error.description, &error.trace_id, &error.correlation_id, &error.timestamp})
        for (auto const& secret : secrets_) hide(*text, secret.expose());
}

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
    SentSecrets const sent(request, client);
    auto answer = co_await https.call(std::move(request));
    auto read = read_token_answer(answer.status, answer.headers, answer.body);
    wipe(answer.body);
    if (!read) sent.hide_in(read.error());
    co_return read;
}

}  // namespace postroom::oauth
