// Applications without a user, applications that prove themselves by a certificate, and terminals.
#include "visitor.hpp"

#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>

namespace postroom::lab {

using testing::HasSubstr;
using testing::StartsWith;

namespace {

// By plain OpenSSL, so that what is judged is not what judges.
class Certificate {
public:
    Certificate()
    {
        X509_gmtime_adj(X509_getm_notBefore(certificate_.get()), 0);
        X509_gmtime_adj(X509_getm_notAfter(certificate_.get()), 3'600);
        X509_set_pubkey(certificate_.get(), key_.get());
        X509_sign(certificate_.get(), key_.get(), EVP_sha256());
    }
    [[nodiscard]] std::string pem() const
    {
        std::unique_ptr<BIO, decltype(&BIO_free_all)> const out(BIO_new(BIO_s_mem()), BIO_free_all);
        PEM_write_bio_X509(out.get(), certificate_.get());
        char* text = nullptr;
        auto const size = BIO_get_mem_data(out.get(), &text);
        return {text, static_cast<std::size_t>(size)};
    }
    [[nodiscard]] std::string sign(boost::json::object const& claims) const
    {
        std::array<unsigned char, 32> digest{};
        unsigned length = 0;
        X509_digest(certificate_.get(), EVP_sha256(), digest.data(), &length);
        boost::json::object const header{
            {"alg", "PS256"},
            {"typ", "JWT"},
            {"x5t#S256", to_base64url({reinterpret_cast<char const*>(digest.data()), length})}};
        auto const text =
            to_base64url(boost::json::serialize(header)) + '.' + to_base64url(boost::json::serialize(claims));
        std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
        EVP_PKEY_CTX* padding = nullptr;
        EVP_DigestSignInit(context.get(), &padding, EVP_sha256(), nullptr, key_.get());
        EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST);
        std::array<unsigned char, 512> signature{};
        auto size = signature.size();
        EVP_DigestSign(context.get(), signature.data(), &size, reinterpret_cast<unsigned char const*>(text.data()),
                       text.size());
        return text + '.' + to_base64url({reinterpret_cast<char const*>(signature.data()), size});
    }

private:
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_{EVP_RSA_gen(2048), EVP_PKEY_free};
    std::unique_ptr<X509, decltype(&X509_free)> certificate_{X509_new(), X509_free};
};

}  // namespace

class ApplicationTest : public LabTest {
protected:
    static constexpr auto exchange = "https://outlook.office365.com/.default";

