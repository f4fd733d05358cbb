// The flow against a provider of the test's own, on loopback.
#include "oauth/code-flow.hpp"
#include "oauth/id-token.hpp"

#include "base/text.hpp"
#include "net/http-server.hpp"
#include "oauth/refresh.hpp"
#include "support/certificates.hpp"
#include "support/loop.hpp"
#include "support/tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::oauth {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Ask ask()
{
    Ask wanted;
    wanted.client_id = "client & co";
    wanted.redirect_url = "https://postroom.contoso.com/oauth/callback";
    wanted.scopes = mail_scopes(cloud_named("worldwide").value());
    wanted.login_hint = "sales@contoso.com";
    return wanted;
}

std::multimap<std::string, std::string> query_of(std::string const& url)
{
    return net::parse_form(url.substr(url.find('?') + 1)).value();
}

// RFC 7636, appendix B.
TEST(CodeFlow, ChallengeOfTheRfc)
{
    EXPECT_EQ(code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
              "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(CodeFlow, TheUrlAsksForEverything)
{
    Provider provider;
    provider.authorize = "https://login.microsoftonline.com/t/oauth2/v2.0/authorize";
    auto const sign_in = begin_sign_in(provider, ask());
    EXPECT_THAT(sign_in.url, StartsWith(provider.authorize + "?"));
    auto const query = query_of(sign_in.url);
    auto const value = [&](char const* name) { return query.count(name) == 1 ? query.find(name)->second : "?"; };
    EXPECT_EQ(value("client_id"), "client & co");
    EXPECT_EQ(value("response_type"), "code");
    EXPECT_EQ(value("redirect_uri"), "https://postroom.contoso.com/oauth/callback");
    EXPECT_EQ(value("scope"),
              "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access "
              "openid profile email");
    EXPECT_EQ(value("prompt"), "login");
    EXPECT_EQ(value("login_hint"), "sales@contoso.com");
    EXPECT_EQ(value("state"), sign_in.state);
    EXPECT_EQ(value("nonce"), sign_in.nonce);
    EXPECT_EQ(value("code_challenge_method"), "S256");
    EXPECT_EQ(value("code_challenge"), code_challenge(sign_in.verifier.expose()));
    EXPECT_GE(sign_in.verifier.size(), 43U);
    EXPECT_THAT(sign_in.url, Not(HasSubstr(std::string(sign_in.verifier.expose()))));
}

TEST(CodeFlow, ThePromptIsNeverAbsentAndNothingIsUsedTwice)
{
    Provider provider;
    provider.authorize = "https://op.example.com/authorize?realm=x";
    auto wanted = ask();
    wanted.prompt = "";
    auto const first = begin_sign_in(provider, wanted);
    EXPECT_THAT(first.url, AllOf(HasSubstr("?realm=x&client_id="), HasSubstr("&prompt=login")));
    wanted.prompt = "select_account";
    auto const second = begin_sign_in(provider, wanted);
    EXPECT_THAT(second.url, AllOf(HasSubstr("&prompt=select_account"), Not(HasSubstr("login_hint"))));
    EXPECT_NE(first.state, second.state);
    EXPECT_NE(first.nonce, second.nonce);
    EXPECT_FALSE(first.verifier == second.verifier);
}

TEST(CodeFlow, ReturnsAreRead)
{
    auto const good = read_return("code=0.AXa%2Bb&state=xyz&session_state=1");
    ASSERT_TRUE(good);
    EXPECT_EQ(good->code.expose(), "0.AXa+b");
    EXPECT_EQ(good->state, "xyz");

    auto const declined = read_return(
        "error=access_denied&error_description=AADSTS65004%3a+User+declined+to+consent.%0d%0aTrace+ID%3a+1a&state=xyz");
    ASSERT_TRUE(declined);
    EXPECT_TRUE(declined->code.empty());
    EXPECT_EQ(declined->error.error, "access_denied");
    EXPECT_EQ(declined->error.code(), 65004U);
    EXPECT_EQ(declined->error.trace_id, "1a");

    for (std::string const bad : {"", "code=a", "state=x", "state=x&state=y&code=a", "state=x&code=a&code=b",
                                  "state=x&code=a&error=b", "state=%zz&code=a", "state=&code=a"}) {
        auto const back = read_return(bad);
        ASSERT_FALSE(back) << bad;
        EXPECT_EQ(back.error().kind, Trouble::invalid);
    }
}

TEST(CodeFlow, ARefusedReturnDoesNotShowItsCode)
{
    for (std::string const bad : {"state=x&code=S3cret%zz", "code=S3cret", "state=x&code=S3cret&code=S3cret",
                                  "state=x&code=S3cret&error=b", "state=x&co%6&code=S3cret"}) {
        auto const back = read_return(bad);
        ASSERT_FALSE(back) << bad;
        EXPECT_THAT(back.error().message, Not(HasSubstr("S3cret"))) << bad;
    }
}

class ProviderTest : public testing::Test {
protected:
    ProviderTest() : authority(folder), https(loop.get_executor(), net::TlsContext::client({authority.file()}).value())
    {
        auto const files = authority.issue("localhost", "DNS:localhost");
        auto const tls = net::TlsContext::server(files.certificate, files.key).value();
        server =
            net::serve_http(loop.get_executor(), {Endpoint{"127.0.0.1", 0}, tls}, [this](net::HttpRequest request) {
                return handle(std::move(request));
            }).value();
        base = "https://localhost:" + std::to_string(server->port());
    }

    net::awaitable<net::HttpResponse> handle(net::HttpRequest request)
    {
        net::HttpResponse response;
        response.status = net::http::status::not_found;
        if (request.path == "/t/v2.0/.well-known/openid-configuration") {
            response.status = net::http::status::ok;
            response.body = R"({"issuer":")" + base + R"(/t-1/v2.0","authorization_endpoint":")" + base +
                            R"(/authorize","token_endpoint":")" + base + R"(/token","jwks_uri":")" + base +
                            R"(/keys","userinfo_endpoint":")" + base +
                            R"(/me","token_endpoint_auth_methods_supported":["client_secret_post"]})";
        }
        if (request.path == "/site/v2.0/.well-known/openid-configuration") {
            response.status = net::http::status::ok;
            response.body = "<html><h1>Welcome</h1></html>";
        }
        if (request.path == "/site/.well-known/openid-configuration") {
            response.status = status;
            response.body = R"({"issuer":")" + base + R"(/site","authorization_endpoint":")" + base +
                            R"(/authorize","token_endpoint":")" + base + R"(/token","jwks_uri":")" + base +
                            R"(/keys"})";
        }
        if (request.path == "/busy/.well-known/openid-configuration")
            response.status = net::http::status::service_unavailable;
        if (request.path == "/keys") {
            response.status = net::http::status::ok;
            response.body = signer.jwks();
        }
        if (request.path == "/me") {
            response.status = status;
            response.body = answer;
            authorization = request.header("authorization");
        }
        if (request.path == "/token") {
            response.status = status;
            response.body = answer;
            asked = net::parse_form(request.body).value();
            authorization = request.header("authorization");
        }
        co_return response;
    }

    std::string field(char const* name) { return asked.count(name) == 1 ? asked.find(name)->second : "?"; }

    Provider provider() { return test::run(loop, discover(https, base + "/t")).value(); }

    test::ScratchFolder folder;
    test::Authority authority;
    boost::asio::io_context loop;
    net::Https https;
    std::unique_ptr<net::Listener> server;
    std::string base;
    test::TokenSigner signer;
    net::http::status status = net::http::status::ok;
    std::string answer = R"({"token_type":"Bearer","access_token":"at","refresh_token":"rt2","expires_in":3600})";
    std::multimap<std::string, std::string> asked;
    std::string authorization;
    Client const client{"client", Secret("s&cret")};
};

