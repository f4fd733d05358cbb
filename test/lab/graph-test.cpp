#include "visitor.hpp"

#include <gmock/gmock.h>

namespace postroom::lab {

using testing::HasSubstr;

namespace {

constexpr std::string_view graph = "https://graph.microsoft.com/";

}  // namespace

class GraphTest : public LabTest {
protected:
    boost::json::object ask(std::string const& path, std::string const& token, unsigned expected = 200)
    {
        auto const answer =
            http("GET", "/v1.0/" + path, "", token.empty() ? "" : "Authorization: Bearer " + token + "\r\n");
        EXPECT_EQ(answer.status, expected) << path << ": " << answer.body;
        boost::system::error_code error;
        auto const value = boost::json::parse(answer.body, error);
        return value.is_object() ? value.get_object() : boost::json::object();
    }
    std::string code(std::string const& path, std::string const& token, unsigned expected)
    {
        auto const answer = ask(path, token, expected);
        auto const* const error = answer.if_contains("error");
        if (error == nullptr) return {};
        EXPECT_EQ(error->at("innerError").at("request-id").as_string().size(), 36U);
        return std::string(error->at("code").as_string()) + ": " + std::string(error->at("message").as_string());
    }
    std::string of_sales(std::string const& permission)
    {
        return access_token("sales@contoso.test", "openid " + std::string(graph) + permission);
    }
    std::string of_application(boost::json::array const& roles)
    {
        api("applications", {{"client_id", facts_.client_id}, {"app_roles", roles}});
        auto const body =
            token({{"grant_type", "client_credentials"}, {"scope", std::string(graph) + ".default"}}, 200);
        return std::string(body.at("access_token").as_string());
    }
};

TEST_F(GraphTest, TellsLicencesOfWhoeverMayBeAskedAbout)
{
    auto const token = of_sales("User.Read");
    auto const own = ask("me/licenseDetails", token).at("value").as_array();
    ASSERT_EQ(own.size(), 1U);
    EXPECT_EQ(own[0].at("skuPartNumber"), "ENTERPRISEPACK");
    EXPECT_EQ(own[0].at("servicePlans").at(0).at("servicePlanName"), "EXCHANGE_S_ENTERPRISE");
    EXPECT_EQ(own[0].at("servicePlans").at(0).at("provisioningStatus"), "Success");
    EXPECT_EQ(code("users/support@contoso.test/licenseDetails", token, 403),
              "Authorization_RequestDenied: Insufficient privileges to complete the operation.");
    EXPECT_EQ(code("users/support@contoso.test/licenseDetails", of_application({"User.Read.All"}), 403).substr(0, 27),
              "Authorization_RequestDenied");

    api("mailboxes", {{"address", "support@contoso.test"}, {"licence", "DESKLESSPACK"}});
    auto const all = of_sales("User.Read.All");
    EXPECT_EQ(ask("users/support@contoso.test/licenseDetails", all)
                  .at("value")
                  .at(0)
                  .at("servicePlans")
                  .at(0)
                  .at("servicePlanName"),
              "EXCHANGE_S_DESKLESS");
    EXPECT_THAT(boost::json::serialize(api("mailboxes")), HasSubstr(R"("imap_enabled":false)"));
    api("mailboxes", {{"address", "support@contoso.test"}, {"licensed", false}});
    EXPECT_TRUE(ask("users/support@contoso.test/licenseDetails", all).at("value").as_array().empty());
    EXPECT_EQ(api("mailboxes", {{"address", "support@contoso.test"}, {"licence", "NO_SUCH"}}).status, 400U);
    auto const products = ask("subscribedSkus", of_application({"Organization.Read.All"})).at("value").as_array();
    ASSERT_EQ(products.size(), 1U);
    EXPECT_EQ(products[0].at("consumedUnits"), 2);
}

TEST_F(GraphTest, KnowsUsersAndSharedMailboxes)
{
    api("mailboxes", {{"address", "shared@contoso.test"}});
    auto const token = of_application({"User.Read.All", "MailboxSettings.Read", "IMAP.AccessAsApp"});
    auto const sales = ask("users/sales@contoso.test?$select=id,accountEnabled,assignedPlans", token);
    EXPECT_TRUE(sales.at("accountEnabled").as_bool());
    EXPECT_EQ(sales.at("assignedPlans").at(0).at("service"), "exchange");
    EXPECT_FALSE(sales.contains("mail"));
    EXPECT_EQ(ask("users/" + std::string(sales.at("id").as_string()), token).at("mail"), "sales@contoso.test");
    EXPECT_EQ(ask("users/sales@contoso.test/mailboxSettings/userPurpose", token).at("value"), "user");
    EXPECT_EQ(ask("users/shared@contoso.test/mailboxSettings/userPurpose", token).at("value"), "shared");
    EXPECT_FALSE(ask("users/shared@contoso.test", token).at("accountEnabled").as_bool());
    EXPECT_THAT(code("users/nobody@contoso.test", token, 404), HasSubstr("Request_ResourceNotFound: Resource 'nobody"));
    EXPECT_THAT(code("me", token, 400), HasSubstr("/me request is only valid with delegated authentication flow."));
    EXPECT_THAT(code("groups", token, 400), HasSubstr("Resource not found for the segment 'groups'."));
}

TEST_F(GraphTest, ShowsTheApplicationAndWhatWasConsentedTo)
{
    api("applications", {{"client_id", facts_.client_id},
                         {"secret", facts_.client_secret},
                         {"secret_expires", "2027-01-01T00:00:00Z"}});
    auto const token = of_application({"Application.Read.All", "IMAP.AccessAsApp"});
    auto const application = ask("applications(appId='" + facts_.client_id + "')", token);
    EXPECT_EQ(application.at("web").at("redirectUris").at(0), boost::json::value(std::string(callback)));
    EXPECT_EQ(application.at("passwordCredentials").at(0).at("endDateTime"), "2027-01-01T00:00:00.000Z");
    EXPECT_EQ(boost::json::serialize(application).find(facts_.client_secret), std::string::npos);
    auto const principal = "servicePrincipals(appId='" + facts_.client_id + "')";
    auto const id = ask(principal, token).at("id");
    EXPECT_EQ(id, api("applications").at(0).at("enterprise_object_id"));
    EXPECT_EQ(ask(principal + "/oauth2PermissionGrants", token).at("value").at(0).at("consentType"), "AllPrincipals");
    auto const roles = ask("servicePrincipals/" + std::string(id.as_string()) + "/appRoleAssignments", token);
    EXPECT_EQ(roles.at("value").as_array().size(), 2U);
    EXPECT_EQ(roles.at("value").at(0).at("principalId"), id);
    EXPECT_EQ(code("applications(appId='x')", token, 404).substr(0, 24), "Request_ResourceNotFound");
    EXPECT_EQ(code(principal, of_sales("User.Read.All"), 403).substr(0, 27), "Authorization_RequestDenied");
}

TEST_F(GraphTest, TakesNoOtherTokenThanItsOwn)
{
    EXPECT_EQ(code("me", "", 401), "InvalidAuthenticationToken: Access token is empty.");
    EXPECT_THAT(code("me", "no.such.token", 401), HasSubstr("80049217"));
    EXPECT_THAT(code("me", access_token(), 401), HasSubstr("Invalid audience."));
    auto const token = of_sales("User.Read");
    EXPECT_EQ(ask("me", token).at("userPrincipalName"), "sales@contoso.test");
    api("clock", {{"advance_s", 6'000}});
    EXPECT_THAT(code("me", token, 401), HasSubstr("Lifetime validation failed"));
    // Nor is one of Graph's good for a mailbox.
    auto const visitor = imap(false);
    EXPECT_EQ(
        visitor->command("a AUTHENTICATE XOAUTH2 " + xoauth2("sales@contoso.test", of_sales("IMAP.AccessAsUser.All"))),
        "a NO AUTHENTICATE failed.\n");
}

}  // namespace postroom::lab
