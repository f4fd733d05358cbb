#include "oauth/token-call.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::oauth {
namespace {

struct Sending {
    explicit Sending(bool in_header)
    {
        Provider provider;
        provider.secret_in_header = in_header;
        add_secret_field(request.body, "refresh_token", refresh_token);
        prove_client(request, provider, client);
    }
    std::string refresh_token = "0.AXoA/refresh+token=" + std::string(4'000, 'r');
    Client client{.id = "client", .secret = Secret("Vq~8Q~s3cret&value")};
    net::HttpsCall request;
};

std::string shown(Sending const& sending, std::string const& said)
{
    auto error = describe_error("invalid_grant", said);
    error.suberror = said;
    error.trace_id = said;
    SentSecrets(sending.request, sending.client).hide_in(error);
    return error.error + error.suberror + error.description + error.trace_id;
}

TEST(SentSecrets, AreInNoWordsThatAProviderQuotes)
{
    for (bool const in_header : {false, true}) {
        Sending const sending(in_header);
        auto const encoded = std::string(sending.request.body.bytes());
        for (std::string const& said :
             {"bad token " + sending.refresh_token + "!", std::string("client_secret=Vq~8Q~s3cret&value"),
              "you sent: " + encoded, sending.refresh_token.substr(0, 600) + " is not known"}) {
            auto const words = shown(sending, said);
            EXPECT_EQ(words.find("refresh+token"), std::string::npos) << words;
            EXPECT_EQ(words.find("s3cret"), std::string::npos) << words;
            EXPECT_EQ(words.find("rrrr"), std::string::npos) << words;
            EXPECT_NE(words.find("[secret]"), std::string::npos) << words;
        }
        EXPECT_THAT(shown(sending, "AADSTS70008: The refresh token has expired."),
                    testing::HasSubstr("AADSTS70008: The refresh token has expired."));
    }
}

TEST(SentSecrets, OfWhichThereAreNoneHideNothing)
{
    Sending sending(false);
    sending.client.secret = Secret();
    sending.request.body = Wire();
    EXPECT_EQ(shown(sending, "words").find("[secret]"), std::string::npos);
}

}  // namespace
}  // namespace postroom::oauth
