// RFC 8628's example, Entra's answers (Microsoft, "Device authorization grant"), and nonsense.
#include "oauth/device-flow.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::oauth {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(DeviceFlow, ReadsTheExampleOfTheRfc)
{
    auto const code = read_device_answer(200, {}, R"({"device_code":"GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS",
        "user_code":"WDJB-MJHT","verification_uri":"https://example.com/device",
        "verification_uri_complete":"https://example.com/device?user_code=WDJB-MJHT","expires_in":1800,"interval":5})");
    ASSERT_TRUE(code);
    EXPECT_EQ(code->device_code.expose(), "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS");
    EXPECT_EQ(code->user_code, "WDJB-MJHT");
    EXPECT_EQ(code->verification_url, "https://example.com/device");
    EXPECT_EQ(code->complete_url, "https://example.com/device?user_code=WDJB-MJHT");
    EXPECT_EQ(code->expires_in, 30min);
    EXPECT_EQ(code->interval, 5s);
}

TEST(DeviceFlow, WhatIsAbsentOrAbsurdHasABound)
{
    auto const read = [](std::string const& more) {
        return read_device_answer(200, {},
                                  R"({"device_code":"d","user_code":"u","verification_url":"https://x")" + more + "}");
    };
    EXPECT_EQ(read("")->interval, 5s);
    EXPECT_EQ(read("")->expires_in, 15min);
    EXPECT_EQ(read(R"(,"interval":0,"expires_in":-1)")->interval, 1s);
    EXPECT_EQ(read(R"(,"interval":99999,"expires_in":99999999)")->interval, 60s);
    EXPECT_EQ(read(R"(,"interval":99999,"expires_in":99999999)")->expires_in, 1h);
}

TEST(DeviceFlow, ARefusalIsTheProviders)
{
    auto const refused = read_device_answer(
        400, {}, R"({"error":"invalid_request","error_description":"AADSTS900144: The request body must contain …"})");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().error, "invalid_request");
    EXPECT_EQ(refused.error().code(), 900144U);
    for (auto const* const body : {"", "<html>", "{}", "[]", R"({"device_code":"d"})", R"({"access_token":"a"})"}) {
        auto const nonsense = read_device_answer(200, {}, body);
        ASSERT_FALSE(nonsense) << body;
        EXPECT_THAT(nonsense.error().description, HasSubstr("device endpoint")) << body;
    }
}

// A page makes a link of the one, a terminal prints the other.
TEST(DeviceFlow, WhatIsShownIsFitToBeShown)
{
    auto const read = [](std::string const& code, std::string const& url) {
        return read_device_answer(
            200, {}, R"({"device_code":"S3cret","user_code":")" + code + R"(","verification_uri":")" + url + R"("})");
    };
    EXPECT_TRUE(read("WDJB-MJHT", "https://example.com/device"));
    EXPECT_TRUE(read("WDJB-MJHT", "http://localhost:8444/device"));
    for (std::string const code : {R"(\u001b[2J)", "a b", R"(a\nb)", "\u202e1234", R"(\u00e9)"}) {
        auto const answer = read(code, "https://example.com/device");
        ASSERT_FALSE(answer) << code;
        EXPECT_THAT(answer.error().message(), AllOf(HasSubstr("user_code"), Not(HasSubstr("S3cret"))));
    }
    EXPECT_FALSE(read(std::string(65, 'a'), "https://example.com/device"));
    for (std::string const url : {"javascript:alert(1)", "http://example.com/device", "example.com/device",
                                  R"(https://example.com/\u001b[2J)", "https://microsoft.com@example.com/"}) {
        auto const answer = read("WDJB-MJHT", url);
        ASSERT_FALSE(answer) << url;
        EXPECT_THAT(answer.error().message(), AllOf(HasSubstr("verification_uri"), Not(HasSubstr("S3cret"))));
    }
    auto const complete =
        read("WDJB-MJHT", R"(https://example.com/device","verification_uri_complete":"javascript:alert(1))");
    ASSERT_TRUE(complete);
    EXPECT_EQ(complete->complete_url, "");
}

TEST(DeviceFlow, WaitsAsLongAsItIsTold)
{
    ProviderError error;
    error.error = "authorization_pending";
    EXPECT_EQ(wait_after(error, 5s), 5s);
    error.error = "slow_down";
    EXPECT_EQ(wait_after(error, 5s), 10s);
    for (auto const* const final :
         {"authorization_declined", "access_denied", "expired_token", "bad_verification_code", "invalid_grant"}) {
        error.error = final;
        EXPECT_EQ(wait_after(error, 5s), std::nullopt) << final;
    }
    error = {};
    error.status = 503;
    error.retry_after = 20s;
    EXPECT_EQ(wait_after(error, 5s), 20s);
    error.retry_after = 24h;
    EXPECT_EQ(wait_after(error, 5s), 60s) << "somebody waits before the code";
}

}  // namespace
}  // namespace postroom::oauth
