#include "oauth/authority.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::oauth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string url(std::string_view cloud, std::string_view tenant, std::string_view custom = "")
{
    auto const made = authority_url(cloud_named(cloud).value(), tenant, custom);
    return made ? *made : "error: " + made.error().message;
}

TEST(Clouds, AreRecords)
{
    auto const worldwide = cloud_named("worldwide").value();
    EXPECT_EQ(worldwide.imap_host, "outlook.office365.com");
    EXPECT_EQ(worldwide.smtp_host, "smtp.office365.com");
    EXPECT_THAT(mail_scopes(worldwide),
                ElementsAre("https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send",
                            "offline_access", "openid", "profile", "email"));
    EXPECT_THAT(mail_scopes(cloud_named("china").value()).front(), HasSubstr("https://partner.outlook.cn/IMAP."));
    auto const unknown = cloud_named("mars");
    ASSERT_FALSE(unknown);
    EXPECT_THAT(unknown.error().message, HasSubstr("worldwide, gcc-high, dod, china, custom"));
}

TEST(Authority, IsBuiltFromCloudAndTenant)
{
    EXPECT_EQ(url("worldwide", "contoso.com"), "https://login.microsoftonline.com/contoso.com");
    EXPECT_EQ(url("gcc-high", "9188040d-6c67-4c5b-b112-36a304b66dad"),
              "https://login.microsoftonline.us/9188040d-6c67-4c5b-b112-36a304b66dad");
    EXPECT_EQ(url("china", "x"), "https://login.partner.microsoftonline.cn/x");
    for (std::string const bad : {"", "a/b", "a b", "../x", "a?b", "a#b", "a%2fb", "a@b"})
        EXPECT_THAT(url("worldwide", bad), HasSubstr("no tenant")) << bad;
}

TEST(Authority, MayBeCustom)
{
    EXPECT_EQ(url("custom", "", "https://localhost:8444/contoso.com/"), "https://localhost:8444/contoso.com");
    EXPECT_EQ(url("custom", "ignored", "http://127.0.0.1:8080"), "http://127.0.0.1:8080");
    for (std::string const bad : {"", "login.example.com", "http://login.example.com/", "https://", "https://u:p@h/",
                                  "https://h/?x", "ftp://localhost/"})
        EXPECT_THAT(url("custom", "", bad), HasSubstr("no authority")) << bad;
}

TEST(Authority, ConfigurationIsUnderV2OrUnderTheIssuer)
{
    EXPECT_THAT(configuration_urls("https://h/t"), ElementsAre("https://h/t/v2.0/.well-known/openid-configuration",
                                                               "https://h/t/.well-known/openid-configuration"));
    EXPECT_THAT(configuration_urls("https://h/t/v2.0"),
                ElementsAre("https://h/t/v2.0/.well-known/openid-configuration"));
}

std::string document(std::string const& issuer, std::string const& rest = "")
{
    return R"({"issuer":")" + issuer +
           R"(","authorization_endpoint":"https://login.microsoftonline.com/t/oauth2/v2.0/authorize",)"
           R"("token_endpoint":"https://login.microsoftonline.com/t/oauth2/v2.0/token",)"
           R"("jwks_uri":"https://login.microsoftonline.com/t/discovery/v2.0/keys")" +
           rest + "}";
}

TEST(Authority, EntrasConfigurationNamesTheTenantsId)
{
    std::string const at = "https://login.microsoftonline.com/contoso.com/v2.0/.well-known/openid-configuration";
    for (std::string const issuer : {"https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
                                     "https://login.microsoftonline.com/{tenantid}/v2.0"}) {
        auto const provider = read_configuration(
            document(issuer, R"(,"token_endpoint_auth_methods_supported":["client_secret_post","private_key_jwt"])"),
            at);
        ASSERT_TRUE(provider) << provider.error().message;
        EXPECT_EQ(provider->issuer, issuer);
        EXPECT_EQ(provider->token, "https://login.microsoftonline.com/t/oauth2/v2.0/token");
        EXPECT_FALSE(provider->secret_in_header);
        EXPECT_FALSE(provider->asks_consent);
    }
    EXPECT_FALSE(read_configuration(document("https://login.evil.example/x/v2.0"), at));
    EXPECT_FALSE(read_configuration(document("https://login.microsoftonline.com.evil.example/x/v2.0"), at));
    EXPECT_FALSE(read_configuration(document(""), at));
}

TEST(Authority, AnyOtherIssuerIsTheOneThatWasAsked)
{
    std::string const at = "https://op.example.com/.well-known/openid-configuration";
    auto const provider = read_configuration(document("https://op.example.com"), at);
    ASSERT_TRUE(provider) << provider.error().message;
    EXPECT_TRUE(provider->secret_in_header);  // RFC 8414: the default
    EXPECT_TRUE(provider->asks_consent);
    EXPECT_EQ(provider->user_info, "");
    auto const with = [&](std::string const& rest) {
        return read_configuration(document("https://op.example.com", rest), at).value();
    };
    std::string const methods = R"(,"token_endpoint_auth_methods_supported":)";
    EXPECT_TRUE(with(methods + R"(["private_key_jwt","client_secret_basic","client_secret_post"])").secret_in_header);
    EXPECT_FALSE(with(methods + R"(["client_secret_post","client_secret_basic"])").secret_in_header);
    EXPECT_EQ(with(R"(,"userinfo_endpoint":"https://op.example.com/me")").user_info, "https://op.example.com/me");
    EXPECT_EQ(with(R"(,"userinfo_endpoint":"http://op.example.com/me")").user_info, "");
    EXPECT_TRUE(read_configuration(document("https://op.example.com/"), at));
    auto const other = read_configuration(document("https://op.example.org"), at);
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().message, HasSubstr("https://op.example.org"));
}

TEST(Authority, EndpointsMustBeHttps)
{
    std::string const at = "https://op.example.com/.well-known/openid-configuration";
    auto const broken = read_configuration(
        R"({"issuer":"https://op.example.com","authorization_endpoint":"javascript:x"
})",
        at);
    ASSERT_FALSE(broken);
    EXPECT_THAT(broken.error().message, HasSubstr("authorization_endpoint"));
    EXPECT_FALSE(read_configuration("<html>", at));
    EXPECT_FALSE(read_configuration("", ""));
}

}  // namespace
}  // namespace postroom::oauth
