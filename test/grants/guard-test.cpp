#include "grants/guard.hpp"

#include "house.hpp"

namespace postroom::grants {
namespace {

using testing::AllOf;
using testing::HasSubstr;

using GuardTest = HouseTest;

TEST_F(GuardTest, AcceptsAGrantForTheAccountsUser)
{
    auto const outcome = sign_in();
    ASSERT_TRUE(outcome.accepted) << outcome.words;
    EXPECT_EQ(outcome.account, "sales");
    auto const kept = grant().value();
    EXPECT_EQ(kept.owner, (model::Owner{"tenant-1", "object-1", "sales@contoso.com"}));
    EXPECT_EQ(kept.access_token_ends, clock.now() + 1h);
    EXPECT_EQ(refresh_token(), "refresh-1");
    EXPECT_EQ(kept.refresh_token.bytes.find("refresh-1"), std::string::npos);
    EXPECT_EQ(stored_account().state, model::AccountState::ready);
    read([&](store::Connection& c) {
        auto const settled = store::authorization(c, last.id).value();
        EXPECT_EQ(settled.outcome, model::Authorization::State::accepted);
        EXPECT_EQ(store::audit_trail(c, 1).at(0).what, "grant.accept");
        EXPECT_EQ(store::audit_trail(c, 1).at(0).who, "ada");
        return 0;
    });
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].find("code")->second, "the-code");
    EXPECT_EQ(calls[0].find("redirect_uri")->second, "https://postroom.contoso.com/oauth/callback");
    EXPECT_EQ(calls[0].find("client_secret")->second, "s3cret");
    EXPECT_GE(calls[0].find("code_verifier")->second.size(), 43U);
}

TEST_F(GuardTest, AsksForASignInThatIsNeverSilent)
{
    begin();
    EXPECT_EQ(parameter(last.url, "prompt"), "login");
    EXPECT_EQ(parameter(last.url, "login_hint"), "Sales@contoso.com");
    EXPECT_EQ(parameter(last.url, "code_challenge_method"), "S256");
    EXPECT_THAT(parameter(last.url, "scope"), AllOf(HasSubstr("offline_access"), HasSubstr("/SMTP.Send")));
    EXPECT_EQ(last.ends, clock.now() + 15min);
}

TEST_F(GuardTest, SaysWhatIsMissingBeforeItBegins)
{
    EXPECT_EQ(run(begin_authorization(ground, "nobody", "ada")).error().kind, Trouble::not_found);
    write([](store::Connection& c) { store::set_setting(c, "external-url", ""); });
    auto const unset = run(begin_authorization(ground, "sales", "ada"));
    ASSERT_FALSE(unset);
    EXPECT_EQ(unset.error().kind, Trouble::invalid);
    EXPECT_THAT(unset.error().message, HasSubstr("external-url"));
    write([](store::Connection& c) { store::set_setting(c, "external-url", "https://postroom.contoso.com"); });
    provider->stop();
    provider.reset();
    auto const gone = run(begin_authorization(ground, "sales", "ada"));
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().kind, Trouble::unreachable) << gone.error().message;
}

TEST_F(GuardTest, TakesAStateOnceAndOnlyItsOwn)
{
    auto const state = begin();
    EXPECT_FALSE(run(finish_authorization(ground, "code=x&state=made-up")).accepted);
    EXPECT_FALSE(run(finish_authorization(ground, "code=x")).accepted);
    EXPECT_FALSE(run(finish_authorization(ground, "")).accepted);
    EXPECT_TRUE(calls.empty());
    EXPECT_TRUE(read([&](store::Connection& c) { return store::audit_trail(c, 9); }).empty())
        << "a stranger must not be able to fill the store";
    EXPECT_TRUE(run(finish_authorization(ground, "code=x&state=" + state)).accepted);
    auto const again = run(finish_authorization(ground, "code=y&state=" + state));
    EXPECT_FALSE(again.accepted);
    EXPECT_EQ(calls.size(), 1U) << "no code is redeemed for a state that was used";
    EXPECT_EQ(grant()->version, 1);
}

TEST_F(GuardTest, RefusesAReturnThatComesTooLate)
{
    auto const state = begin();
    clock.advance(15min);
    auto const outcome = run(finish_authorization(ground, "code=x&state=" + state));
    EXPECT_FALSE(outcome.accepted);
    EXPECT_THAT(outcome.words, HasSubstr("too long"));
    EXPECT_TRUE(calls.empty());
    auto const settled = read([&](store::Connection& c) { return store::authorization(c, last.id); }).value();
    EXPECT_EQ(settled.outcome, model::Authorization::State::refused);
}

TEST_F(GuardTest, PassesTheProvidersRefusalOn)
{
    auto const state = begin();
    auto const outcome = run(finish_authorization(
        ground, "error=access_denied&error_description=AADSTS65004:+User+declined+to+consent&state=" + state));
    EXPECT_FALSE(outcome.accepted);
    EXPECT_EQ(outcome.account, "sales");
    EXPECT_THAT(outcome.words, AllOf(HasSubstr("access_denied"), HasSubstr("AADSTS65004")));
    status = net::http::status::bad_request;
    body =
        R"({"error":"invalid_grant","error_description":"AADSTS54005: code was already redeemed\r\nTrace ID: t-1\r\nCorrelation ID: c-1"})";
    auto const at_token = sign_in();
    EXPECT_FALSE(at_token.accepted);
    EXPECT_THAT(at_token.words, AllOf(HasSubstr("AADSTS54005"), HasSubstr("t-1"), HasSubstr("c-1")));
    EXPECT_FALSE(grant());
    EXPECT_EQ(read([&](store::Connection& c) { return store::audit_trail(c, 9); }).size(), 2U);
}

