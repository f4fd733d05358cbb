// Bodies as Entra gives them (Microsoft, "Error handling in the identity platform", and bodies quoted in issues).
#include "oauth/token-answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::oauth {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(TokenAnswer, Granted)
{
    auto const answer = read_token_answer(
        200, {},
        R"({"token_type":"Bearer","scope":"https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send","expires_in":3599,
 "ext_expires_in":3599,"access_token":"eyJ0.a.b","refresh_token":"0.AXab","id_token":"eyJ0.c.d"})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->access_token.expose(), "eyJ0.a.b");
    EXPECT_EQ(answer->refresh_token.expose(), "0.AXab");
    EXPECT_EQ(answer->id_token, "eyJ0.c.d");
    EXPECT_EQ(answer->expires_in, 3599s);
    EXPECT_THAT(answer->scopes, ElementsAre("https://outlook.office.com/IMAP.AccessAsUser.All",
                                            "https://outlook.office.com/SMTP.Send"));
}

TEST(TokenAnswer, LifeMayBeAStringOrAbsentOrAbsurd)
{
    auto const life = [](std::string const& member) {
        auto const answer = read_token_answer(200, {}, R"({"token_type":"bearer","access_token":"a")" + member + "}");
        return answer ? answer->expires_in : Duration(-1);
    };
    EXPECT_EQ(life(R"(,"expires_in":"3599")"), 3599s);
    EXPECT_EQ(life(R"(,"expires_in":3599.0)"), 3599s);
    EXPECT_EQ(life(""), 0s);
    EXPECT_EQ(life(R"(,"expires_in":-5)"), 0s);
    EXPECT_EQ(life(R"(,"expires_in":"soon")"), 0s);
    EXPECT_EQ(life(R"(,"expires_in":1e300)"), 0s);
    EXPECT_GT(life(R"(,"expires_in":9000000000000)"), 0s);
}

TEST(TokenAnswer, TokensHaveNoLongestLength)
{
    std::string const token(300'000, 'x');
    auto const answer = read_token_answer(200, {}, R"({"token_type":"Bearer","access_token":")" + token + "\"}");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->access_token.expose(), token);
    EXPECT_TRUE(answer->refresh_token.empty());
}

TEST(TokenAnswer, RefusalWithEverythingInIt)
{
    auto const answer = read_token_answer(
        400, {},
        R"({"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2025-10-11T02:02:12.1234567Z and was inactive for 90.00:00:00.\r\nTrace ID: 11111111-aaaa\r\nCorrelation ID: 22222222-bbbb\r\nTimestamp: 2026-01-09 02:02:12Z",
 "error_codes":[700082],"timestamp":"2026-01-09 02:02:12Z","trace_id":"11111111-aaaa","correlation_id":"22222222-bbbb",
 "error_uri":"https://login.microsoftonline.com/error?code=700082","suberror":"bad_token"})");
    ASSERT_FALSE(answer);
    auto const& error = answer.error();
    EXPECT_EQ(error.status, 400U);
    EXPECT_EQ(error.error, "invalid_grant");
    EXPECT_EQ(error.suberror, "bad_token");
    EXPECT_EQ(error.code(), 700082U);
    EXPECT_EQ(error.trace_id, "11111111-aaaa");
    EXPECT_EQ(error.correlation_id, "22222222-bbbb");
    EXPECT_EQ(error.timestamp, "2026-01-09 02:02:12Z");
    EXPECT_FALSE(error.is_transient());
    EXPECT_THAT(error.message(), AllOf(HasSubstr("invalid_grant (bad_token)"), HasSubstr("inactive for 90.00:00:00."),
                                       HasSubstr("correlation id 22222222-bbbb"), Not(HasSubstr("Trace ID"))));
}

// Older descriptions name a general number first and separate with spaces.
TEST(TokenAnswer, TheLastNumberExplainsAndTheIdsAreInTheText)
{
    auto const error = describe_error("invalid_grant",
                                      "AADSTS70002: Error validating credentials. AADSTS70008: The refresh token has "
                                      "expired. Trace ID: 3c Correlation ID: 4d Timestamp: 2019-05-06 07:08:09Z");
    EXPECT_THAT(error.codes, ElementsAre(70002U, 70008U));
    EXPECT_EQ(error.code(), 70008U);
    EXPECT_EQ(error.trace_id, "3c");
    EXPECT_EQ(error.correlation_id, "4d");
    EXPECT_EQ(error.timestamp, "2019-05-06 07:08:09Z");
}

