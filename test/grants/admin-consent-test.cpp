#include "grants/admin-consent.hpp"

#include "house.hpp"

namespace postroom::grants {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class AdminConsentTest : public HouseTest {
protected:
    AdminConsentTest()
    {
        entra = application;
        entra.id = model::ApplicationId::make();
        entra.name = "Entra";
        entra.cloud = "worldwide";
        entra.tenant = "contoso.com";
        entra.authority.clear();
        write([&](store::Connection& c) { store::add_application(c, entra); });
    }
    std::string link() { return admin_consent_url(ground, entra, "https://postroom.contoso.com/", "ada"); }
    Outcome come_back_from_consent(std::string const& state, std::string const& with)
    {
        return run(finish_authorization(ground, with + "&state=" + net::percent_encode(state)));
    }

    model::Application entra;
};

TEST_F(AdminConsentTest, IsThePageThatMicrosoftDocuments)
{
    auto const url = link();
    EXPECT_THAT(url, StartsWith("https://login.microsoftonline.com/contoso.com/v2.0/adminconsent?"));
    EXPECT_EQ(parameter(url, "client_id"), "client");
    EXPECT_EQ(parameter(url, "scope"), "https://outlook.office365.com/.default");
    EXPECT_EQ(parameter(url, "redirect_uri"), "https://postroom.contoso.com/oauth/callback");
    EXPECT_EQ(url.find("ada"), std::string::npos);
    EXPECT_NE(link(), url) << "each is another";
    EXPECT_EQ(admin_consent_url(ground, application, "https://postroom.contoso.com", "ada"), "") << "none of Entra's";
    EXPECT_EQ(admin_consent_url(ground, entra, "", "ada"), "");
    entra.tenant = "";
    EXPECT_EQ(link(), "");
}

TEST_F(AdminConsentTest, ItsReturnIsToldAndNotedOnce)
{
    auto const state = parameter(link(), "state");
    auto const consented =
        come_back_from_consent(state, "admin_consent=True&tenant=11111111-2222-3333-4444-555555555555");
    EXPECT_TRUE(consented.consented);
    EXPECT_FALSE(consented.accepted);
    EXPECT_THAT(consented.words, AllOf(HasSubstr("11111111-2222"), HasSubstr("Entra")));
    auto const again = come_back_from_consent(state, "admin_consent=True&tenant=t");
    EXPECT_TRUE(again.consented);
    ASSERT_EQ(audited(), std::vector<std::string>{"application.consent"});
    auto const entry = read([](store::Connection& c) { return store::audit_trail(c, 1); }).at(0);
    EXPECT_EQ(entry.who, "somebody") << "who followed the link is not known";
    EXPECT_EQ(entry.on, "Entra");
    EXPECT_THAT(entry.detail, AllOf(HasSubstr(R"("made_by":"ada")"), HasSubstr("provider's answer says")));
    EXPECT_EQ(entry.detail.find(state), std::string::npos);
}

TEST_F(AdminConsentTest, AnotherTenantsIsSaidToBeOne)
{
    entra.tenant = "AAAAAAAA-2222-3333-4444-555555555555";
    write([&](store::Connection& c) { store::change_application(c, entra); });
    auto const words = [&](std::string const& tenant) {
        return come_back_from_consent(parameter(link(), "state"), "admin_consent=True&tenant=" + tenant).words;
    };
    EXPECT_THAT(words("aaaaaaaa-2222-3333-4444-555555555555"), Not(HasSubstr("another tenant")));
    EXPECT_THAT(words("11111111-2222-3333-4444-555555555555"),
                AllOf(HasSubstr("11111111-2222"), HasSubstr("another tenant"), HasSubstr(entra.tenant)));
    EXPECT_THAT(words(""), HasSubstr("not named"));
}

TEST_F(AdminConsentTest, ARefusalIsPassedOn)
{
    auto const refused = come_back_from_consent(
        parameter(link(), "state"),
        "error=access_denied&error_description=AADSTS65004:+declined%0D%0ATrace+ID:+t-1&admin_consent=True");
    EXPECT_FALSE(refused.consented);
    EXPECT_THAT(refused.words, AllOf(HasSubstr("AADSTS65004"), HasSubstr("t-1")));
    EXPECT_EQ(audited(), std::vector<std::string>{"application.consent"});
    EXPECT_FALSE(come_back_from_consent(parameter(link(), "state"), "tenant=t").consented);
    EXPECT_FALSE(come_back_from_consent(parameter(link(), "state"), "admin_consent=False").consented);
    EXPECT_EQ(audited().size(), 3U) << "each link is another";
}

TEST_F(AdminConsentTest, BelievesNoLinkButItsOwnForThirtyDays)
{
    auto const state = parameter(link(), "state");
    auto bent = state;
    bent.back() = bent.back() == 'A' ? 'B' : 'A';
    bent[40] = bent[40] == 'A' ? 'B' : 'A';
    for (auto const& each : {bent, std::string("consent."), std::string("consent.!"), state.substr(0, 60)}) {
        auto const outcome = come_back_from_consent(each, "admin_consent=True&tenant=t");
        EXPECT_FALSE(outcome.consented) << each;
    }
    EXPECT_EQ(audited(), std::vector<std::string>{"grant.stray-return"});
    clock.advance(30 * 24h - 1s);
    EXPECT_TRUE(come_back_from_consent(state, "admin_consent=True&tenant=t").consented);
    clock.advance(1s);
    EXPECT_FALSE(come_back_from_consent(state, "admin_consent=True&tenant=t").consented);
}

TEST_F(AdminConsentTest, IsOfferedWhereTheProviderWantsIt)
{
    account.id = model::AccountId::make();
    account.name = "service";
    account.application = entra.id;
    write([&](store::Connection& c) {
        store::add_account(c, account);
        model::Authorization waiting{.id = model::AuthorizationId::make(), .account = account.id, .state = "s-1"};
        waiting.redirect_url = "https://postroom.contoso.com/oauth/callback";
        waiting.by = "ada";
        waiting.ends = clock.now() + 15min;
        open_authorization(c, waiting);
    });
    auto const outcome = run(finish_authorization(
        ground, "state=s-1&error=access_denied&error_description=AADSTS90094:+An+administrator+must+consent"));
    EXPECT_THAT(outcome.words, HasSubstr("AADSTS90094"));
    EXPECT_THAT(outcome.consent_url, StartsWith("https://login.microsoftonline.com/contoso.com/v2.0/adminconsent?"));
    EXPECT_EQ(parameter(outcome.consent_url, "redirect_uri"), "https://postroom.contoso.com/oauth/callback");
    auto const state = begin();
    EXPECT_EQ(come_back(state, "error=access_denied&error_description=AADSTS65004:+declined").consent_url, "");
}

}  // namespace
}  // namespace postroom::grants
