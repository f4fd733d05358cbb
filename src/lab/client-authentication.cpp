// Whether a client is who it says: a secret, posted or in a header, or an assertion that its certificate signed.
#include "base/text.hpp"
#include "lab/answers.hpp"
#include "lab/client-assertion.hpp"
#include "lab/identity-provider.hpp"

#include <algorithm>

namespace postroom::lab {

PresentedClient read_client(net::HttpRequest const& request, std::multimap<std::string, std::string> const& form)
{
    PresentedClient client{value_of(form, "client_id"), {}, {}};
    if (auto const posted = form.find("client_secret"); posted != form.end()) client.secret = posted->second;
    if (auto const posted = form.find("client_assertion"); posted != form.end()) client.assertion = posted->second;
    if (auto const header = request.header("authorization"); starts_ignoring_case(header, "Basic ")) {
        // RFC 6749 section 2.3.1: both halves are form-encoded first.
        auto const text = from_base64(trim(header.substr(6))).value_or("");
        auto const colon = text.find(':');
        if (colon == std::string::npos) return client;
        auto const halves = net::parse_form("id=" + text.substr(0, colon) + "&secret=" + text.substr(colon + 1));
        if (!halves) return client;
        client.id = value_of(*halves, "id");
        client.secret = value_of(*halves, "secret");
    }
    return client;
}

std::optional<EntraError> IdentityProvider::check_client(Application const* application, PresentedClient const& client)
{
    if (application == nullptr) return unknown_application(client.id);
    if (client.assertion && !application->public_client) return check_assertion(*application, *client.assertion);
    auto const& secret = client.secret;
    if (application->public_client) {
        if (!secret && !client.assertion) return std::nullopt;
        return EntraError{401, "invalid_client", 700025,
                          "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."};
    }
    if (!secret)
        return EntraError{401, "invalid_client", 7000218,
                          "The request body must contain the following parameter: 'client_assertion' or "
                          "'client_secret'."};
    auto const& id = application->client_id;
    EntraError expired{401, "invalid_client", 7000222,
                       "The provided client secret keys for app '" + id +
                           "' are expired. Visit the Azure portal to create new keys for your app."};
    if (state_->faults.take(Fault::client_secret_expired, {id})) return expired;
    auto const found = std::ranges::find(application->secrets, *secret, &ClientSecret::value);
    if (found == application->secrets.end() || state_->faults.take(Fault::client_secret_wrong, {id}))
        return EntraError{401, "invalid_client", 7000215,
                          "Invalid client secret provided. Ensure the secret being sent in the request is the client "
                          "secret value, not the client secret ID, for a secret added to app '" +
                              id + "'."};
    if (found->expires && *found->expires <= state_->clock.now()) return expired;
    return std::nullopt;
}

std::optional<EntraError> IdentityProvider::check_assertion(Application const& application, std::string_view assertion)
{
    auto const at = state_->base_url + '/' + state_->tenant.id + "/oauth2/v2.0/token";
    auto const by_domain = state_->base_url + '/' + state_->tenant.domain + "/oauth2/v2.0/token";
    auto verdict = Assertion::malformed;
    for (auto const& audience : {at, by_domain}) {
        verdict =
            judge_assertion(assertion, application.certificates, application.client_id, audience, state_->clock.now());
        if (verdict != Assertion::not_for_us) break;
    }
    auto const refused = [](unsigned code, std::string words) {
        return EntraError{401, "invalid_client", code, std::move(words)};
    };
    // The sentences without a reason in brackets are invented.
    switch (verdict) {
        case Assertion::good: return std::nullopt;
        case Assertion::unknown_key:
            return refused(700027,
                           "Client assertion contains an invalid signature. [Reason - The key was not found., "
                           "Thumbprint of key used by client: 'unknown']");
        case Assertion::bad_signature: return refused(700027, "Client assertion contains an invalid signature.");
        case Assertion::malformed: return EntraError{400, "invalid_request", 50027, "Invalid JWT token."};
        case Assertion::wrong_algorithm: return refused(5002730, "Invalid JWT token.");
        case Assertion::not_for_us: return refused(50012, "Authentication failed.");
        case Assertion::not_now: return refused(700024, "Client assertion is not within its valid time range.");
    }
    return std::nullopt;
}

}  // namespace postroom::lab
