// The examples of RFC 7515 and RFC 7519, and tokens signed by keys that the test makes.
#include "oauth/jwt.hpp"

#include "base/text.hpp"
#include "oauth/id-token.hpp"
#include "support/tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::oauth {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// RFC 7515, appendix A.2 (RS256) and A.3 (ES256).
constexpr std::string_view rsa_example =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr"
    "7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12j"
    "zDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe"
    "77Rw";
constexpr std::string_view rsa_example_keys =
    R"({"keys":[{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}]})";
constexpr std::string_view ec_example =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
constexpr std::string_view ec_example_keys =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";
// RFC 7519 section 3.1 (HS256) and section 6.1 (none).
constexpr std::string_view hmac_example =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr std::string_view unsecured_example =
    "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q.";

TEST(Jwt, ExamplesOfTheRfcVerify)
{
    for (auto const& [token, keys] :
         {std::pair(rsa_example, rsa_example_keys), std::pair(ec_example, ec_example_keys)}) {
        auto const jwt = decode_jwt(token);
        ASSERT_TRUE(jwt) << jwt.error().message;
        EXPECT_EQ(jwt->claims.at("iss"), "joe");
        auto const verified = verify_signature(*jwt, read_keys(keys).value());
        EXPECT_TRUE(verified) << verified.error().message;
    }
}

TEST(Jwt, NoneAndSharedSecretsAreRefused)
{
    auto const keys = read_keys(rsa_example_keys).value();
    for (auto const token : {hmac_example, unsecured_example}) {
        auto const jwt = decode_jwt(token);
        ASSERT_TRUE(jwt);
        auto const verified = verify_signature(*jwt, keys);
        ASSERT_FALSE(verified);
        EXPECT_EQ(verified.error().kind, Trouble::refused);
    }
}

TEST(Jwt, EveryChangedBitIsNoticed)
{
    auto const keys = read_keys(ec_example_keys).value();
    auto const jwt = decode_jwt(ec_example).value();
    for (std::size_t i = 0; i < jwt.signature.size(); ++i) {
        auto changed = jwt;
        changed.signature[i] = static_cast<char>(changed.signature[i] ^ 1);
        EXPECT_FALSE(verify_signature(changed, keys)) << i;
    }
    for (std::size_t i = 0; i < jwt.signed_text.size(); ++i) {
        auto changed = jwt;
        changed.signed_text[i] = static_cast<char>(changed.signed_text[i] ^ 1);
        EXPECT_FALSE(verify_signature(changed, keys)) << i;
    }
    auto shorter = jwt;
    shorter.signature.pop_back();
    EXPECT_FALSE(verify_signature(shorter, keys));
    shorter.signature.clear();
    EXPECT_FALSE(verify_signature(shorter, keys));
}

TEST(Jwt, WhatIsNoTokenIsSaidWithoutShowingIt)
{
    // Access tokens of personal accounts are no JWT.
    for (std::string const token :
         {"", "EwBoA8l6BAAU", "a.b", "..", "a.b.c.d", "!!.e30.x", "e30.e30.!", "bnVsbA.e30.", "W10.e30.", "e30.W10."}) {
        auto const jwt = decode_jwt(token);
        ASSERT_FALSE(jwt) << token;
        EXPECT_EQ(jwt.error().kind, Trouble::invalid);
        if (token.size() > 6) EXPECT_THAT(jwt.error().message, Not(HasSubstr(token)));
    }
}

TEST(Keys, WhatCannotBeUsedIsLeftOut)
{
    for (std::string const set :
         {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[]})", R"({"keys":[1,null,{}]})",
          R"({"keys":[{"kty":"oct","k":"AyM1"}]})", R"({"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]})",
          R"({"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]})"}) {
        auto const keys = read_keys(set);
        ASSERT_FALSE(keys) << set;
        EXPECT_EQ(keys.error().kind, Trouble::protocol);
    }
    // A point that is not on the curve.
    EXPECT_FALSE(read_keys(
        R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1"}]})"));
}

class IdTokenTest : public testing::Test {
protected:
    IdTokenTest()
    {
        expected.issuer = "https://login.microsoftonline.com/{tenantid}/v2.0";
        expected.client_id = "client";
        expected.nonce = "nonce";
        expected.now = from_rfc3339("2026-11-22T12:00:00Z").value();
        auto const now = std::chrono::floor<std::chrono::seconds>(expected.now).time_since_epoch().count();
        claims = {{"iss", "https://login.microsoftonline.com/t-1/v2.0"},
                  {"tid", "t-1"},
                  {"aud", "client"},
                  {"nonce", "nonce"},
                  {"iat", now},
                  {"nbf", now},
                  {"exp", now + 3600},
                  {"sub", "s"},
                  {"oid", "o"},
                  {"preferred_username", "sales@contoso.com"},
                  {"name", "Sales"}};
    }

