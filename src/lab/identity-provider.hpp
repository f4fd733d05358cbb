// Entra ID, as far as a program that asks for mail tokens sees it: authorize, token, OpenID configuration, keys.
#pragma once

#include "lab/entra-error.hpp"
#include "lab/state.hpp"
#include "net/http-server.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace postroom::lab {

/// Who a client says it is, and how it proves that.
struct PresentedClient {
    std::string id;
    std::optional<std::string> secret, assertion;
};
[[nodiscard]] PresentedClient read_client(net::HttpRequest const& request,
                                          std::multimap<std::string, std::string> const& form);

/// An authorization code that was handed out and is still remembered, so that its second use is known as such.
struct IssuedCode {
    std::string client_id, redirect_uri, scope, user_id, nonce, challenge, challenge_method, tenant;
    Instant expires{};
    bool redeemed = false;
};

/// A device code that waits for somebody to enter its user code.
struct IssuedDeviceCode {
    enum class Outcome { waiting, granted, declined };
    std::string client_id, scope, user_code, user_id;
    Instant expires{};
    Outcome outcome = Outcome::waiting;
};

class IdentityProvider {
public:
    explicit IdentityProvider(SharedState state) : state_(std::move(state)) {}

    /// Nothing where the path is not the identity provider's.
    [[nodiscard]] std::optional<net::HttpResponse> answer(net::HttpRequest const& request);

private:
    using Form = std::multimap<std::string, std::string>;
    /// What the page that signs people in was asked, after check().
    struct Asked {
        enum class ForAll { no, scopes, registration };
        std::string tenant;
        std::string client_id, redirect_uri, scope, state, prompt, login_hint, nonce, challenge, challenge_method, mode;
        std::string session;  ///< object id of who has signed in in this browser before
        Application* application = nullptr;
        ForAll consent_for_all = ForAll::no;  ///< an administrator's consent: to the scopes, or to all that it lists
    };

    net::HttpResponse authorize(std::string_view tenant, net::HttpRequest const& request);
    net::HttpResponse sign_in(Asked const& asked, Form const& form);
    net::HttpResponse consent_or_finish(Asked const& asked, User const& user, Form const& form);
    net::HttpResponse redirect(Asked const& asked, Form const& parameters) const;
    std::optional<EntraError> check(Asked& asked, std::string_view tenant);
    net::HttpResponse show(EntraError const& error) const;
    std::string remember_session(std::string const& user_id);
    [[nodiscard]] std::string session_of(net::HttpRequest const& request) const;
    [[nodiscard]] bool may_consent(User const& user, Application const& application) const;

    // admin-consent.cpp
    net::HttpResponse admin_consent(std::string_view tenant, net::HttpRequest const& request, Asked::ForAll what);
    net::HttpResponse consent_for_all(Asked const& asked, User const& user, Form const& form) const;

    // device-flow.cpp
    net::HttpResponse device_code(std::string_view tenant, net::HttpRequest const& request);
    net::HttpResponse device_page(net::HttpRequest const& request);
    net::HttpResponse redeem_device(Application const& application, Form const& form);

    // token-endpoint.cpp
    net::HttpResponse token(std::string_view tenant, net::HttpRequest const& request);
    Result<net::HttpResponse> busy(std::string_view who);
    net::HttpResponse redeem(Application const& application, std::string_view tenant, Form const& form);
    net::HttpResponse refresh(Application const& application, Form const& form);
    net::HttpResponse refuse(EntraError const& error) const;

    // client-authentication.cpp
    std::optional<EntraError> check_client(Application const* application, PresentedClient const& client);
    std::optional<EntraError> check_assertion(Application const& application, std::string_view assertion);

    // token-issue.cpp
    net::HttpResponse grant_application(Application const& application, Form const& form);
    /// What the fault token-claims says in place of what is so.
    void say_otherwise(boost::json::object& claims, std::initializer_list<std::string_view> who) const;
    std::string pad(boost::json::object claims) const;
    net::HttpResponse issue(Application const& application, User const& user, std::string const& scope,
                            std::string const& granted, std::string const& nonce, bool with_refresh_token);
    std::string access_token(Application const& application, User const& user, std::string const& resource,
                             std::string const& scopes, Instant now, std::int64_t life) const;

    // token-inspection.cpp
    net::HttpResponse introspect(net::HttpRequest const& request) const;
    net::HttpResponse user_info(net::HttpRequest const& request) const;

    net::HttpResponse configuration(std::string_view tenant) const;

    SharedState state_;
    std::map<std::string, IssuedCode> codes_;
    std::map<std::string, IssuedDeviceCode> device_codes_;
    std::map<std::string, std::string> sessions_;  ///< cookie → object id: who has signed in in that browser
    std::int64_t this_second_ = 0;
    std::int64_t asked_this_second_ = 0;          ///< of the token endpoint
    std::set<std::string> spent_refresh_tokens_;  ///< only where the settings say that use revokes one
};

/// As the token endpoint issues it, for whoever has signed in.
[[nodiscard]] std::string make_refresh_token(State const& state, std::string_view client_id, User const& user,
                                             std::string_view scope);

/// Splits "https://outlook.office.com/SMTP.Send" into resource and name; OpenID's own scopes have no resource.
struct Scopes {
    std::string resource;            ///< "https://outlook.office.com"; empty: only OpenID's
    std::vector<std::string> names;  ///< of that resource
    std::vector<std::string> full;   ///< as they were asked
    bool openid = false, offline = false, several_resources = false;
};
[[nodiscard]] Scopes read_scopes(std::string_view text);

}  // namespace postroom::lab
