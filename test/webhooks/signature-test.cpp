#include "webhooks/signature.hpp"

#include <gtest/gtest.h>

namespace postroom::webhooks {
namespace {

// Made by Python: hmac.new(b"whsec_test", b'1700000000.{"a":1}', hashlib.sha256).hexdigest()
TEST(SignatureTest, IsTheOneThatOtherSoftwareMakes)
{
    EXPECT_EQ(signature(Secret("whsec_test"), Instant(std::chrono::seconds(1'700'000'000)), R"({"a":1})"),
              "t=1700000000,v1=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789");
}

TEST(SignatureTest, DependsOnSecretTimeAndBody)
{
    Instant const at{std::chrono::seconds(1'700'000'000)};
    auto const one = signature(Secret("a"), at, "x");
    EXPECT_NE(one, signature(Secret("b"), at, "x"));
    EXPECT_NE(one, signature(Secret("a"), at + std::chrono::seconds(1), "x"));
    EXPECT_NE(one, signature(Secret("a"), at, "y"));
}

TEST(SignatureTest, SecretsAreLongAndNeverTheSame)
{
    auto const one = new_secret();
    EXPECT_EQ(one.size(), 6U + 43U);
    EXPECT_FALSE(one == new_secret());
}

}  // namespace
}  // namespace postroom::webhooks
