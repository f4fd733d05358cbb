// Grants for the application itself, without a user.
#include "house.hpp"

#include <boost/json/array.hpp>

namespace postroom::grants {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ApplicationFlowTest : public HouseTest {
protected:
    ApplicationFlowTest()
    {
        convert_to_application();
        access = {{"tid", "tenant-1"},
                  {"oid", "service-principal"},
                  {"appid", "client"},
                  {"roles", boost::json::array{"IMAP.AccessAsApp", "SMTP.SendAsApp"}}};
        claims.clear();
        tokens = {{"token_type", "Bearer"}, {"expires_in", 3600}};
    }

    model::Authorization authorize()
    {
        if (!access.empty()) tokens["access_token"] = signer.sign(access, "RS256");
        auto const begun = run(begin_authorization(ground, "sales", "ada"));
        if (!begun) throw std::runtime_error(begun.error().message);
        EXPECT_EQ(begun->flow, model::Flow::application);
        (void)try_what_is_due();
        return stored(begun->id);
    }
    std::string refusal()
    {
        auto const ended = authorize();
        EXPECT_EQ(ended.outcome, model::Authorization::State::refused);
        EXPECT_FALSE(grant());
        return ended.reason;
    }

    boost::json::object access;
};

TEST_F(ApplicationFlowTest, IsTriedAtOnceAndAccepted)
{
    auto const ended = authorize();
    EXPECT_EQ(ended.outcome, model::Authorization::State::accepted) << ended.reason;
    EXPECT_EQ(ended.reason, "");
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].find("grant_type")->second, "client_credentials");
    EXPECT_EQ(calls[0].find("scope")->second, "https://outlook.office365.com/.default");
    EXPECT_EQ(calls[0].find("client_secret")->second, "s3cret");
    auto const kept = grant().value();
    EXPECT_EQ(kept.owner, (model::Owner{"tenant-1", "service-principal", ""}));
    EXPECT_EQ(kept.scopes, std::vector<std::string>{"https://outlook.office365.com/.default"});
    EXPECT_TRUE(kept.refresh_token.bytes.empty());
    EXPECT_EQ(kept.access_token_ends, clock.now() + 1h);
    EXPECT_EQ(stored_account().state, model::AccountState::ready);
    EXPECT_EQ(audited()[0], "grant.accept");
}

TEST_F(ApplicationFlowTest, NeedsTheRoleThatRetrievalNeeds)
{
    access.erase("roles");
    EXPECT_THAT(refusal(), AllOf(HasSubstr("IMAP.AccessAsApp"), HasSubstr("none")));
    access["roles"] = boost::json::array{"POP.AccessAsApp", "SMTP.SendAsApp"};
    EXPECT_THAT(refusal(), AllOf(HasSubstr("IMAP.AccessAsApp"), HasSubstr("names POP.AccessAsApp, SMTP.SendAsApp")));
    access["roles"] = "IMAP.AccessAsApp";
    EXPECT_THAT(refusal(), HasSubstr("IMAP.AccessAsApp"));
    // Exchange's own role for sending is in no token.
    access["roles"] = boost::json::array{"IMAP.AccessAsApp"};
    auto const noted = authorize();
    EXPECT_EQ(noted.outcome, model::Authorization::State::accepted);
    EXPECT_THAT(noted.reason, HasSubstr("SMTP.SendAsApp"));
}

TEST_F(ApplicationFlowTest, Pop3NeedsARoleOfItsOwn)
{
    account.retrieval = model::Protocol::pop3;
    write([&](store::Connection& c) {
        store::remove_account(c, account.id);
        account.id = model::AccountId::make();
        store::add_account(c, account);
    });
    EXPECT_THAT(refusal(), HasSubstr("POP.AccessAsApp"));
    access["roles"] = boost::json::array{"POP.AccessAsApp", "SMTP.SendAsApp"};
    EXPECT_EQ(authorize().outcome, model::Authorization::State::accepted);
}

TEST_F(ApplicationFlowTest, StaysInItsTenant)
{
    ASSERT_EQ(authorize().outcome, model::Authorization::State::accepted);
    auto const first = grant()->version;
    access["oid"] = "registered-anew";
    EXPECT_EQ(authorize().outcome, model::Authorization::State::accepted);
    EXPECT_EQ(grant()->owner.object_id, "registered-anew");
    access["tid"] = "tenant-2";
    auto const refused = authorize();
    EXPECT_EQ(refused.outcome, model::Authorization::State::refused);
    EXPECT_THAT(refused.reason, AllOf(HasSubstr("tenant-1"), HasSubstr("tenant-2")));
    EXPECT_EQ(grant()->version, first + 1);
}

TEST_F(ApplicationFlowTest, ATokenOfAnotherApplicationIsRefused)
{
    access["appid"] = "another-client";
    EXPECT_THAT(refusal(), AllOf(HasSubstr("another-client"), HasSubstr("(client)")));
}

TEST_F(ApplicationFlowTest, AnotherTenantThanTheApplicationsIsRefused)
{
    application.tenant = "0a1b2c3d-0000-4000-8000-000000000001";
    write([&](store::Connection& c) { store::change_application(c, application); });
    EXPECT_THAT(refusal(), HasSubstr(application.tenant));
    access["tid"] = "0A1B2C3D-0000-4000-8000-000000000001";
    EXPECT_EQ(authorize().outcome, model::Authorization::State::accepted);
}

TEST_F(ApplicationFlowTest, ATokenThatCannotBeReadRejectsNothing)
{
    access.clear();
    tokens["access_token"] = "opaque";
    tokens["refresh_token"] = "RFC 6749 section 4.4.3: should not be there";
    auto const ended = authorize();
    EXPECT_EQ(ended.outcome, model::Authorization::State::accepted);
    EXPECT_THAT(ended.reason, HasSubstr("could not be told"));
    EXPECT_EQ(grant()->owner, (model::Owner{base + "/v2.0", "client", ""}));
    EXPECT_TRUE(grant()->refresh_token.bytes.empty());
    tokens["expires_in"] = 599;
    EXPECT_EQ(authorize().outcome, model::Authorization::State::refused);
}

TEST_F(ApplicationFlowTest, TheProvidersRefusalIsItsEnd)
{
    status = net::http::status::bad_request;
    body =
        R"({"error":"unauthorized_client","error_description":"AADSTS700016: not found\r\nTrace ID: t-1\r\nCorrelation ID: c-1"})";
    EXPECT_THAT(refusal(), AllOf(HasSubstr("AADSTS700016"), HasSubstr("t-1"), HasSubstr("c-1")));
    EXPECT_EQ(audited()[0], "grant.refuse");
    status = net::http::status::bad_gateway;
    body = "<html>Bad Gateway</html>";
    EXPECT_THAT(refusal(), HasSubstr("web page"));
}

TEST_F(ApplicationFlowTest, AnotherProvidersScopeOnlyAPersonKnows)
{
    configured_at = "";
    EXPECT_THAT(refusal(), HasSubstr("set its scopes"));
    EXPECT_TRUE(calls.empty());
    application.scopes = {"mail", "send"};
    write([&](store::Connection& c) { store::change_application(c, application); });
    access.erase("roles");
    EXPECT_EQ(authorize().outcome, model::Authorization::State::accepted);
    EXPECT_EQ(calls.back().find("scope")->second, "mail send");
}

}  // namespace
}  // namespace postroom::grants