TEST_F(ProviderTest, IsDiscoveredWithItsKeys)
{
    auto const found = provider();
    EXPECT_EQ(found.issuer, base + "/t-1/v2.0");
    EXPECT_EQ(test::run(loop, fetch_keys(https, found.keys)).value().size(), 3U);
    auto const nowhere = test::run(loop, discover(https, base + "/elsewhere"));
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().kind, Trouble::protocol);
    EXPECT_THAT(nowhere.error().message, AllOf(HasSubstr("/elsewhere/v2.0/.well-known"), HasSubstr("HTTP 404")));
    EXPECT_FALSE(test::run(loop, fetch_keys(https, base + "/nokeys")));
}

TEST_F(ProviderTest, IsFoundBehindASiteThatHasAPageForEverything)
{
    auto const found = test::run(loop, discover(https, base + "/site"));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->issuer, base + "/site");

    status = net::http::status::not_found;
    auto const nowhere = test::run(loop, discover(https, base + "/site"));
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().kind, Trouble::protocol);
    EXPECT_THAT(nowhere.error().message, HasSubstr("web page"));
}

TEST_F(ProviderTest, InTroubleIsNotTakenForNone)
{
    auto const busy = test::run(loop, discover(https, base + "/busy"));
    ASSERT_FALSE(busy);
    EXPECT_EQ(busy.error().kind, Trouble::unreachable);
    EXPECT_THAT(busy.error().message, AllOf(HasSubstr("try again later"), HasSubstr("HTTP 503")));
}