TEST(TokenAnswer, NumbersOutOfRangeAreNone)
{
    EXPECT_TRUE(describe_error("x", "AADSTS12: AADSTS: AADSTS123456789: aadsts50011").codes.empty());
    EXPECT_THAT(describe_error("x", "AADSTS16000 AADSTS16000").codes, ElementsAre(16000U));
    auto const listed = read_token_answer(400, {}, R"({"error":"x","error_codes":[50034,-1,"7",1e9]})");
    EXPECT_THAT(listed.error().codes, ElementsAre(50034U));
}

TEST(TokenAnswer, BusyProvidersAreTransientAndSayWhen)
{
    auto const busy = read_token_answer(429, {{"retry-after", "17"}}, R"({"error":"temporarily_unavailable"})");
    EXPECT_TRUE(busy.error().is_transient());
    EXPECT_EQ(busy.error().retry_after, 17s);
    auto const down = read_token_answer(503, {{"retry-after", "soon"}}, "<html><h1>Service Unavailable</h1></html>");
    EXPECT_TRUE(down.error().is_transient());
    EXPECT_EQ(down.error().retry_after, std::nullopt);
    EXPECT_THAT(down.error().message(), AllOf(HasSubstr("HTTP 503"), HasSubstr("web page"), HasSubstr("proxy")));
    auto const server = read_token_answer(400, {}, R"({"error":"server_error"})");
    EXPECT_TRUE(server.error().is_transient());
    EXPECT_EQ(read_token_answer(429, {{"retry-after", "99999999999"}}, "{}").error().retry_after, 24h);
}

TEST(TokenAnswer, WhatIsNoAnswerIsExplained)
{
    struct Row {
        unsigned status;
        std::string body;
        char const* words;
    };
    std::vector<Row> const table{
        {200, "", "is empty"},
        {200, "  \n", "is empty"},
        {200, "[1,2]", "no object"},
        {200, "access_token=abc", "not JSON"},
        {200, "{\"access_token\":", "not JSON"},
        {200, "{}", "no access token"},
        {200, R"({"access_token":17})", "no access token"},
        {200, R"({"access_token":"a","token_type":"mac"})", "\"mac\""},
        {404, R"({"detail":"nothing here"})", "names no error"},
        {200, std::string(100'000, '['), "not JSON"},
    };
    for (auto const& row : table) {
        auto const answer = read_token_answer(row.status, {}, row.body);
        ASSERT_FALSE(answer) << row.body.substr(0, 80);
        EXPECT_EQ(answer.error().error, "");
        EXPECT_THAT(answer.error().message(), HasSubstr(row.words));
        EXPECT_LT(answer.error().message().size(), 1000U);
    }
}

TEST(TokenAnswer, ARefusalMayBeWithoutAWord)
{
    for (unsigned const status : {400U, 401U}) {
        auto const no = read_token_answer(status, {}, "").error();
        EXPECT_TRUE(no.is_refusal());
        EXPECT_THAT(no.message(), AllOf(HasSubstr("did not say why"), HasSubstr(std::to_string(status))));
    }
    // A proxy's page, and silence of another kind.
    EXPECT_FALSE(read_token_answer(400, {}, "<html><h1>Blocked</h1></html>").error().is_refusal());
    for (unsigned const status : {200U, 302U, 403U, 404U, 500U, 502U})
        EXPECT_FALSE(read_token_answer(status, {}, "").error().is_refusal()) << status;
    EXPECT_TRUE(read_token_answer(400, {}, R"({"error":"invalid_grant"})").error().is_refusal());
    EXPECT_FALSE(read_token_answer(503, {}, R"({"error":"temporarily_unavailable"})").error().is_refusal());
}

TEST(TokenAnswer, NeverQuotesWhatMayBeAToken)
{
    for (std::string const body :
         {R"({"access_token":"s3cret","refre)", "access_token=s3cret", R"({"refresh_token":"s3cret"})"})
        for (unsigned const status : {200U, 400U})
            EXPECT_THAT(read_token_answer(status, {}, body).error().message(), Not(HasSubstr("s3cret"))) << body;
}

TEST(TokenAnswer, CutAnywhereItNeverGrants)
{
    std::string const whole = R"({"token_type":"Bearer","access_token":"abc","expires_in":3599})";
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(read_token_answer(200, {}, whole.substr(0, size))) << size;
}

TEST(TokenAnswer, HostileTextIsMadeSafe)
{
    auto const error = describe_error("invalid\x1b[2J", std::string(100'000, 'y') + "\xff");
    EXPECT_LT(error.message().size(), 1500U);
    EXPECT_THAT(error.message(), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace postroom::oauth
