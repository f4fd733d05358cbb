// /oauth2/v2.0/token, and the two endpoints that say what a token is worth.
#include "base/text.hpp"
#include "lab/client-assertion.hpp"
#include "lab/identity-provider.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <openssl/sha.h>

#include <algorithm>
#include <random>

namespace postroom::lab {

namespace json = boost::json;

namespace {

constexpr std::string_view json_type = "application/json; charset=utf-8";

std::string value_of(std::multimap<std::string, std::string> const& form, std::string const& name)
{
    auto const found = form.find(name);
    return found == form.end() ? std::string() : found->second;
}

EntraError missing(std::string_view parameter)
{
    return {400,
            "invalid_request",
            900144,
            "The request body must contain the following parameter: '" + std::string(parameter) + "'.",
            {}};
}

std::string sha256_base64url(std::string_view text)
{
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    SHA256(reinterpret_cast<unsigned char const*>(text.data()), text.size(),
           reinterpret_cast<unsigned char*>(digest.data()));
    return to_base64url(digest);
}

std::string string_at(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

net::HttpResponse json_response(json::object const& body, net::http::status status = net::http::status::ok)
{
    return {
        status, {{"content-type", std::string(json_type)}, {"cache-control", "no-store"}}, json::serialize(body), {}};
}

// "700027", or "99999 invalid_client"
bool is_of_client(std::string_view value)
{
    auto const space = value.find(' ');
    if (space != value.npos) return value.substr(space + 1) == "invalid_client";
    return value.starts_with("70002") || value == "50012" || value == "50027" || value == "5002730";
}

// Number, error value and status are documented; the sentence is invented.
EntraError refusal_with(std::string_view value)
{
    auto const space = value.find(' ');
    auto const number = value.substr(0, space);
    auto const code = static_cast<unsigned>(to_number(number, 0));
    bool const of_client = is_of_client(value);
    bool const of_application = code == 700016 || code == 7000112;
    auto const* const usual = of_client ? "invalid_client" : of_application ? "unauthorized_client" : "invalid_grant";
    return {of_client ? 401U : 400U,
            space == value.npos ? std::string(usual) : std::string(value.substr(space + 1)),
            code,
            "The request is refused.",
            {}};
}

std::string_view bearer(net::HttpRequest const& request)
{
    auto const header = request.header("authorization");
    return starts_ignoring_case(header, "Bearer ") ? trim(header.substr(7)) : std::string_view();
}

}  // namespace

std::string make_refresh_token(State const& state, std::string_view client_id, User const& user, std::string_view scope)
{
    return state.keys.seal({{"client", client_id},
                            {"user", user.object_id},
                            {"scope", scope},
                            {"at", to_seconds(state.clock.now())},
                            {"id", to_base64url(random_bytes(300))}});
}

net::HttpResponse IdentityProvider::refuse(EntraError const& error) const
{
    ++state_->counters.token_refusals;
    auto const worded = word(error, state_->clock.now());
    json::object body{{"error", error.error},
                      {"error_description", worded.text + "\r\nTrace ID: " + worded.trace_id + "\r\nCorrelation ID: " +
                                                worded.correlation_id + "\r\nTimestamp: " + worded.timestamp},
                      {"error_codes", json::array{error.code}},
                      {"timestamp", worded.timestamp},
                      {"trace_id", worded.trace_id},
                      {"correlation_id", worded.correlation_id},
                      {"error_uri", state_->base_url + "/error?code=" + std::to_string(error.code)}};
    if (!error.suberror.empty()) body["suberror"] = error.suberror;
    return json_response(body, static_cast<net::http::status>(error.status));
}

// An answer instead of any other, where a fault has taken the endpoint over; otherwise an error that means "go on".
Result<net::HttpResponse> IdentityProvider::busy(std::string_view who)
{
    auto& faults = state_->faults;
    auto const too_many = [this](std::string wait) {
        auto response = refuse({429,
                                "temporarily_unavailable",
                                90055,
                                "The server has terminated the request due to excessive request rate.",
                                {}});
        response.headers.emplace_back("retry-after", std::move(wait));  // invented: not documented for the sign-in host
        return response;
    };
    if (auto const wait = faults.take(Fault::token_busy, {who})) return too_many(*wait);
    if (auto const most = state_->settings.token_requests_a_second; most > 0) {
        auto const second = to_seconds(state_->clock.now());
        if (second != this_second_) asked_this_second_ = 0;
        this_second_ = second;
        if (++asked_this_second_ > most) {
            ++state_->counters.token_excess;
            return too_many("1");
        }
    }
    if (auto const wait = faults.take(Fault::token_unavailable, {who})) {
        auto response =
            refuse({503, "temporarily_unavailable", 90033, "A transient error has occurred. Please try again.", {}});
        response.headers.emplace_back("retry-after", *wait);
        return response;
    }
    if (auto const status = faults.take(Fault::token_html, {who}))
        return net::HttpResponse{
            static_cast<net::http::status>(std::clamp<std::int64_t>(to_number(*status, 200), 200, 599)),
            {{"content-type", "text/html"}},
            "<html><body><h1>Your internet access is blocked</h1></body></html>\n",
            {}};
    return failure(Trouble::not_found, "no such fault is on");
}

std::optional<EntraError> IdentityProvider::check_client(Application const* application, std::string_view client_id,
                                                         std::optional<std::string_view> secret)
{
    if (application == nullptr)
        return EntraError{
            400,
            "unauthorized_client",
            700016,
            "Application with identifier '" + printable(client_id, 64) + "' was not found in the directory 'Contoso'.",
            {}};
    if (application->public_client) {
        if (!secret) return std::nullopt;
        return EntraError{401,
                          "invalid_client",
                          700025,
                          "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
                          {}};
    }
    if (!secret)
        return EntraError{401,
                          "invalid_client",
                          7000218,
                          "The request body must contain the following parameter: 'client_assertion' or "
                          "'client_secret'.",
                          {}};
    auto const& id = application->client_id;
    EntraError expired{401,
                       "invalid_client",
                       7000222,
                       "The provided client secret keys for app '" + id +
                           "' are expired. Visit the Azure portal to create new keys for your app.",
                       {}};
    if (state_->faults.take(Fault::client_secret_expired, {id})) return expired;
    auto const found = std::ranges::find(application->secrets, *secret, &ClientSecret::value);
    if (found == application->secrets.end() || state_->faults.take(Fault::client_secret_wrong, {id}))
        return EntraError{401,
                          "invalid_client",
                          7000215,
                          "Invalid client secret provided. Ensure the secret being sent in the request is the client "
                          "secret value, not the client secret ID, for a secret added to app '" +
                              id + "'.",
                          {}};
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
        return EntraError{401, "invalid_client", code, std::move(words), {}};
    };
    switch (verdict) {
        case Assertion::good: return std::nullopt;
        case Assertion::unknown_key:
            return refused(700027,
                           "Client assertion contains an invalid signature. [Reason - The key was not found., "
                           "Thumbprint of key used by client: 'unknown']");
        case Assertion::bad_signature: return refused(700027, "Client assertion contains an invalid signature.");
        case Assertion::malformed:
        case Assertion::wrong_algorithm:
        case Assertion::not_for_us: return refused(50027, "Invalid JWT token.");  // the sentences are invented
        case Assertion::not_now: return refused(700024, "Client assertion is not within its valid time range.");
    }
    return std::nullopt;
}

net::HttpResponse IdentityProvider::token(std::string_view tenant, net::HttpRequest const& request)
{
    if (request.method != net::http::verb::post) {
        if (state_->faults.see(Fault::token_busy, {}) || state_->faults.see(Fault::token_unavailable, {}))
            if (auto response = busy({})) return std::move(*response);
        return refuse(
            {400, "invalid_request", 900561, "The endpoint only accepts POST requests. Received a GET request.", {}});
    }
    if (!state_->tenant.answers_to(tenant))
        return refuse({400,
                       "invalid_tenant",
                       90002,
                       "Tenant '" + printable(tenant, 64) +
                           "' not found. Check to make sure you have the correct tenant ID and are signing into the "
                           "correct cloud.",
                       {}});
    auto const form = net::parse_form(request.body);
    // A body of another type holds no parameters, and is answered as one without them.
    bool const typed = starts_ignoring_case(request.header("content-type"), "application/x-www-form-urlencoded");
    if (!form || !typed || !form->contains("grant_type")) return refuse(missing("grant_type"));

    auto client_id = value_of(*form, "client_id");
    auto const posted = form->find("client_secret");
    std::optional<std::string> secret;
    if (posted != form->end()) secret = posted->second;
    if (auto const header = request.header("authorization"); starts_ignoring_case(header, "Basic ")) {
        // RFC 6749 section 2.3.1: both halves are form-encoded first.
        auto const text = from_base64(trim(header.substr(6))).value_or("");
        auto const halves = net::parse_form("id=" + text.substr(0, text.find(':')) +
                                            "&secret=" + text.substr(std::min(text.find(':'), text.size() - 1) + 1));
        if (halves && text.find(':') != std::string::npos) {
            client_id = value_of(*halves, "id");
            secret = value_of(*halves, "secret");
        }
    }
    if (client_id.empty()) return refuse(missing("client_id"));
    if (auto response = busy(client_id)) return std::move(*response);
    auto const* const application = state_->tenant.application(client_id);
    auto const assertion = form->find("client_assertion");
    if (assertion != form->end() && application != nullptr && !application->public_client) {
        if (auto const error = check_assertion(*application, assertion->second)) return refuse(*error);
    } else if (auto const error = check_client(application, client_id,
                                               assertion != form->end() ? std::optional(assertion->second) : secret)) {
        return refuse(*error);
    }

    auto const grant_type = value_of(*form, "grant_type");
    // What is wrong with the client comes first; what is with a grant, where a refresh token is looked at.
    bool const of_client =
        grant_type != "refresh_token" ||
        is_of_client(state_->faults.see(Fault::token_refused, {application->client_id}).value_or(""));
    if (of_client)
        if (auto const number = state_->faults.take(Fault::token_refused, {application->client_id}))
            return refuse(refusal_with(*number));
    if (grant_type == "authorization_code") return redeem(*application, tenant, *form);
    if (grant_type == "refresh_token") return refresh(*application, *form);
    // The second is what it was called before RFC 8628, and what MSAL still says.
    if (grant_type == "urn:ietf:params:oauth:grant-type:device_code" || grant_type == "device_code")
        return redeem_device(*application, *form);
    if (grant_type == "client_credentials") return grant_application(*application, *form);
    return refuse({400,
                   "unsupported_grant_type",
                   70003,
                   "The app requested an unsupported grant type '" + printable(grant_type, 64) + "'.",
                   {}});
}

net::HttpResponse IdentityProvider::redeem(Application const& application, std::string_view tenant, Form const& form)
{
    for (auto const* const needed : {"code", "redirect_uri"})
        if (value_of(form, needed).empty()) return refuse(missing(needed));
    auto const found = codes_.find(value_of(form, "code"));
    if (found == codes_.end())
        return refuse({400, "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.", {}});
    auto& code = found->second;
    auto const grant = [this](unsigned number, std::string words) {
        return refuse({400, "invalid_grant", number, std::move(words), {}});
    };
    if (code.redeemed)
        return grant(54005,
                     "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use "
                     "an existing refresh token.");
    if (code.expires <= state_->clock.now())
        return grant(70008,
                     "The provided authorization code or refresh token has expired due to inactivity. Send a "
                     "new interactive authorization request for this user and resource.");
    if (code.client_id != application.client_id)
        return grant(70000, "The provided value for the input parameter 'code' is not valid.");
    if (!equal_ignoring_case(code.tenant, tenant))
        return grant(700005, "The provided Authorization Code is intended to be used against another tenant.");
    if (code.redirect_uri != value_of(form, "redirect_uri"))
        return refuse({400,
                       "invalid_client",
                       50011,
                       "The redirect URI specified in the request does not match the one the authorization code was "
                       "issued for.",
                       {}});
    if (!code.challenge.empty()) {
        auto const verifier = value_of(form, "code_verifier");
        auto const shown = code.challenge_method == "S256" ? sha256_base64url(verifier) : verifier;
        if (shown != code.challenge)
            return grant(501481,
                         "The Code_Verifier does not match the code_challenge supplied in the authorization "
                         "request.");
    } else if (application.public_client) {
        return grant(9002313, "Invalid request. Request is malformed or invalid.");
    }
    auto const* const user = state_->tenant.user_by_id(code.user_id);
    if (user == nullptr) return grant(50034, "The user account does not exist in the directory.");
    auto const asked = value_of(form, "scope");
    code.redeemed = true;
    ++state_->counters.codes;
    return issue(application, *user, asked.empty() ? code.scope : asked, code.scope, code.nonce,
                 read_scopes(code.scope).offline);
}

net::HttpResponse IdentityProvider::refresh(Application const& application, Form const& form)
{
    auto const given = value_of(form, "refresh_token");
    if (given.empty()) return refuse(missing("refresh_token"));
    auto const grant = [this](unsigned number, std::string words, std::string suberror = {}) {
        return refuse({400, "invalid_grant", number, std::move(words), std::move(suberror)});
    };
    auto const content = state_->keys.unseal(given);
    if (!content) return grant(9002313, "Invalid request. Request is malformed or invalid.");
    if (string_at(*content, "client") != application.client_id)
        return grant(70000, "The provided value for the input parameter 'refresh_token' is not valid.");
    auto const* const user = state_->tenant.user_by_id(string_at(*content, "user"));
    if (user == nullptr) return grant(50034, "The user account does not exist in the directory.");
    auto const* const at = content->if_contains("at");
    Instant const issued{std::chrono::seconds(at != nullptr && at->is_int64() ? at->get_int64() : 0)};
    auto const issued_text = to_rfc3339(issued);
    auto const take = [&](Fault which) {
        return state_->faults.take(which, {user->upn, application.client_id}).has_value();
    };
    // Bodies quoted in issues. Ninety days without use, and it is gone; each use gives a new one.
    if (take(Fault::refresh_inactive) || issued + std::chrono::days(90) <= state_->clock.now())
        return grant(700082,
                     "The refresh token has expired due to inactivity. The token was issued on " + issued_text +
                         " and was inactive for 90.00:00:00.",
                     "bad_token");
    if (take(Fault::refresh_revoked) || issued < user->tokens_valid_from)
        return grant(50173,
                     "The provided grant has expired due to it being revoked, a fresh auth token is needed. The "
                     "user might have changed or reset their password. The grant was issued on '" +
                         issued_text +
                         "' and the TokensValidFrom date (before which tokens are not valid) for this user is '" +
                         to_rfc3339(std::max(user->tokens_valid_from, issued)) + "'.",
                     "bad_token");
    if (auto const number = state_->faults.take(Fault::token_refused, {user->upn, application.client_id}))
        return refuse(refusal_with(*number));
    if (take(Fault::refresh_sign_in_frequency))
        return grant(70043,
                     "The refresh token has expired or is invalid due to sign-in frequency checks by conditional "
                     "access. The token was issued on " +
                         issued_text +
                         " and the maximum allowed lifetime for "
                         "this request is 86400.",
                     "token_expired");
    if (!user->enabled) return grant(50057, "The user account is disabled.");
    if (!application.admin_consent && !application.consented.contains(user->object_id))
        return grant(65001,
                     "The user or administrator has not consented to use the application with ID '" +
                         application.client_id + "' named '" + application.name + "'.",
                     "consent_required");
    if (spent_refresh_tokens_.contains(given))
        return grant(70000, "The provided value for the input parameter 'refresh_token' is not valid.");
    if (state_->settings.old_refresh_token_stays == 0 && spent_refresh_tokens_.size() < 100'000)
        spent_refresh_tokens_.insert(given);
    ++state_->counters.refreshes;
    ++state_->counters.refreshes_by_user[user->upn];
    auto const granted = string_at(*content, "scope");
    auto const asked = value_of(form, "scope");
    return issue(application, *user, asked.empty() ? granted : asked, granted, {},
                 state_->settings.refresh_token_rotates != 0);
}

std::string IdentityProvider::access_token(Application const& application, User const& user,
                                           std::string const& resource, std::string const& scopes, Instant now,
                                           std::int64_t life) const
{
    auto const issued = to_seconds(now);
    // Exchange's tokens are of version 1.0; the issuer of real ones is https://sts.windows.net/{tid}/.
    json::object claims{{"aud", resource},
                        {"iss", state_->base_url + '/' + state_->tenant.id + '/'},
                        {"iat", issued},
                        {"nbf", issued},
                        {"exp", issued + life},
                        {"acr", "1"},
                        {"amr", json::array{"pwd"}},
                        {"app_displayname", application.name},
                        {"appid", application.client_id},
                        {"appidacr", application.public_client ? "0" : "1"},
                        {"ipaddr", "127.0.0.1"},
                        {"name", user.name},
                        {"oid", user.object_id},
                        {"scp", scopes},
                        {"sub", to_base64url(user.object_id + application.client_id).substr(0, 43)},
                        {"tid", state_->tenant.id},
                        {"unique_name", user.upn},
                        {"upn", user.upn},
                        {"uti", to_base64url(random_bytes(16))},
                        {"ver", "1.0"}};
    say_otherwise(claims, {user.upn, application.client_id});
    return pad(std::move(claims));
}

void IdentityProvider::say_otherwise(json::object& claims, std::initializer_list<std::string_view> who) const
{
    auto const said = state_->faults.take(Fault::token_claims, who);
    if (!said) return;
    boost::system::error_code error;
    auto const others = json::parse(*said, error);
    if (error || !others.is_object()) return;
    for (auto const& [name, value] : others.get_object()) claims[name] = value;
}

std::string IdentityProvider::pad(json::object claims) const
{
    auto token = state_->keys.sign(claims);
    auto const wanted =
        static_cast<std::size_t>(std::clamp<std::int64_t>(state_->settings.access_token_bytes, 0, 65'536));
    if (token.size() < wanted) {
        // Base64 makes four characters of three; the claim's own name takes the rest. (invented)
        auto const more = (wanted - token.size()) * 3 / 4;
        claims["xms_lab_padding"] = std::string(more > 21 ? more - 21 : more, 'x');
        token = state_->keys.sign(claims);
    }
    return token;
}

// A token without the roles is issued all the same, and refused by the mail servers (Microsoft, client credentials).
net::HttpResponse IdentityProvider::grant_application(Application const& application, Form const& form)
{
    auto const scope = value_of(form, "scope");
    auto const scopes = read_scopes(scope);
    if (scopes.names != std::vector<std::string>{".default"})
        return refuse({400,
                       "invalid_scope",
                       70011,
                       "The provided request must include a 'scope' input parameter. The provided value for the input "
                       "parameter 'scope' is not valid. The scope '" +
                           printable(scope, 300) + "' is not valid.",
                       {}});
    auto const now = state_->clock.now();
    auto const life = state_->settings.access_token_life_s > 0 ? state_->settings.access_token_life_s : 3'600;
    json::object claims{{"aud", scopes.resource},
                        {"iss", state_->base_url + '/' + state_->tenant.id + '/'},
                        {"iat", to_seconds(now)},
                        {"nbf", to_seconds(now)},
                        {"exp", to_seconds(now) + life},
                        {"app_displayname", application.name},
                        {"appid", application.client_id},
                        {"appidacr", application.certificates.empty() ? "1" : "2"},
                        {"idtyp", "app"},
                        {"oid", application.enterprise_object_id()},
                        {"sub", application.enterprise_object_id()},
                        {"tid", state_->tenant.id},
                        {"uti", to_base64url(random_bytes(16))},
                        {"ver", "1.0"}};
    if (!application.app_roles.empty())
        claims["roles"] = json::array(application.app_roles.begin(), application.app_roles.end());
    say_otherwise(claims, {application.client_id});
    return json_response({{"token_type", "Bearer"},
                          {"expires_in", life - 1},
                          {"ext_expires_in", life - 1},
                          {"access_token", pad(std::move(claims))}});
}

net::HttpResponse IdentityProvider::issue(Application const& application, User const& user, std::string const& scope,
                                          std::string const& granted, std::string const& nonce, bool with_refresh_token)
{
    auto scopes = read_scopes(scope);
    auto const allowed = read_scopes(granted);
    if (scopes.several_resources)
        return refuse({400,
                       "invalid_scope",
                       70011,
                       "The provided request must include a 'scope' input parameter. The provided value for the input "
                       "parameter 'scope' is not valid. The scope '" +
                           printable(scope, 300) + "' is not valid: it names more than one resource.",
                       {}});
    if (scopes.names == std::vector<std::string>{".default"}) scopes.names = allowed.names;
    for (auto const& name : scopes.names)
        if (std::ranges::find(allowed.names, name) == allowed.names.end())
            return refuse({400, "invalid_grant", 65001,
                           "The user or administrator has not consented to use the application with ID '" +
                               application.client_id + "' named '" + application.name +
                               "'. Send an interactive authorization request for this user and resource.",
                           "consent_required"});
    auto const now = state_->clock.now();
    // Between 60 and 90 minutes at random (Microsoft, access tokens).
    std::int64_t life = state_->settings.access_token_life_s;
    if (life <= 0) life = 3'600 + static_cast<std::int64_t>(std::random_device{}() % 1'800);
    if (auto const shorter = state_->faults.take(Fault::token_short_life, {user.upn, application.client_id}))
        life = std::max<std::int64_t>(1, to_number(*shorter, 600));
    auto const resource = scopes.resource.empty() ? std::string("https://graph.microsoft.com") : scopes.resource;
    if (auto const lacks = state_->faults.take(Fault::token_lacks_scope, {user.upn, application.client_id})) {
        std::erase(scopes.names, *lacks);
        std::erase_if(scopes.full, [&](auto const& each) { return each.ends_with(*lacks); });
    }
    std::string names, full;
    for (auto const& name : scopes.names) names += (names.empty() ? "" : " ") + name;
    for (auto const& name : scopes.full) full += (full.empty() ? "" : " ") + name;

    json::object body{{"token_type", "Bearer"},
                      {"scope", full},
                      {"expires_in", life - 1},
                      {"ext_expires_in", life - 1},
                      {"access_token", access_token(application, user, resource, names, now, life)}};
    if (with_refresh_token) body["refresh_token"] = make_refresh_token(*state_, application.client_id, user, granted);
    if (allowed.openid) {
        json::object claims{{"aud", application.client_id},
                            {"iss", state_->base_url + '/' + state_->tenant.id + "/v2.0"},
                            {"iat", to_seconds(now)},
                            {"nbf", to_seconds(now)},
                            {"exp", to_seconds(now) + 3'600},
                            {"name", user.name},
                            {"email", user.upn},
                            {"oid", user.object_id},
                            {"preferred_username", user.upn},
                            {"sub", to_base64url(user.object_id + application.client_id).substr(0, 43)},
                            {"tid", state_->tenant.id},
                            {"ver", "2.0"}};
        if (!nonce.empty()) claims["nonce"] = nonce;
        body["id_token"] = state_->keys.sign(claims);
    }
    return json_response(body);
}

// invented: Entra has no introspection (RFC 7662). Dovecot asks here in the tests.
net::HttpResponse IdentityProvider::introspect(net::HttpRequest const& request) const
{
    auto const form = net::parse_form(request.body);
    std::string token(bearer(request));
    if (form && form->contains("token")) token = value_of(*form, "token");
    if (auto const given = request.parameter("token")) token = *given;
    auto const read = read_access_token(state_->keys, token, state_->clock.now());
    if (!read || !read->is_for_exchange()) return json_response({{"active", false}});
    return json_response({{"active", true},
                          {"username", read->upn},
                          {"email", read->upn},
                          {"upn", read->upn},
                          {"sub", read->object_id},
                          {"aud", read->audience},
                          {"scope", read->scopes},
                          {"token_type", "Bearer"},
                          {"exp", to_seconds(read->expires)}});
}

net::HttpResponse IdentityProvider::user_info(net::HttpRequest const& request) const
{
    auto const read = read_access_token(state_->keys, bearer(request), state_->clock.now());
    auto* const user = read ? state_->tenant.user(read->upn) : nullptr;
    if (user == nullptr) return json_response({{"error", "invalid_token"}}, net::http::status::unauthorized);
    return json_response(
        {{"sub", user->object_id}, {"name", user->name}, {"email", user->upn}, {"preferred_username", user->upn}});
}

}  // namespace postroom::lab
