// /oauth2/v2.0/token: who asks, for which grant, and why not. What is issued then is in token-issue.cpp.
#include "base/text.hpp"
#include "lab/answers.hpp"
#include "lab/identity-provider.hpp"

#include <openssl/sha.h>

#include <algorithm>

namespace postroom::lab {

namespace json = boost::json;

namespace {

std::string sha256_base64url(std::string_view text)
{
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    SHA256(reinterpret_cast<unsigned char const*>(text.data()), text.size(),
           reinterpret_cast<unsigned char*>(digest.data()));
    return to_base64url(digest);
}

// They are about what an application may do by itself, and told to nobody else.
bool is_of_own_access(std::string_view value)
{
    auto const code = refusal_with(value).code;
    return code == 67003 || code == 501051;
}

}  // namespace

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

net::HttpResponse IdentityProvider::token(std::string_view tenant, net::HttpRequest const& request)
{
    if (request.method != net::http::verb::post) {
        if (state_->faults.see(Fault::token_busy, {}) || state_->faults.see(Fault::token_unavailable, {}))
            if (auto response = busy({})) return std::move(*response);
        return refuse(
            {400, "invalid_request", 900561, "The endpoint only accepts POST requests. Received a GET request.", {}});
    }
    if (!state_->tenant.answers_to(tenant)) return refuse(unknown_tenant(tenant));
    auto const form = net::parse_form(request.body);
    // A body of another type holds no parameters, and is answered as one without them.
    bool const typed = starts_ignoring_case(request.header("content-type"), "application/x-www-form-urlencoded");
    if (!form || !typed || !form->contains("grant_type")) return refuse(missing("grant_type"));

    auto const client = read_client(request, *form);
    if (client.id.empty()) return refuse(missing("client_id"));
    if (auto response = busy(client.id)) return std::move(*response);
    auto const* const application = state_->tenant.application(client.id);
    auto refused = state_->faults.see(Fault::token_refused, {client.id});
    if (refused && is_of_own_access(*refused) && value_of(*form, "grant_type") != "client_credentials") refused.reset();
    auto const refused_as = [&](std::string_view error) { return refused && refusal_with(*refused).error == error; };
    auto const refuse_by_number = [&] {
        return refuse(refusal_with(*state_->faults.take(Fault::token_refused, {client.id})));
    };
    // Whether it may ask at all is looked at before what it proves itself with.
    if (refused_as("unauthorized_client")) return refuse_by_number();
    if (auto const error = check_client(application, client)) return refuse(*error);

    auto const grant_type = value_of(*form, "grant_type");
    // What is wrong with the client comes first; what is with a grant, where a refresh token is looked at.
    if (refused && (grant_type != "refresh_token" || refused_as("invalid_client"))) return refuse_by_number();
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
    if (auto const number = state_->faults.see(Fault::token_refused, {user->upn, application.client_id});
        number && !is_of_own_access(*number))
        return refuse(refusal_with(*state_->faults.take(Fault::token_refused, {user->upn, application.client_id})));
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

}  // namespace postroom::lab
