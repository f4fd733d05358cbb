// RFC 8628's example, Entra's answers (Microsoft, "Device authorization grant"), and nonsense.
#include "oauth/device-flow.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::oauth {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

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
}

}  // namespace
}  // namespace postroom::oauth
