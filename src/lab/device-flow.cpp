// The device authorization grant as Entra has it: a code for a terminal, and the page where somebody enters it.
#include "base/text.hpp"
#include "lab/answers.hpp"
#include "lab/identity-provider.hpp"
#include "lab/sign-in-page.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postroom::lab {

namespace json = boost::json;

namespace {

constexpr auto life = std::chrono::seconds(900);
constexpr int interval_s = 5;
constexpr std::size_t most_waiting = 10'000;

// Nine letters and digits that nobody takes for one another.
std::string make_user_code()
{
    static constexpr std::string_view alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    std::string code;
    for (char const byte : random_bytes(9)) code += alphabet[static_cast<unsigned char>(byte) % alphabet.size()];
    return code;
}

std::string code_page(std::string_view code, std::string_view login, std::string_view problem)
{
    return page(
        "Sign in to your account",
        fmt::format("<small>Postroom lab, playing Microsoft</small><h1>Enter code</h1>{}<form method=\"post\">"
                    "<label>Code<input type=\"text\" name=\"otc\" value=\"{}\" required></label>"
                    "<label>Email<input type=\"email\" name=\"login\" value=\"{}\" required></label>"
                    "<label>Password<input type=\"password\" name=\"passwd\" required></label>"
                    "<button name=\"consent\" value=\"accept\">Continue</button>"
                    "<button class=\"plain\" name=\"consent\" value=\"decline\">Cancel</button></form>",
                    problem.empty() ? std::string()
                                    : fmt::format("<p class=\"problem\" role=\"alert\">{}</p>", escape(problem)),
                    escape(code), escape(login)));
}

}  // namespace

net::HttpResponse IdentityProvider::device_code(std::string_view tenant, net::HttpRequest const& request)
{
    if (!state_->tenant.answers_to(tenant)) return refuse(unknown_tenant(tenant));
    auto const form = net::parse_form(request.body);
    auto const client_id = form ? value_of(*form, "client_id") : std::string();
    if (client_id.empty()) return refuse(missing("client_id"));
    auto const* const application = state_->tenant.application(client_id);
    if (application == nullptr) return refuse(unknown_application(client_id));
    auto const now = state_->clock.now();
    // What has run out is remembered for a while, so that it is known as such.
    std::erase_if(device_codes_, [&](auto const& each) { return each.second.expires + life < now; });
    if (device_codes_.size() >= most_waiting) device_codes_.erase(device_codes_.begin());
    auto const code = "DAQ" + to_base64url(random_bytes(96));
    auto const user_code = make_user_code();
    device_codes_[code] = {application->client_id, value_of(*form, "scope"), user_code, {}, now + life};
    auto const where = state_->base_url + "/devicelogin";
    json::object const body{{"user_code", user_code},
                            {"device_code", code},
                            {"verification_uri", where},
                            {"expires_in", life.count()},
                            {"interval", interval_s},
                            {"message", "To sign in, use a web browser to open the page " + where +
                                            " and enter the code " + user_code + " to authenticate."}};
    return json_response(body);
}

net::HttpResponse IdentityProvider::device_page(net::HttpRequest const& request)
{
    if (request.method != net::http::verb::post)
        return html_response(code_page(request.parameter("otc").value_or(""), {}, {}));
    auto const form = net::parse_form(request.body).value_or(Form());
    auto const given = to_upper(trim(value_of(form, "otc")));
    auto const login = value_of(form, "login");
    auto const found = std::ranges::find_if(device_codes_, [&](auto const& each) {
        return each.second.user_code == given && each.second.outcome == IssuedDeviceCode::Outcome::waiting &&
               each.second.expires > state_->clock.now();
    });
    if (found == device_codes_.end())
        return html_response(code_page({}, login, "That code didn't work. Check the code and try again."));
    if (value_of(form, "consent") == "decline") {
        found->second.outcome = IssuedDeviceCode::Outcome::declined;
        return html_response(
            page("Cancelled", "<h1>Cancelled</h1><p>You have cancelled. You may now close this window.</p>"));
    }
    auto const* const user = state_->tenant.user(login);
    if (user == nullptr || user->password != value_of(form, "passwd"))
        return html_response(code_page(
            given, login,
            word({400, "invalid_grant", 50126, "Error validating credentials due to invalid username or password."},
                 state_->clock.now())
                .text));
    if (!user->enabled)
        return html_response(
            code_page(given, login,
                      word({400, "invalid_grant", 50057, "The user account is disabled."}, state_->clock.now()).text));
    auto* const application = state_->tenant.application(found->second.client_id);
    if (application != nullptr && !may_consent(*user, *application))
        return html_response(code_page(given, login, word(admin_consent_required(), state_->clock.now()).text));
    ++state_->counters.sign_ins;
    if (application != nullptr) application->consented.insert(user->object_id);
    found->second.user_id = user->object_id;
    found->second.outcome = IssuedDeviceCode::Outcome::granted;
    return html_response(page("Signed in", "<h1>You have signed in.</h1><p>You may now close this window.</p>"));
}

net::HttpResponse IdentityProvider::redeem_device(Application const& application, Form const& form)
{
    auto const found = device_codes_.find(value_of(form, "device_code"));
    if (found == device_codes_.end() || found->second.client_id != application.client_id)
        return refuse({400, "bad_verification_code", 70018, "Bad verification code."});
    auto const code = found->second;
    using enum IssuedDeviceCode::Outcome;
    if (code.outcome == declined)  // the word is documented, the number is the consent page's
        return refuse({400, "authorization_declined", 65004, "User declined to consent to access the app."});
    if (code.expires <= state_->clock.now())
        return refuse({400, "expired_token", 70019, "The verification code expired."});
    if (code.outcome == waiting)
        return refuse({400, "authorization_pending", 70016,
                       "OAuth 2.0 device flow error. Authorization is pending. Continue polling."});
    auto const* const user = state_->tenant.user_by_id(code.user_id);
    device_codes_.erase(found);
    if (user == nullptr)
        return refuse({400, "invalid_grant", 50034, "The user account does not exist in the directory."});
    ++state_->counters.codes;
    return issue(application, *user, code.scope, code.scope, {}, read_scopes(code.scope).offline);
}

}  // namespace postroom::lab