    Result<Identity> verify(std::string const& algorithm = "RS256")
    {
        return verify_id_token(signer.sign(claims, algorithm), read_keys(signer.jwks()).value(), expected);
    }

    std::string refusal()
    {
        auto const identity = verify();
        return identity ? "accepted" : identity.error().message;
    }

    boost::json::object claims;
    Expected expected;
    test::TokenSigner signer;
};

TEST_F(IdTokenTest, SaysWhoSignedIn)
{
    for (std::string const algorithm : {"RS256", "PS256", "ES256"}) {
        auto const identity = verify(algorithm);
        ASSERT_TRUE(identity) << algorithm << ": " << identity.error().message;
        EXPECT_EQ(identity->tenant_id, "t-1");
        EXPECT_EQ(identity->object_id, "o");
        EXPECT_EQ(identity->subject, "s");
        EXPECT_EQ(identity->user_name, "sales@contoso.com");
        EXPECT_EQ(identity->name, "Sales");
    }
}

TEST_F(IdTokenTest, AnotherSignerIsRefused)
{
    test::TokenSigner const stranger(2);
    auto const keys = read_keys(stranger.jwks()).value();
    auto const identity = verify_id_token(signer.sign(claims, "RS256"), keys, expected);
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().kind, Trouble::refused);
}

TEST_F(IdTokenTest, AnUnknownKeyIsNamed)
{
    signer.key_id = "rolled-over";
    auto const token = signer.sign(claims, "RS256");
    signer.key_id = "old";
    auto const identity = verify_id_token(token, read_keys(signer.jwks()).value(), expected);
    ASSERT_FALSE(identity);
    EXPECT_THAT(identity.error().message, HasSubstr("rolled-over"));
}

TEST_F(IdTokenTest, IssuerAudienceAndNonceMustBeOurs)
{
    auto const good = claims;
    claims["tid"] = "t-2";
    EXPECT_THAT(refusal(), HasSubstr("issuer is \"https://login.microsoftonline.com/t-1/v2.0\", not"));
    claims = good;
    claims.erase("tid");
    EXPECT_THAT(refusal(), HasSubstr("no tenant"));
    claims = good;
    claims["aud"] = "another";
    EXPECT_THAT(refusal(), HasSubstr("audience is \"another\", not \"client\""));
    claims["aud"] = boost::json::array{"another", "client"};
    EXPECT_THAT(refusal(), HasSubstr("authorized party"));
    claims["azp"] = "client";
    EXPECT_EQ(refusal(), "accepted");
    claims["aud"] = boost::json::array{boost::json::string("client\0", 7), "another"};
    EXPECT_THAT(refusal(), HasSubstr("audience"));
    claims = good;
    claims["nonce"] = "replayed";
    EXPECT_THAT(refusal(), HasSubstr("nonce"));
    claims.erase("nonce");
    EXPECT_THAT(refusal(), HasSubstr("nonce"));
    expected.nonce = "";
    EXPECT_THAT(refusal(), HasSubstr("nonce"));
    expected.nonce.reset();
    EXPECT_EQ(refusal(), "accepted") << "a device flow has none";
    claims = good;
    expected.nonce = "nonce";
    claims.erase("sub");
    EXPECT_THAT(refusal(), HasSubstr("nobody"));
}

TEST_F(IdTokenTest, TimesHaveFiveMinutesOfTolerance)
{
    using namespace std::chrono_literals;
    auto const issued = expected.now;
    auto const at = [&](Duration offset) {
        expected.now = issued + offset;
        return refusal();
    };
    EXPECT_EQ(at(3600s + 299s), "accepted");
    EXPECT_THAT(at(3600s + 300s), AllOf(HasSubstr("ended at 2026-11-22T13:00:00"),
                                        HasSubstr("this server's clock and the provider's differ by 65 minutes")));
    EXPECT_EQ(at(-300s), "accepted");
    EXPECT_THAT(at(-301s), AllOf(HasSubstr("differ by 5 minutes"), HasSubstr("clock forward")));
    EXPECT_THAT(at(-3 * 86'400s), HasSubstr("differ by 3 days"));
    claims["nbf"] = std::int64_t{1} << 37;
    EXPECT_THAT(at(0s), HasSubstr("is a clock wrong?")) << "it was issued now, and something else is wrong";
    claims.erase("nbf");
    claims["exp"] = "never";
    EXPECT_THAT(at(0s), HasSubstr("does not say"));
    claims["exp"] = 1e300;
    EXPECT_THAT(at(0s), HasSubstr("does not say"));
    claims["exp"] = std::int64_t{1} << 51;
    EXPECT_THAT(at(0s), HasSubstr("does not say"));
}

}  // namespace
}  // namespace postroom::oauth
