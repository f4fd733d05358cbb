#include "grants/credentials.hpp"

#include "base/readable-time.hpp"
#include "base/text.hpp"
#include "grants/places.hpp"
#include "oauth/client-certificate.hpp"
#include "store/applications.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace postroom::grants {

using namespace std::chrono_literals;

namespace {

constexpr Duration noted_again = 1h;  // that a credential was taken: not with every renewal

Result<oauth::Client> client_with(Ground const& ground, model::Application const& application,
                                  model::Credential const& credential)
{
    oauth::Client client{.id = application.client_id, .clock = ground.clock};
    auto value = ground.vault->unseal(credential.value, place_of_credential(credential.id));
    if (!value) return std::unexpected(value.error());
    if (credential.kind == model::CredentialKind::secret) {
        client.secret = std::move(*value);
        return client;
    }
    auto certificate = oauth::read_client_certificate(*value);
    if (!certificate) return std::unexpected(certificate.error());
    client.certificate = std::make_shared<oauth::ClientCertificate const>(std::move(*certificate));
    return client;
}

net::awaitable<void> remember(Ground ground, model::Credential credential, std::optional<std::string> refusal)
{
    auto const now = ground.clock->now();
    bool const known =
        !refusal && !credential.refused && credential.accepted && now - *credential.accepted < noted_again;
    if (known) co_return;
    co_await ground.store->write(
        [&](store::Connection& c) { store::judge_credential(c, credential.id, refusal, now); });
}

}  // namespace

Result<model::Credential> make_secret(Ground const& ground, model::Application const& application, Secret const& secret,
                                      std::optional<Instant> ends)
{
    if (secret.empty()) return failure(Trouble::invalid, "the client secret is empty");
    // AADSTS7000215 is what comes of it.
    if (application.cloud != "custom" && parse_uuid(secret.expose()))
        return failure(
            Trouble::invalid,
            "this is a client secret's id, and not its value. The portal shows the value only once, when the "
            "secret is made: make another one there, and copy its value");
    model::Credential credential{.id = model::CredentialId::make(), .application = application.id, .ends = ends};
    credential.created = ground.clock->now();
    credential.value = ground.vault->seal(secret, place_of_credential(credential.id));
    return credential;
}

Result<model::Credential> make_certificate(Ground const& ground, model::Application const& application,
                                           Secret const& pem)
{
    auto const certificate = oauth::read_client_certificate(pem);
    if (!certificate) return std::unexpected(certificate.error());
    auto const now = ground.clock->now();
    if (certificate->ends <= now)
        return failure(Trouble::invalid,
                       fmt::format("the certificate ran out at {}: make a new one", to_readable(certificate->ends)));
    model::Credential credential{.id = model::CredentialId::make(),
                                 .application = application.id,
                                 .kind = model::CredentialKind::certificate,
                                 .subject = certificate->subject,
                                 .thumbprint = to_hex(certificate->thumbprint),
                                 .ends = certificate->ends,
                                 .created = now};
    credential.value = ground.vault->seal(pem, place_of_credential(credential.id));
    return credential;
}

net::awaitable<Answered> ask_as(Ground ground, model::Application application, Ask ask)
{
    auto const credentials =
        co_await ground.store->read([&](store::Connection& c) { return store::credentials_of(c, application.id); });
    if (credentials.empty()) {
        oauth::Client const nobody{.id = application.client_id, .clock = ground.clock};
        auto answer = co_await ask(nobody);
        co_return answer;
    }
    Answered answer = std::unexpected(oauth::ProviderError{});
    for (auto const& credential : credentials) {
        auto client = client_with(ground, application, credential);
        if (!client) {
            answer = std::unexpected(oauth::ProviderError{.description = client.error().message});
            continue;
        }
        answer = co_await ask(std::move(*client));
        bool const refused = !answer && answer.error().error == "invalid_client";
        // What else went wrong says nothing of the credential.
        if (answer || refused) {
            auto const words = refused ? std::optional(answer.error().message()) : std::nullopt;
            co_await remember(ground, credential, words);
        }
        if (!refused) co_return answer;
        spdlog::warn("identity application {}: the provider refused the {} of {}: {}", application.name,
                     to_string(credential.kind), to_readable(credential.created), answer.error().message());
    }
    co_return answer;
}

}  // namespace postroom::grants