TEST_F(ProviderTest, NamesThatTheIdTokenLeavesOutAreAskedFor)
{
    auto const found = provider();
    Identity const nobody{.tenant_id = {}, .object_id = {}, .subject = "s", .user_name = {}, .email = {}, .name = {}};
    answer = R"({"sub":"s","preferred_username":"sales@contoso.com","email":"s@contoso.com","name":"Sales"})";
    auto const known = test::run(loop, complete_identity(https, found, nobody, Secret("at")));
    ASSERT_TRUE(known) << known.error().message;
    EXPECT_EQ(authorization, "Bearer at");
    EXPECT_EQ(known->user_name, "sales@contoso.com");
    EXPECT_EQ(known->email, "s@contoso.com");
    EXPECT_EQ(known->subject, "s");

    // OpenID Connect Core 1.0 section 5.3.2: tokens can be exchanged for somebody else's.
    answer = R"({"sub":"t","preferred_username":"alex@contoso.com"})";
    EXPECT_EQ(test::run(loop, complete_identity(https, found, nobody, Secret("at"))).error().kind, Trouble::refused);
    answer = R"({"preferred_username":"alex@contoso.com"})";
    EXPECT_EQ(test::run(loop, complete_identity(https, found, nobody, Secret("at"))).error().kind, Trouble::refused);
    status = net::http::status::unauthorized;
    EXPECT_FALSE(test::run(loop, complete_identity(https, found, nobody, Secret("at"))));

    // Who is named already is not asked for, nor is who has nobody to be asked.
    authorization.clear();
    auto named = nobody;
    named.user_name = "a@contoso.com";
    EXPECT_EQ(test::run(loop, complete_identity(https, found, named, Secret("at")))->user_name, "a@contoso.com");
    auto mute = found;
    mute.user_info.clear();
    EXPECT_TRUE(test::run(loop, complete_identity(https, mute, nobody, Secret("at"))));
    EXPECT_EQ(authorization, "");
}

TEST_F(ProviderTest, ACodeIsRedeemed)
{
    auto const found = provider();
    auto const tokens = test::run(loop, redeem(https, found, client, Secret("c+de"), Secret("verifier"),
                                               "https://postroom.contoso.com/oauth/callback"));
    ASSERT_TRUE(tokens) << tokens.error().message();
    EXPECT_EQ(tokens->access_token.expose(), "at");
    EXPECT_EQ(field("grant_type"), "authorization_code");
    EXPECT_EQ(field("code"), "c+de");
    EXPECT_EQ(field("code_verifier"), "verifier");
    EXPECT_EQ(field("redirect_uri"), "https://postroom.contoso.com/oauth/callback");
    EXPECT_EQ(field("client_id"), "client");
    EXPECT_EQ(field("client_secret"), "s&cret");
    EXPECT_EQ(authorization, "");
}

TEST_F(ProviderTest, ASecretGoesByHeaderWhereOnlyThatIsTaken)
{
    auto found = provider();
    found.secret_in_header = true;
    ASSERT_TRUE(test::run(loop, refresh(https, found, client, Secret("rt"), {"a", "b"})));
    EXPECT_EQ(authorization, "Basic " + to_base64("client:s%26cret"));
    EXPECT_EQ(asked.count("client_secret"), 0U);
}

TEST_F(ProviderTest, ATokenIsRefreshedOrTheRefusalIsKept)
{
    auto const found = provider();
    Client const open{"public", Secret()};
    auto const tokens = test::run(loop, refresh(https, found, open, Secret("rt"), {"a", "b"}));
    ASSERT_TRUE(tokens);
    EXPECT_EQ(tokens->refresh_token.expose(), "rt2");
    EXPECT_EQ(field("grant_type"), "refresh_token");
    EXPECT_EQ(field("refresh_token"), "rt");
    EXPECT_EQ(field("scope"), "a b");
    EXPECT_EQ(asked.count("client_secret"), 0U);

    status = net::http::status::bad_request;
    answer =
        R"({"error":"invalid_grant","error_description":"AADSTS50173: The provided grant has expired due to it being revoked","suberror":"bad_token"})";
    auto const refused = test::run(loop, refresh(https, found, open, Secret("rt"), {}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, 400U);
    EXPECT_EQ(refused.error().code(), 50173U);
}

TEST_F(ProviderTest, TheNetworksTroubleIsNoRefusal)
{
    auto const found = provider();
    server.reset();
    EXPECT_THROW((void)test::run(loop, refresh(https, found, client, Secret("rt"), {})), net::Broken);
}

}  // namespace
}  // namespace postroom::oauth
