#include "lab/identity-provider.hpp"

#include "base/text.hpp"
#include "lab/answers.hpp"
#include "lab/sign-in-page.hpp"

#include <algorithm>

namespace postroom::lab {

namespace json = boost::json;

namespace {

// Exactly, but for localhost's port, which does not count (Microsoft, redirect URI restrictions).
bool is_registered(Application const& application, std::string const& uri)
{
    auto const without_port = [](std::string const& text) {
        static constexpr std::string_view local = "http://localhost:";
        if (!text.starts_with(local)) return text;
        auto const path = text.find('/', local.size());
        return "http://localhost" + (path == std::string::npos ? std::string() : text.substr(path));
    };
    return std::ranges::any_of(application.redirect_uris,
                               [&](std::string const& each) { return without_port(each) == without_port(uri); });
}

constexpr std::size_t most_remembered = 10'000;

}  // namespace

Scopes read_scopes(std::string_view text)
{
    Scopes read;
    for (auto const each : split(text, ' ')) {
        if (each.empty()) continue;
        if (each == "openid" || each == "profile" || each == "email" || each == "offline_access") {
            read.openid = read.openid || each == "openid";
            read.offline = read.offline || each == "offline_access";
            continue;
        }
        auto const slash = each.rfind('/');
        // A scope without a resource is Graph's.
        std::string const resource(slash == std::string_view::npos ? std::string_view("https://graph.microsoft.com")
                                                                   : each.substr(0, slash));
        read.several_resources = read.several_resources || (!read.resource.empty() && read.resource != resource);
        read.resource = resource;
        read.names.emplace_back(slash == std::string_view::npos ? each : each.substr(slash + 1));
        read.full.emplace_back(each);
    }
    return read;
}

std::optional<net::HttpResponse> IdentityProvider::answer(net::HttpRequest const& request)
{
    if (request.path == "/devicelogin") return device_page(request);
    auto const slash = request.path.find('/', 1);
    if (slash == std::string::npos) return std::nullopt;
    auto const tenant = std::string_view(request.path).substr(1, slash - 1);
    auto const rest = std::string_view(request.path).substr(slash);
    if (rest == "/oauth2/v2.0/authorize") return authorize(tenant, request);
    if (rest == "/oauth2/v2.0/token") return token(tenant, request);
    if (rest == "/v2.0/adminconsent") return admin_consent(tenant, request, Asked::ForAll::scopes);
    if (rest == "/adminconsent") return admin_consent(tenant, request, Asked::ForAll::registration);
    if (rest == "/oauth2/v2.0/devicecode") return device_code(tenant, request);
    if (rest == "/v2.0/.well-known/openid-configuration") return configuration(tenant);
    if (rest == "/discovery/v2.0/keys") return json_response(state_->keys.jwks());
    if (rest == "/oidc/userinfo") return user_info(request);
    if (rest == "/oauth2/v2.0/introspect") return introspect(request);
    return std::nullopt;
}

net::HttpResponse IdentityProvider::configuration(std::string_view tenant) const
{
    if (auto const status = state_->faults.take(Fault::configuration_unavailable, {})) {
        auto const number = std::clamp<std::int64_t>(to_number(*status, 503), 400, 599);
        auto response = refuse({static_cast<unsigned>(number), "temporarily_unavailable",
                                number == 429 ? 90055U : 90033U, "A transient error has occurred. Please try again."});
        return response;
    }
    if (!state_->tenant.answers_to(tenant)) return refuse(unknown_tenant(tenant));
    auto const at = state_->base_url + '/' + state_->tenant.id;
    auto const other = state_->faults.take(Fault::configuration_of_another_tenant, {});
    auto const issuer = other ? state_->base_url + '/' + *other : at;
    json::object const document{
        {"token_endpoint", at + "/oauth2/v2.0/token"},
        {"token_endpoint_auth_methods_supported",
         json::array{"client_secret_post", "private_key_jwt", "client_secret_basic"}},
        {"jwks_uri", at + "/discovery/v2.0/keys"},
        {"response_modes_supported", json::array{"query", "fragment", "form_post"}},
        {"subject_types_supported", json::array{"pairwise"}},
        {"id_token_signing_alg_values_supported", json::array{"RS256"}},
        {"response_types_supported", json::array{"code"}},
        {"scopes_supported", json::array{"openid", "profile", "email", "offline_access"}},
        {"issuer", issuer + "/v2.0"},
        {"request_uri_parameter_supported", false},
        {"userinfo_endpoint", at + "/oidc/userinfo"},
        {"authorization_endpoint", at + "/oauth2/v2.0/authorize"},
        {"device_authorization_endpoint", at + "/oauth2/v2.0/devicecode"},
        // invented: Entra has no introspection (RFC 7662); mail servers in tests need it
        {"introspection_endpoint", at + "/oauth2/v2.0/introspect"},
        {"claims_supported", json::array{"sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name",
                                         "tid", "ver", "email", "oid"}}};
    return json_response(document);
}

// What is wrong here is shown on Entra's own page, and never redirected.
std::optional<EntraError> IdentityProvider::check(Asked& asked, std::string_view tenant)
{
    // Numbers and meanings are documented; which of the sentences are Entra's own, docs/lab.md says.
    if (!state_->tenant.answers_to(tenant)) return unknown_tenant(tenant);
    if (asked.client_id.empty()) return missing("client_id");
    asked.application = state_->tenant.application(asked.client_id);
    if (asked.application == nullptr) return unknown_application(asked.client_id);
    if (auto const number = state_->faults.take(Fault::authorize_refused, {asked.application->client_id}))
        return EntraError{400, "invalid_request", static_cast<unsigned>(to_number(*number, 0)),
                          "The request is refused."};  // invented: which sentence it has is not looked up
    if (!is_registered(*asked.application, asked.redirect_uri) ||
        state_->faults.take(Fault::authorize_redirect_mismatch, {asked.application->client_id}))
        return EntraError{400, "invalid_client", 50011,
                          "The redirect URI '" + printable(asked.redirect_uri, 300) +
                              "' specified in the request does not match the redirect URIs configured for the "
                              "application '" +
                              asked.application->client_id +
                              "'. Make sure the redirect URI sent in the request matches one added to your "
                              "application in the Azure portal."};
    return std::nullopt;
}

net::HttpResponse IdentityProvider::redirect(Asked const& asked, Form const& parameters) const
{
    std::string text;
    auto with_state = parameters;
    if (!asked.state.empty()) with_state.emplace("state", asked.state);
    if (asked.mode == "form_post") {
        std::string inputs;
        for (auto const& [name, value] : with_state)
            inputs += "<input type=\"hidden\" name=\"" + escape(name) + "\" value=\"" + escape(value) + "\">";
        return html_response(page("Working...", "<form method=\"post\" action=\"" + escape(asked.redirect_uri) + "\">" +
                                                    inputs +
                                                    "<button>Continue</button></form><script>document.forms[0].submit()"
                                                    "</script>"));
    }
    for (auto const& [name, value] : with_state)
        text += (text.empty() ? "" : "&") + name + '=' + net::percent_encode(value);
    char const begin = asked.mode == "fragment" ? '#' : asked.redirect_uri.find('?') == std::string::npos ? '?' : '&';
    return {net::http::status::found,
            {{"location", asked.redirect_uri + begin + text}, {"cache-control", "no-store"}},
            {},
            {}};
}

net::HttpResponse IdentityProvider::authorize(std::string_view tenant, net::HttpRequest const& request)
{
    auto const parameter = [&](std::string_view name) { return std::string(request.parameter(name).value_or("")); };
    Asked asked;
    asked.tenant = tenant;
    asked.client_id = parameter("client_id");
    asked.redirect_uri = parameter("redirect_uri");
    asked.scope = parameter("scope");
    asked.state = parameter("state");
    asked.prompt = parameter("prompt");
    asked.login_hint = parameter("login_hint");
    asked.nonce = parameter("nonce");
    asked.challenge = parameter("code_challenge");
    asked.challenge_method = parameter("code_challenge_method");
    asked.mode = parameter("response_mode");
    if (auto const error = check(asked, tenant)) return show(*error);
    auto const redirect_error = [&](EntraError const& error) {
        auto const worded = word(error, state_->clock.now());
        return redirect(asked, {{"error", error.error},
                                {"error_description", worded.text + " Trace ID: " + worded.trace_id +
                                                          " Correlation ID: " + worded.correlation_id +
                                                          " Timestamp: " + worded.timestamp}});
    };
    if (parameter("response_type") != "code")
        return redirect_error(
            {400, "unsupported_response_type", 700054,
             "response_type '" + printable(parameter("response_type"), 32) + "' is not enabled for the application."});
    auto const scopes = read_scopes(asked.scope);
    if (scopes.full.empty() && !scopes.openid) return redirect_error(missing("scope"));
    if (!asked.challenge_method.empty() && asked.challenge_method != "S256" && asked.challenge_method != "plain")
        return redirect_error({400, "invalid_request", 90013, "Invalid input received from the user."});

    asked.session = session_of(request);
    if (request.method == net::http::verb::post) {
        auto const form = net::parse_form(request.body);
        if (!form)
            return html_response(page("Bad request", escape(form.error().message)), net::http::status::bad_request);
        return sign_in(asked, *form);
    }

    bool const asks_person = asked.prompt == "login" || asked.prompt == "select_account";
    if (auto const desktop = state_->faults.see(Fault::authorize_silent_sign_in, {asked.client_id});
        desktop && !asks_person) {
        // The single-sign-on trap: whoever sits there is signed in, whatever login_hint says.
        (void)state_->faults.take(Fault::authorize_silent_sign_in, {asked.client_id});
        if (auto const* const user = state_->tenant.user(*desktop))
            return consent_or_finish(asked, *user, {{"consent", "accept"}});
    }
    auto const* const known = asked.session.empty() ? nullptr : state_->tenant.user_by_id(asked.session);
    bool const hinted_other = known != nullptr && !asked.login_hint.empty() && known->upn != to_lower(asked.login_hint);
    if (known != nullptr && !asks_person && !hinted_other) return consent_or_finish(asked, *known, {});
    if (asked.prompt == "none")
        return redirect_error(
            {400, "login_required", 50058, "A silent sign-in request was sent but no user is signed in."});
    SignInForm form{asked.login_hint, {}, asked.application->name, {}};
    if (asked.prompt == "select_account" && known != nullptr) form.accounts.push_back(known->upn);
    return html_response(sign_in_page(form));
}

// What is not redirected.
net::HttpResponse IdentityProvider::show(EntraError const& error) const
{
    auto const worded = word(error, state_->clock.now());
    return html_response(error_page(worded.text, worded.trace_id, worded.correlation_id, worded.timestamp),
                         net::http::status::bad_request);
}

std::string IdentityProvider::session_of(net::HttpRequest const& request) const
{
    auto const cookie = request.cookie("ESTSAUTH");
    auto const found = cookie ? sessions_.find(std::string(*cookie)) : sessions_.end();
    return found == sessions_.end() ? std::string() : found->second;
}

bool IdentityProvider::may_consent(User const& user, Application const& application) const
{
    return state_->settings.users_may_consent != 0 || user.administrator || application.admin_consent ||
           application.consented.contains(user.object_id);
}

std::string IdentityProvider::remember_session(std::string const& user_id)
{
    if (sessions_.size() >= most_remembered) sessions_.erase(sessions_.begin());
    auto const cookie = to_base64url(random_bytes(24));
    sessions_[cookie] = user_id;
    return cookie;
}

net::HttpResponse IdentityProvider::sign_in(Asked const& asked, Form const& form)
{
    auto const* const known = asked.session.empty() ? nullptr : state_->tenant.user_by_id(asked.session);
    if (form.contains("pick") && known != nullptr && known->upn == value_of(form, "pick"))
        return consent_or_finish(asked, *known, form);
    if (form.contains("consent") && !form.contains("login") && known != nullptr)
        return consent_or_finish(asked, *known, form);

    auto const login = value_of(form, "login");
    auto* const user = state_->tenant.user(login);
    auto const problem = [&](unsigned code, std::string words) {
        auto const worded = word({400, "invalid_grant", code, std::move(words), {}}, state_->clock.now());
        return html_response(sign_in_page({login, worded.text, asked.application->name, {}}));
    };
    if (user == nullptr)
        return problem(50034, "The user account " + printable(login, 128) + " does not exist in the directory.");
    if (user->password != value_of(form, "passwd"))
        return problem(50126, "Error validating credentials due to invalid username or password.");
    if (!user->enabled) return problem(50057, "The user account is disabled.");
    ++state_->counters.sign_ins;
    auto response = consent_or_finish(asked, *user, form);
    response.headers.emplace_back("set-cookie",
                                  "ESTSAUTH=" + remember_session(user->object_id) + "; Path=/; HttpOnly; SameSite=Lax");
    return response;
}

net::HttpResponse IdentityProvider::consent_or_finish(Asked const& asked, User const& user, Form const& form)
{
    if (asked.consent_for_all != Asked::ForAll::no) return consent_for_all(asked, user, form);
    auto& application = *asked.application;
    // Shown on the page, and not redirected (Microsoft Entra, error codes).
    if (!may_consent(user, application)) return show(admin_consent_required());
    auto const answer = value_of(form, "consent");
    bool const consented = application.admin_consent || application.consented.contains(user.object_id);
    if (answer == "decline")
        return redirect(asked, {{"error", "access_denied"},
                                {"error_description", "AADSTS65004: User declined to consent to access the app."}});
    if (answer == "accept") application.consented.insert(user.object_id);
    if (answer != "accept" && (!consented || asked.prompt == "consent")) {
        if (asked.prompt == "none")
            return redirect(asked, {{"error", "interaction_required"},
                                    {"error_description",
                                     "AADSTS65001: The user or administrator has not consented "
                                     "to use the application."}});
        return html_response(consent_page(application.name, user.upn, read_scopes(asked.scope).full));
    }
    std::erase_if(codes_, [now = state_->clock.now()](auto const& each) {
        return each.second.expires + std::chrono::hours(1) < now;
    });
    if (codes_.size() >= most_remembered) codes_.erase(codes_.begin());
    auto const code = "1.AX" + to_base64url(random_bytes(96));
    // Codes live for about ten minutes (Microsoft, authorization code flow).
    codes_[code] = {asked.client_id,
                    asked.redirect_uri,
                    asked.scope,
                    user.object_id,
                    asked.nonce,
                    asked.challenge,
                    asked.challenge_method,
                    asked.tenant,
                    state_->clock.now() + std::chrono::minutes(10),
                    false};
    return redirect(asked, {{"code", code}, {"session_state", stable_guid(user.object_id)}});
}

}  // namespace postroom::lab