TEST_F(GuardTest, RefusesAnotherUserNamingBoth)
{
    claims["preferred_username"] = "desktop@contoso.com";
    auto const outcome = sign_in();
    EXPECT_FALSE(outcome.accepted);
    EXPECT_THAT(outcome.words, AllOf(HasSubstr("desktop@contoso.com"), HasSubstr("Sales@contoso.com")));
    EXPECT_FALSE(grant()) << "nothing is stored";
    EXPECT_EQ(stored_account().state, model::AccountState::new_account);
}

TEST_F(GuardTest, KeepsToTheOwnerOfTheFirstGrant)
{
    ASSERT_TRUE(sign_in().accepted);
    claims["oid"] = "object-2";  // the name was given to somebody else
    tokens["refresh_token"] = "refresh-2";
    EXPECT_FALSE(sign_in().accepted);
    EXPECT_EQ(refresh_token(), "refresh-1") << "the old grant stays in force";
    claims["oid"] = "object-1";
    claims["preferred_username"] = "sales-new@contoso.com";  // the user was renamed
    auto const renamed = sign_in();
    EXPECT_TRUE(renamed.accepted) << renamed.words;
    EXPECT_EQ(refresh_token(), "refresh-2");
    EXPECT_EQ(grant()->version, 2);
    claims["tid"] = "tenant-2";
    EXPECT_FALSE(sign_in().accepted);
}

TEST_F(GuardTest, RefusesWhatAnIdTokenCantProve)
{
    auto const refused = [&](std::string_view what) {
        auto const outcome = sign_in();
        EXPECT_FALSE(outcome.accepted) << what;
        EXPECT_FALSE(grant()) << what;
        return outcome.words;
    };
    auto const good = claims;
    {
        auto const state = begin();
        claims["nonce"] = "another";
        EXPECT_THAT(run(finish_authorization(ground, "code=x&state=" + state)).words, HasSubstr("nonce"));
    }
    claims = good;
    claims["aud"] = "another-client";
    EXPECT_THAT(refused("audience"), HasSubstr("audience"));
    claims = good;
    claims["iss"] = "https://evil.example/v2.0";
    EXPECT_THAT(refused("issuer"), HasSubstr("issuer"));
    claims = good;
    claims["exp"] = seconds() - 3600;
    EXPECT_THAT(refused("time"), HasSubstr("clock"));
    claims.clear();
    EXPECT_THAT(refused("no id token"), HasSubstr("openid"));
    claims = good;
    EXPECT_TRUE(sign_in().accepted);
}

TEST_F(GuardTest, RefusesAGrantThatWouldNotDo)
{
    auto const good = tokens;
    tokens["scope"] = "https://outlook.office.com/IMAP.AccessAsUser.All openid";
    EXPECT_THAT(sign_in().words, HasSubstr("https://outlook.office.com/SMTP.Send"));
    tokens = good;
    tokens.erase("refresh_token");
    EXPECT_THAT(sign_in().words, HasSubstr("offline_access"));
    tokens = good;
    tokens["expires_in"] = 599;
    EXPECT_THAT(sign_in().words, HasSubstr("599"));
    tokens["access_token"] = signer.sign({{"oid", "object-9"}}, "RS256");
    tokens["expires_in"] = 3600;
    EXPECT_THAT(sign_in().words, HasSubstr("object-9"));
    EXPECT_FALSE(grant());
    tokens = good;
    tokens["expires_in"] = 600;
    auto const warned = sign_in();
    EXPECT_TRUE(warned.accepted);
    EXPECT_THAT(warned.words, HasSubstr("600"));
}

TEST_F(GuardTest, TakesAProviderWithoutTenants)
{
    claims.erase("tid");
    claims.erase("oid");
    claims.erase("preferred_username");
    claims["email"] = "sales@contoso.com";
    auto const outcome = sign_in();
    ASSERT_TRUE(outcome.accepted) << outcome.words;
    EXPECT_EQ(grant()->owner, (model::Owner{base + "/v2.0", "subject", "sales@contoso.com"}));
}

TEST_F(GuardTest, EndsTheAlarmOfWhatItReplaces)
{
    write([&](store::Connection& c) {
        store::raise_alarm(c, "grant-refresh", "sales", "AADSTS50173", clock.now());
        store::set_account_state(c, account.id, model::AccountState::needs_authorization, "AADSTS50173", clock.now());
    });
    ASSERT_TRUE(sign_in().accepted);
    EXPECT_TRUE(read([](store::Connection& c) { return store::alarms(c); }).empty());
    EXPECT_EQ(stored_account().state_reason, "");
}

}  // namespace
}  // namespace postroom::grants