    boost::json::object post(std::string const& endpoint,
                             std::vector<std::pair<std::string, std::string>> const& fields, unsigned expected)
    {
        auto const answer =
            http("POST", '/' + facts_.tenant_id + "/oauth2/v2.0/" + endpoint, form(fields), std::string(form_type));
        EXPECT_EQ(answer.status, expected) << answer.body;
        boost::system::error_code error;
        auto const value = boost::json::parse(answer.body, error);
        return value.is_object() ? value.get_object() : boost::json::object();
    }
    std::string own_token()
    {
        auto const body = token({{"grant_type", "client_credentials"}, {"scope", exchange}}, 200);
        EXPECT_FALSE(body.contains("refresh_token"));
        return std::string(body.at("access_token").as_string());
    }
    std::string imap_sign_in(std::string const& mailbox, std::string const& token)
    {
        auto const visitor = imap(false);
        auto const answer = visitor->command("a AUTHENTICATE XOAUTH2 " + xoauth2(mailbox, token));
        if (!answer.starts_with("a OK")) return answer;
        return visitor->command("b SELECT INBOX");
    }
    void change(boost::json::object application)
    {
        application["client_id"] = facts_.client_id;
        ASSERT_EQ(api("applications", application).status, 200U);
    }
};

TEST_F(ApplicationTest, OpensWhatExchangeWasToldThatItMay)
{
    auto const principal = std::string(api("applications").at(0).at("enterprise_object_id").as_string());
    // A token is issued whatever the application may do; what it may, the mail servers decide.
    EXPECT_THAT(imap_sign_in("sales@contoso.test", own_token()), StartsWith("a NO AUTHENTICATE failed."));
    change({{"app_roles", boost::json::array{"IMAP.AccessAsApp", "SMTP.SendAsApp"}}});
    EXPECT_THAT(imap_sign_in("sales@contoso.test", own_token()), StartsWith("a NO"));
    // The object id of the registration, which everybody takes first.
    change({{"service_principal", "0fa5c7a0-0000-4000-8000-000000000000"}});
    EXPECT_THAT(imap_sign_in("sales@contoso.test", own_token()), StartsWith("a NO"));
    change({{"service_principal", principal}});
    EXPECT_THAT(imap_sign_in("sales@contoso.test", own_token()), HasSubstr("authenticated but not connected"));
    ASSERT_EQ(
        api("mailboxes", {{"address", "sales@contoso.test"}, {"full_access", boost::json::array{principal}}}).status,
        200U);
    EXPECT_THAT(imap_sign_in("sales@contoso.test", own_token()), HasSubstr("b OK"));
    EXPECT_THAT(imap_sign_in("support@contoso.test", own_token()), HasSubstr("authenticated but not connected"));
    auto const sender = smtp(false);
    EXPECT_THAT(sender->smtp("AUTH XOAUTH2 " + xoauth2("sales@contoso.test", own_token())), StartsWith("235"));
}

TEST_F(ApplicationTest, AsksForADefaultScope)
{
    auto const body =
        token({{"grant_type", "client_credentials"}, {"scope", "https://outlook.office365.com/IMAP.AccessAsApp"}}, 400);
    EXPECT_EQ(body.at("error"), "invalid_scope");
}

TEST_F(ApplicationTest, ProvesItselfByACertificate)
{
    Certificate const registered, other;
    change({{"certificates", boost::json::array{registered.pem()}}});
    auto const now = std::time(nullptr);
    auto const claims = [&](std::string const& audience, std::int64_t at) {
        return boost::json::object{
            {"aud", audience}, {"iss", facts_.client_id}, {"sub", facts_.client_id}, {"jti", "1"},
            {"nbf", at},       {"exp", at + 300}};
    };
    auto const endpoint = facts_.authority + "/oauth2/v2.0/token";
    auto const ask = [&](std::string const& assertion, unsigned expected) {
        return post("token",
                    {{"grant_type", "client_credentials"},
                     {"scope", exchange},
                     {"client_id", facts_.client_id},
                     {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                     {"client_assertion", assertion}},
                    expected);
    };
    EXPECT_TRUE(ask(registered.sign(claims(endpoint, now)), 200).contains("access_token"));
    auto const code = [&](std::string const& assertion) {
        return ask(assertion, 401).at("error_codes").at(0).as_int64();
    };
    EXPECT_EQ(code(other.sign(claims(endpoint, now))), 700027);
    EXPECT_EQ(code(registered.sign(claims("https://elsewhere.example/token", now))), 50012);
    EXPECT_EQ(code(registered.sign(claims(endpoint, now - 3'600))), 700024);
    auto const malformed = ask("no.such.token", 400);
    EXPECT_EQ(malformed.at("error"), "invalid_request");
    EXPECT_EQ(malformed.at("error_codes").at(0), 50027);
    auto broken = registered.sign(claims(endpoint, now));
    broken[broken.size() - 10] = broken[broken.size() - 10] == 'A' ? 'B' : 'A';
    EXPECT_EQ(code(broken), 700027);
}

TEST_F(ApplicationTest, ATerminalIsAuthorizedByACode)
{
    change({{"public_client", true}});
    auto const ask = [&] {
        return post("devicecode", {{"client_id", facts_.client_id}, {"scope", std::string(mail_scopes)}}, 200);
    };
    auto const poll = [&](boost::json::object const& begun, unsigned expected) {
        return post("token",
                    {{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                     {"client_id", facts_.client_id},
                     {"device_code", std::string(begun.at("device_code").as_string())}},
                    expected);
    };
    auto const enter = [&](boost::json::object const& begun, std::string const& password, std::string const& consent) {
        return http("POST", "/devicelogin",
                    form({{"otc", to_lower(begun.at("user_code").as_string())},
                          {"login", "sales@contoso.test"},
                          {"passwd", password},
                          {"consent", consent}}),
                    std::string(form_type))
            .body;
    };
    auto const begun = ask();
    EXPECT_EQ(begun.at("expires_in").as_int64(), 900);
    EXPECT_EQ(poll(begun, 400).at("error"), "authorization_pending");
    EXPECT_THAT(enter(begun, "wrong", "accept"), HasSubstr("AADSTS50126"));
    EXPECT_THAT(enter(begun, facts_.password, "accept"), HasSubstr("You have signed in"));
    EXPECT_TRUE(poll(begun, 200).contains("refresh_token"));
    EXPECT_EQ(poll(begun, 400).at("error"), "bad_verification_code");

    auto const declined = ask();
    EXPECT_THAT(enter(declined, facts_.password, "decline"), HasSubstr("Cancelled"));
    EXPECT_EQ(poll(declined, 400).at("error"), "authorization_declined");

    auto const late = ask();
    ASSERT_EQ(api("clock", {{"advance_s", 901}}).status, 200U);
    EXPECT_EQ(poll(late, 400).at("error"), "expired_token");
    EXPECT_THAT(enter(late, facts_.password, "accept"), HasSubstr("Check the code"));
}

}  // namespace postroom::lab
