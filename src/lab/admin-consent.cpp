// An administrator's consent for the whole organization (Microsoft, "Admin consent on the Microsoft identity
// platform"): /{tenant}/v2.0/adminconsent with a scope, and /{tenant}/adminconsent as it was before, without one.
#include "base/text.hpp"
#include "lab/answers.hpp"
#include "lab/identity-provider.hpp"
#include "lab/sign-in-page.hpp"

#include <algorithm>

namespace postroom::lab {

namespace {

constexpr std::string_view everything = "/.default";

// What the page lists. Which permissions with a user a registration asks for the lab does not know: all of them.
std::vector<std::string> permissions(std::string_view scope, Application const& application)
{
    std::vector<std::string> all;
    for (auto const each : split(scope, ' '))
        if (!each.empty()) all.emplace_back(each);
    bool const whole = std::ranges::any_of(all, [](auto const& each) { return each.ends_with(everything); });
    if (whole) all.insert(all.end(), application.required_app_roles.begin(), application.required_app_roles.end());
    return all;
}

}  // namespace

net::HttpResponse IdentityProvider::admin_consent(std::string_view tenant, net::HttpRequest const& request,
                                                  Asked::ForAll what)
{
    auto const parameter = [&](std::string_view name) { return std::string(request.parameter(name).value_or("")); };
    Asked asked;
    asked.consent_for_all = what;
    asked.tenant = tenant;
    asked.client_id = parameter("client_id");
    asked.redirect_uri = parameter("redirect_uri");
    asked.scope = what == Asked::ForAll::scopes ? parameter("scope") : std::string(everything);
    asked.state = parameter("state");
    if (auto const error = check(asked, tenant)) return show(*error);
    if (asked.scope.empty()) return show(missing("scope"));
    asked.session = session_of(request);
    if (request.method == net::http::verb::post) {
        auto const form = net::parse_form(request.body);
        if (!form)
            return html_response(page("Bad request", escape(form.error().message)), net::http::status::bad_request);
        return sign_in(asked, *form);
    }
    if (auto const* const known = state_->tenant.user_by_id(asked.session)) return consent_for_all(asked, *known, {});
    return html_response(sign_in_page({{}, {}, asked.application->name, {}}));
}

net::HttpResponse IdentityProvider::consent_for_all(Asked const& asked, User const& user, Form const& form) const
{
    auto& application = *asked.application;
    // Number and sentence are documented; that it is shown here is reported, and that nothing is redirected, invented.
    if (!user.administrator)
        return show({400, "unauthorized_client", 90093, "Graph returned with a forbidden error code for the request."});
    auto const answer = value_of(form, "consent");
    if (answer == "accept") {
        application.admin_consent = true;
        auto const& roles = application.required_app_roles;
        if (asked.scope.find(everything) != std::string::npos) application.app_roles.insert(roles.begin(), roles.end());
        Form told{{"admin_consent", "True"}, {"tenant", state_->tenant.id}};
        if (asked.consent_for_all == Asked::ForAll::scopes) told.emplace("scope", asked.scope);
        return redirect(asked, told);
    }
    if (answer.empty())
        return html_response(
            consent_page(application.name, user.upn, permissions(asked.scope, application), "for your organization"));
    if (asked.consent_for_all == Asked::ForAll::registration) {
        auto without_state = asked;  // as it is documented
        without_state.state.clear();
        return redirect(without_state,
                        {{"error", "permission_denied"}, {"error_description", "The admin canceled the request"}});
    }
    auto const worded =
        word({400, "consent_required", 65004, "The resource owner or authorization server denied the request."},
             state_->clock.now());
    return redirect(asked, {{"admin_consent", "True"},
                            {"error", "consent_required"},
                            {"error_description", worded.text + "\r\nTrace ID: " + worded.trace_id +
                                                      "\r\nCorrelation ID: " + worded.correlation_id +
                                                      "\r\nTimestamp: " + worded.timestamp}});
}

}  // namespace postroom::lab
