#include "lab/tokens.hpp"
#include "net/http-server.hpp"
#include "visitor.hpp"

#include <gmock/gmock.h>

namespace postroom::lab {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

boost::json::object claims_of(std::string_view token)
{
    return boost::json::parse(from_base64(split(token, '.')[1]).value()).as_object();
}

std::string description(boost::json::object const& body)
{
    return std::string(body.at("error_description").as_string());
}

}  // namespace

class IdentityProviderTest : public LabTest {};

TEST_F(IdentityProviderTest, GrantsByCode)
{
    auto const answer = sign_in("Sales@Contoso.test", facts_.password);
    EXPECT_EQ(answer.status, 302U);
    EXPECT_THAT(answer.head, HasSubstr("http://localhost:8080/oauth/callback?code="));
    EXPECT_EQ(parameter(answer, "state"), "the%20state");
    auto const body = redeem(parameter(answer, "code"));
    EXPECT_EQ(body.at("scope"),
              "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send");
    EXPECT_TRUE(body.at("expires_in").is_int64());

    auto const access = claims_of(body.at("access_token").as_string());
    EXPECT_EQ(access.at("aud"), "https://outlook.office.com");
    EXPECT_EQ(access.at("ver"), "1.0");
    EXPECT_EQ(access.at("upn"), "sales@contoso.test");
    EXPECT_EQ(access.at("scp"), "IMAP.AccessAsUser.All SMTP.Send");
    EXPECT_EQ(access.at("appid"), boost::json::value(facts_.client_id));
    auto const life = access.at("exp").as_int64() - access.at("iat").as_int64();
    EXPECT_GE(life, 3'600);
    EXPECT_LT(life, 5'400);

    auto const id = claims_of(body.at("id_token").as_string());
    EXPECT_EQ(id.at("iss"), boost::json::value(facts_.authority + "/v2.0"));
    EXPECT_EQ(id.at("aud"), boost::json::value(facts_.client_id));
    EXPECT_EQ(id.at("nonce"), "the nonce");
    EXPECT_EQ(id.at("preferred_username"), "sales@contoso.test");
    EXPECT_EQ(id.at("oid"), access.at("oid"));
}

TEST_F(IdentityProviderTest, ServesConfigurationAndKeys)
{
    auto const configuration =
        boost::json::parse(http("GET", '/' + facts_.tenant_id + "/v2.0/.well-known/openid-configuration").body);
    EXPECT_EQ(configuration.at("issuer"), boost::json::value(facts_.authority + "/v2.0"));
    EXPECT_EQ(configuration.at("token_endpoint"), boost::json::value(facts_.authority + "/oauth2/v2.0/token"));
    auto const keys = boost::json::parse(http("GET", '/' + facts_.tenant_id + "/discovery/v2.0/keys").body);
    auto const token = access_token();
    auto const header = boost::json::parse(from_base64(split(token, '.')[0]).value());
    EXPECT_EQ(keys.at("keys").at(0).at("kid"), header.at("kid"));
    EXPECT_EQ(keys.at("keys").at(0).at("n").as_string().size(), 342U);  // 2048 bits
}

TEST_F(IdentityProviderTest, ShowsOnItsOwnPageWhatEntraDoesNotRedirect)
{
    auto const mismatch = http("GET", authorize_path({{"redirect_uri", "http://localhost:8080/oauth/Callback"}}));
    EXPECT_EQ(mismatch.status, 400U);
    EXPECT_THAT(mismatch.body, HasSubstr("AADSTS50011"));
    EXPECT_THAT(mismatch.head, Not(HasSubstr("location:")));
    EXPECT_THAT(http("GET", authorize_path({{"client_id", "11111111-1111-1111-1111-111111111111"}})).body,
                HasSubstr("AADSTS700016"));
    EXPECT_THAT(http("GET", "/fabrikam.test/oauth2/v2.0/authorize?client_id=x").body, HasSubstr("AADSTS90002"));
    EXPECT_THAT(sign_in("sales@contoso.test", "wrong").body, HasSubstr("AADSTS50126"));
    EXPECT_THAT(sign_in("nobody@contoso.test", "wrong").body, HasSubstr("AADSTS50034"));
    // Localhost's port does not count.
    EXPECT_EQ(http("GET", authorize_path({{"redirect_uri", "http://localhost:9999/oauth/callback"}})).status, 200U);
    // What a person typed comes back as text, not as HTML.
    EXPECT_THAT(http("GET", authorize_path({{"redirect_uri", "http://x/<script>"}})).body, Not(HasSubstr("<script>")));
}

TEST_F(IdentityProviderTest, AsksForConsentUnlessAnAdministratorHasGivenIt)
{
    api("applications", {{"client_id", facts_.client_id}, {"admin_consent", false}});
    auto const asked = sign_in("sales@contoso.test", facts_.password);
    EXPECT_EQ(asked.status, 200U);
    EXPECT_THAT(asked.body, HasSubstr("IMAP.AccessAsUser.All"));
    auto const cookie = "Cookie: ESTSAUTH=" + asked.head.substr(asked.head.find("ESTSAUTH=") + 9, 32) + "\r\n";
    auto const declined =
        http("POST", authorize_path(), form({{"consent", "decline"}}), std::string(form_type) + cookie);
    EXPECT_EQ(parameter(declined, "error"), "access_denied");
    auto const accepted =
        http("POST", authorize_path(), form({{"consent", "accept"}}), std::string(form_type) + cookie);
    EXPECT_FALSE(parameter(accepted, "code").empty());
}

TEST_F(IdentityProviderTest, AnAdministratorConsentsForAll)
{
    api("applications",
        {{"client_id", facts_.client_id}, {"admin_consent", false}, {"required_app_roles", {"IMAP.AccessAsApp"}}});
    api("settings", {{"users_may_consent", 0}});
    std::string const exchange = "https://outlook.office365.com/.default";
    auto const page = [&](std::string const& redirect_uri = std::string(callback)) {
        return '/' + facts_.tenant_id + "/v2.0/adminconsent?" +
               form({{"client_id", facts_.client_id},
                     {"scope", exchange},
                     {"redirect_uri", redirect_uri},
                     {"state", "the state"}});
    };
    auto const answer = [&](std::string const& path, std::string const& user, std::string const& consent) {
        return http("POST", path, form({{"login", user}, {"passwd", facts_.password}, {"consent", consent}}),
                    std::string(form_type));
    };
    EXPECT_THAT(sign_in("sales@contoso.test", facts_.password).body, HasSubstr("AADSTS90094"));
    EXPECT_THAT(http("GET", page("https://elsewhere.example/")).body, HasSubstr("AADSTS50011"));
    EXPECT_THAT(http("GET", page()).body, HasSubstr("Sign in"));
    EXPECT_THAT(answer(page(), "sales@contoso.test", "accept").body, HasSubstr("AADSTS90093"));
    EXPECT_THAT(answer(page(), "admin@contoso.test", "").body,
                testing::AllOf(HasSubstr("for your organization"), HasSubstr("IMAP.AccessAsApp")));

    auto const declined = answer(page(), "admin@contoso.test", "decline");
    EXPECT_EQ(parameter(declined, "admin_consent"), "True");
    EXPECT_EQ(parameter(declined, "error"), "consent_required");
    EXPECT_THAT(parameter(declined, "error_description"), StartsWith("AADSTS65004%3A%20The%20resource%20owner"));
    EXPECT_EQ(parameter(declined, "state"), "the%20state");
    auto const before = '/' + facts_.tenant_id + "/adminconsent?" +
                        form({{"client_id", facts_.client_id}, {"redirect_uri", std::string(callback)}});
    EXPECT_EQ(parameter(answer(before, "admin@contoso.test", "decline"), "error"), "permission_denied");
    auto const roles = [&] {
        auto const body = token({{"grant_type", "client_credentials"}, {"scope", exchange}}, 200);
        return claims_of(body.at("access_token").as_string()).contains("roles");
    };
    EXPECT_THAT(sign_in("sales@contoso.test", facts_.password).body, HasSubstr("AADSTS90094"));
    EXPECT_FALSE(roles());

    auto const accepted = answer(page(), "admin@contoso.test", "accept");
    EXPECT_EQ(accepted.status, 302U);
    EXPECT_THAT(accepted.head, HasSubstr("http://localhost:8080/oauth/callback?admin_consent=True&"));
    EXPECT_EQ(parameter(accepted, "tenant"), facts_.tenant_id);
    EXPECT_EQ(parameter(accepted, "scope"), net::percent_encode(exchange));
    EXPECT_EQ(parameter(accepted, "state"), "the%20state");
    EXPECT_FALSE(parameter(sign_in("sales@contoso.test", facts_.password), "code").empty());
    EXPECT_TRUE(roles());
}

TEST_F(IdentityProviderTest, KeepsABrowsersSession)
{
    auto const signed_in = sign_in("sales@contoso.test", facts_.password);
    auto const cookie = "Cookie: ESTSAUTH=" + signed_in.head.substr(signed_in.head.find("ESTSAUTH=") + 9, 32) + "\r\n";
    EXPECT_FALSE(parameter(http("GET", authorize_path({{"prompt", "none"}}), "", cookie), "code").empty());
    EXPECT_EQ(parameter(http("GET", authorize_path({{"prompt", "none"}})), "error"), "login_required");
    EXPECT_EQ(http("GET", authorize_path(), "", cookie).status, 200U) << "prompt=login asks again";
    EXPECT_THAT(http("GET", authorize_path({{"prompt", "select_account"}}), "", cookie).body,
                HasSubstr("Pick an account"));
}

TEST_F(IdentityProviderTest, SignsTheDesktopUserInSilentlyWhereThePromptAllowsIt)
{
    fault("authorize-silent-sign-in");
    auto const trapped = http("GET", authorize_path({{"prompt", ""}}));
    auto const body = redeem(parameter(trapped, "code"));
    EXPECT_EQ(claims_of(body.at("id_token").as_string()).at("preferred_username"), "alex@contoso.test");
    EXPECT_EQ(http("GET", authorize_path()).status, 200U) << "prompt=login is not trapped";
}

TEST_F(IdentityProviderTest, RedeemsACodeOnceAndForItsOwnerOnly)
{
    auto const code = parameter(sign_in("sales@contoso.test", facts_.password), "code");
    verifier_.back() = 'x';
    EXPECT_THAT(description(redeem(code, 400)), StartsWith("AADSTS501481"));
    verifier_.back() = 'v';
    redeem(code);
    EXPECT_THAT(description(redeem(code, 400)), StartsWith("AADSTS54005"));
    auto const late = parameter(sign_in("sales@contoso.test", facts_.password), "code");
    api("clock", {{"advance_s", 601}});
    EXPECT_THAT(description(redeem(late, 400)), StartsWith("AADSTS70008"));
}

TEST_F(IdentityProviderTest, RefusesByNumberWithTheErrorThatGoesWithIt)
{
    std::string const old(grant().at("refresh_token").as_string());
    for (auto const& [value, status, error] : {std::tuple("7000222", 401U, "invalid_client"),
                                               {"700027", 401U, "invalid_client"},
                                               {"700020", 400U, "interaction_required"},
                                               {"700022", 400U, "invalid_scope"},
                                               {"700023", 400U, "invalid_scope"},
                                               {"7000229", 400U, "unauthorized_client"},
                                               {"50027", 400U, "invalid_request"},
                                               {"50034", 400U, "invalid_grant"},
                                               {"99999 invalid_client", 401U, "invalid_client"},
                                               {"99999", 400U, "invalid_grant"}}) {
        fault("token-refused", value);
        auto const body = token({{"grant_type", "refresh_token"}, {"refresh_token", old}}, status);
        EXPECT_EQ(body.at("error"), error) << value;
        EXPECT_THAT(description(body), StartsWith("AADSTS" + std::string(split(value, ' ')[0]) + ":"));
    }
}

TEST_F(IdentityProviderTest, RefreshesAndKeepsTheOldTokenGood)
{
    auto const first = grant();
    std::string const old(first.at("refresh_token").as_string());
    auto const refreshed = token({{"grant_type", "refresh_token"}, {"refresh_token", old}}, 200);
    EXPECT_NE(refreshed.at("refresh_token"), first.at("refresh_token"));
    token({{"grant_type", "refresh_token"}, {"refresh_token", old}}, 200);
    EXPECT_EQ(api("counters").at("refreshes"), 2);
    api("settings", {{"old_refresh_token_stays", 0}});
    token({{"grant_type", "refresh_token"}, {"refresh_token", old}}, 200);
    EXPECT_THAT(description(token({{"grant_type", "refresh_token"}, {"refresh_token", old}}, 400)),
                StartsWith("AADSTS70000"));
    EXPECT_THAT(description(token({{"grant_type", "refresh_token"}, {"refresh_token", old + "x"}}, 400)),
                StartsWith("AADSTS9002313"));
}

TEST_F(IdentityProviderTest, AnswersSoManyRequestsASecondAndCountsTheRest)
{
    std::string const refresh(grant().at("refresh_token").as_string());
    api("settings", {{"token_requests_a_second", 1}});
    // Two of three fall into the same second, however the clock stands.
    int refused = 0;
    for (int i = 0; i < 3; ++i) {
        auto const body = form({{"grant_type", "refresh_token"},
                                {"refresh_token", refresh},
                                {"client_id", facts_.client_id},
                                {"client_secret", facts_.client_secret}});
        auto const answer = http("POST", '/' + facts_.tenant_id + "/oauth2/v2.0/token", body, std::string(form_type));
        if (answer.status != 429) continue;
        ++refused;
        EXPECT_THAT(answer.head, HasSubstr("\r\nretry-after: 1\r\n"));
    }
    EXPECT_GT(refused, 0);
    EXPECT_EQ(api("counters").at("token_excess"), refused);
}

TEST_F(IdentityProviderTest, IssuesRefreshTokensAsIfPeopleHadSignedIn)
{
    auto const answer =
        api("refresh-tokens", {{"users", boost::json::array{"sales@contoso.test"}}, {"scope", mail_scopes}});
    std::string const refresh(boost::json::parse(answer.body).at("sales@contoso.test").as_string());
    token({{"grant_type", "refresh_token"}, {"refresh_token", refresh}}, 200);
    token({{"grant_type", "refresh_token"}, {"refresh_token", refresh}}, 200);
    EXPECT_EQ(api("refreshes").at("sales@contoso.test"), 2);
    EXPECT_EQ(api("refresh-tokens", {{"users", boost::json::array{"nobody@contoso.test"}}}).status, 404U);
    EXPECT_EQ(api("refresh-tokens", {{"users", "sales@contoso.test"}}).status, 400U);
}

TEST_F(IdentityProviderTest, RefusesARefreshForEveryReasonThatItKnows)
{
    std::string const refresh(grant().at("refresh_token").as_string());
    auto const refused = [&] { return token({{"grant_type", "refresh_token"}, {"refresh_token", refresh}}, 400); };
    for (auto const& [id, code] : {std::pair("refresh-inactive", 700082), std::pair("refresh-revoked", 50173),
                                   std::pair("refresh-sign-in-frequency", 70043)}) {
        fault(id, "", 1);
        auto const body = refused();
        EXPECT_EQ(body.at("error"), "invalid_grant");
        EXPECT_EQ(body.at("error_codes").at(0), code);
        EXPECT_THAT(description(body), HasSubstr("\r\nTrace ID: "));
        token({{"grant_type", "refresh_token"}, {"refresh_token", refresh}}, 200);  // it played once
    }
    api("users", {{"upn", "sales@contoso.test"}, {"enabled", false}});
    EXPECT_EQ(refused().at("error_codes").at(0), 50057);
    api("users", {{"upn", "sales@contoso.test"}, {"enabled", true}});
    api("clock", {{"advance_s", 90 * 86'400}});
    EXPECT_EQ(refused().at("error_codes").at(0), 700082);
    api("users", {{"upn", "sales@contoso.test"}, {"password", "new"}});
    EXPECT_EQ(refused().at("error_codes").at(0), 700082);
}

TEST_F(IdentityProviderTest, RefusesTheClientForEveryReasonThatItKnows)
{
    std::string const refresh(grant().at("refresh_token").as_string());
    auto const with = [&](std::string const& secret) {
        return token({{"grant_type", "refresh_token"}, {"refresh_token", refresh}, {"client_secret", secret}}, 401);
    };
    auto const wrong = with("wrong");
    EXPECT_EQ(wrong.at("error"), "invalid_client");
    EXPECT_EQ(wrong.at("error_codes").at(0), 7000215);
    api("applications", {{"client_id", facts_.client_id},
                         {"secret", facts_.client_secret},
                         {"secret_expires", "2020-01-01T00:00:00.000Z"}});
    EXPECT_EQ(with(facts_.client_secret).at("error_codes").at(0), 7000222);
    api("applications", {{"client_id", facts_.client_id}, {"public_client", true}});
    EXPECT_EQ(with(facts_.client_secret).at("error_codes").at(0), 700025);
}

TEST_F(IdentityProviderTest, AnswersBusyAsItIsTold)
{
    std::string const refresh(grant().at("refresh_token").as_string());
    std::vector<std::pair<std::string, std::string>> const fields{{"grant_type", "refresh_token"},
                                                                  {"refresh_token", refresh},
                                                                  {"client_id", facts_.client_id},
                                                                  {"client_secret", facts_.client_secret}};
    auto const ask = [&] {
        return http("POST", '/' + facts_.tenant_id + "/oauth2/v2.0/token", form(fields), std::string(form_type));
    };
    fault("token-busy", "17", 1);
    auto const busy = ask();
    EXPECT_EQ(busy.status, 429U);
    EXPECT_THAT(to_lower(busy.head), HasSubstr("retry-after: 17"));
    fault("token-unavailable", "", 1);
    EXPECT_EQ(ask().status, 503U);
    fault("token-html", "200", 1);
    EXPECT_THAT(ask().body, StartsWith("<html>"));
    EXPECT_EQ(ask().status, 200U);
}

TEST_F(IdentityProviderTest, PadsTokensAndShortensTheirLife)
{
    for (std::int64_t const size : {1'000, 3'000, 6'000}) {
        api("settings", {{"access_token_bytes", size}});
        EXPECT_NEAR(static_cast<double>(access_token().size()),
                    static_cast<double>(std::max<std::int64_t>(size, 1'270)), 100.0);
    }
    fault("token-short-life", "60");
    auto const claims = claims_of(access_token());
    EXPECT_EQ(claims.at("exp").as_int64() - claims.at("iat").as_int64(), 60);
}

TEST_F(IdentityProviderTest, GivesOneResourceAToken)
{
    std::string const refresh(grant().at("refresh_token").as_string());
    auto const asked = token({{"grant_type", "refresh_token"},
                              {"refresh_token", refresh},
                              {"scope", "https://outlook.office.com/SMTP.Send https://graph.microsoft.com/User.Read"}},
                             400);
    EXPECT_EQ(asked.at("error_codes").at(0), 70011);
    EXPECT_EQ(token({{"grant_type", "refresh_token"},
                     {"refresh_token", refresh},
                     {"scope", "https://outlook.office.com/POP.AccessAsUser.All"}},
                    400)
                  .at("suberror"),
              "consent_required");
}

TEST_F(IdentityProviderTest, Introspects)
{
    auto const path = '/' + facts_.tenant_id + "/oauth2/v2.0/introspect";
    auto const good =
        boost::json::parse(http("POST", path, form({{"token", access_token()}}), std::string(form_type)).body);
    EXPECT_EQ(good.at("active"), true);
    EXPECT_EQ(good.at("username"), "sales@contoso.test");
    EXPECT_EQ(boost::json::parse(http("POST", path, "token=nonsense", std::string(form_type)).body).at("active"),
              false);
    auto const info =
        http("GET", '/' + facts_.tenant_id + "/oidc/userinfo", "", "Authorization: Bearer " + access_token() + "\r\n");
    EXPECT_EQ(boost::json::parse(info.body).at("email"), "sales@contoso.test");
}

TEST_F(IdentityProviderTest, SurvivesNonsense)
{
    auto const at = '/' + facts_.tenant_id + "/oauth2/v2.0/token";
    for (auto const* const body : {"", "%", "grant_type", "grant_type=refresh_token&client_id=%00", "=&=&=", "a=b&a=c"})
        EXPECT_GE(http("POST", at, body, std::string(form_type)).status, 400U) << body;
    for (auto const* const path : {"//", "/x/oauth2/v2.0/authorize", "/%ff%fe/v2.0/.well-known/openid-configuration"})
        EXPECT_GE(http("GET", path).status, 400U) << path;
    EXPECT_GE(
        http("POST", at, form({{"client_id", "x"}}), std::string(form_type) + "Authorization: Basic Og==\r\n").status,
        400U);
    EXPECT_EQ(http("GET", "/").status, 200U);
}

TEST(TokensTest, RefusesWhatItDidNotSign)
{
    std::string name = std::filesystem::temp_directory_path() / "postroom-keys-XXXXXX";
    std::string const directory = ::mkdtemp(name.data());
    auto const keys = TokenKeys::load_or_make(directory).value();
    auto const token = keys.sign({{"upn", "a@b"}, {"exp", 2'000'000'000}});
    Instant const now{std::chrono::seconds(1'900'000'000)};
    EXPECT_EQ(read_access_token(keys, token, now).value().upn, "a@b");
    EXPECT_FALSE(read_access_token(keys, token, Instant(std::chrono::seconds(2'000'000'000))));
    auto const parts = split(token, '.');
    std::string const body = to_base64url(R"({"upn":"c@d","exp":2000000000})");
    EXPECT_FALSE(read_access_token(keys, std::string(parts[0]) + '.' + body + '.' + std::string(parts[2]), now));
    EXPECT_FALSE(read_access_token(keys, to_base64url(R"({"alg":"none"})") + '.' + body + '.', now));
    for (auto const* const nonsense : {"", ".", "..", "a.b.c", "...."})
        EXPECT_FALSE(read_access_token(keys, nonsense, now));
    auto const again = TokenKeys::load_or_make(directory).value();
    EXPECT_TRUE(read_access_token(again, token, now)) << "the key outlives a restart";
    EXPECT_EQ(again.unseal(keys.seal({{"a", 1}})).value().at("a"), 1);
    std::filesystem::remove_all(directory);
}

}  // namespace postroom::lab
