#include "grants/credentials.hpp"

#include "house.hpp"

#include <openssl/rsa.h>

namespace postroom::grants {
namespace {

using testing::HasSubstr;

// A certificate of its own making, and its key, for 30 days from the test's time.
std::string certificate_pem(Instant now)
{
    test::Key const key(EVP_RSA_gen(2048));
    test::Certificate const certificate(X509_new());
    auto begin = std::chrono::system_clock::to_time_t(now);
    X509_time_adj(X509_getm_notBefore(certificate.get()), 0, &begin);
    X509_time_adj(X509_getm_notAfter(certificate.get()), 30 * 86'400, &begin);
    X509_set_pubkey(certificate.get(), key.get());
    auto* const name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>("postroom"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    std::unique_ptr<BIO, decltype(&BIO_free_all)> const out(BIO_new(BIO_s_mem()), BIO_free_all);
    PEM_write_bio_X509(out.get(), certificate.get());
    PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* text = nullptr;
    auto const size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

class CredentialsTest : public HouseTest {
protected:
    // The provider takes this secret, and no other.
    void takes(std::string secret)
    {
        on_token = [this, secret] {
            auto const given = calls.back().find("client_secret");
            bool const right = given != calls.back().end() && given->second == secret;
            status = right ? net::http::status::ok : net::http::status::unauthorized;
            body =
                right ? "" : R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret"})";
        };
    }
    void add(std::string const& secret)
    {
        clock.advance(1s);
        auto const made = make_secret(ground, application, Secret(secret), std::nullopt).value();
        write([&](store::Connection& c) { store::add_credential(c, made); });
    }
    std::vector<model::Credential> kept()
    {
        return read([&](store::Connection& c) { return store::credentials_of(c, application.id); });
    }
    std::vector<std::string> tried()
    {
        std::vector<std::string> secrets;
        for (auto const& call : std::exchange(calls, {}))
            secrets.push_back(call.contains("client_secret") ? call.find("client_secret")->second : "");
        return secrets;
    }
    using Secrets = std::vector<std::string>;
};

TEST_F(CredentialsTest, TheNewestGoesFirstAndTheOlderOneFillsTheGap)
{
    add("newer");
    takes("newer");
    ASSERT_TRUE(sign_in().accepted);
    EXPECT_EQ(tried(), Secrets{"newer"});
    EXPECT_EQ(kept()[0].accepted, clock.now());
    EXPECT_FALSE(kept()[1].accepted);

    takes("s3cret");  // the provider does not know the newer one yet
    clock.advance(1min);
    ASSERT_TRUE(sign_in().accepted);
    EXPECT_EQ(tried(), (Secrets{"newer", "s3cret"}));
    EXPECT_EQ(kept()[0].refused, clock.now());
    EXPECT_THAT(kept()[0].refusal, HasSubstr("AADSTS7000215"));
    EXPECT_EQ(kept()[0].refusal.find("newer"), std::string::npos);
    EXPECT_EQ(kept()[1].accepted, clock.now());
    EXPECT_FALSE(kept()[1].refused);

    takes("newer");
    ASSERT_TRUE(sign_in().accepted);
    EXPECT_EQ(tried(), Secrets{"newer"});
    EXPECT_FALSE(kept()[0].refused) << "it was taken again";
    EXPECT_EQ(kept()[0].refusal, "");
}

TEST_F(CredentialsTest, WhereNoneIsTakenTheLastRefusalIsTold)
{
    add("newer");
    takes("another");
    auto const outcome = sign_in();
    EXPECT_FALSE(outcome.accepted);
    EXPECT_THAT(outcome.words, HasSubstr("invalid_client"));
    EXPECT_EQ(tried(), (Secrets{"newer", "s3cret"}));
    EXPECT_TRUE(kept()[0].refused && kept()[1].refused);
}

TEST_F(CredentialsTest, WhatElseGoesWrongSaysNothingOfACredential)
{
    add("newer");
    status = net::http::status::bad_request;
    body = R"({"error":"invalid_grant","error_description":"AADSTS70008: expired"})";
    EXPECT_FALSE(sign_in().accepted);
    EXPECT_EQ(tried(), Secrets{"newer"}) << "a code is not redeemed twice";
    EXPECT_FALSE(kept()[0].refused || kept()[0].accepted);
}

TEST_F(CredentialsTest, APublicClientSendsNone)
{
    write([&](store::Connection& c) { store::remove_credential(c, credential.id); });
    ASSERT_TRUE(sign_in().accepted);
    EXPECT_EQ(tried(), Secrets{""});
}

TEST_F(CredentialsTest, OneThatCannotBeUnsealedIsPassedOver)
{
    auto damaged = make_secret(ground, application, Secret("newer"), std::nullopt).value();
    damaged.value.bytes.back() = static_cast<char>(damaged.value.bytes.back() ^ 1);
    clock.advance(1s);
    damaged.created = clock.now();
    write([&](store::Connection& c) { store::add_credential(c, damaged); });
    EXPECT_TRUE(sign_in().accepted);
    EXPECT_EQ(tried(), Secrets{"s3cret"});
    write([&](store::Connection& c) { store::remove_credential(c, credential.id); });
    auto const outcome = sign_in();
    EXPECT_FALSE(outcome.accepted);
    EXPECT_TRUE(tried().empty());
}

TEST_F(CredentialsTest, ThatItWasTakenIsNotWrittenWithEveryCall)
{
    ASSERT_TRUE(sign_in().accepted);
    auto const first = kept()[0].accepted;
    clock.advance(59min);
    ASSERT_TRUE(sign_in().accepted);
    EXPECT_EQ(kept()[0].accepted, first);
    clock.advance(1min);
    ASSERT_TRUE(sign_in().accepted);
    EXPECT_EQ(kept()[0].accepted, clock.now());
}

TEST_F(CredentialsTest, TwoAreTheMost)
{
    add("newer");
    auto const third = make_secret(ground, application, Secret("third"), std::nullopt).value();
    EXPECT_THROW(write([&](store::Connection& c) { store::add_credential(c, third); }), store::Failure);
    EXPECT_EQ(kept().size(), 2U);
}

TEST_F(CredentialsTest, KnowsASecretsIdFromItsValue)
{
    auto const make = [&](std::string const& pasted) {
        return make_secret(ground, application, Secret(pasted), std::nullopt);
    };
    auto const id = "0a1b2c3d-0000-4000-8000-000000000001";
    EXPECT_TRUE(make(id)) << "another provider's may look so";
    application.cloud = "worldwide";
    auto const refused = make(id);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("id, and not its value"));
    EXPECT_FALSE(make(""));
    auto const ends = clock.now() + 24h;
    auto const made = make_secret(ground, application, Secret("Vq~8Q~value"), ends).value();
    EXPECT_EQ(made.ends, ends);
    EXPECT_EQ(made.value.bytes.find("Vq~8Q~value"), std::string::npos);
}

TEST_F(CredentialsTest, ACertificateSignsAndNeverLeaves)
{
    Secret const pem(certificate_pem(clock.now()));
    auto const made = make_certificate(ground, application, pem);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->kind, model::CredentialKind::certificate);
    EXPECT_EQ(made->thumbprint.size(), 64U);
    EXPECT_EQ(made->ends, clock.now() + 30 * 24h);
    EXPECT_EQ(made->subject, "CN=postroom");
    clock.advance(1s);
    auto newest = *made;
    newest.created = clock.now();
    write([&](store::Connection& c) { store::add_credential(c, newest); });
    ASSERT_TRUE(sign_in().accepted);
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_FALSE(calls[0].contains("client_secret"));
    EXPECT_EQ(calls[0].find("client_assertion_type")->second, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    EXPECT_GT(calls[0].find("client_assertion")->second.size(), 300U);
    clock.advance(*made->ends - clock.now());
    auto const over = make_certificate(ground, application, pem);
    ASSERT_FALSE(over);
    EXPECT_THAT(over.error().message, HasSubstr("ran out"));
    EXPECT_FALSE(make_certificate(ground, application, Secret("-----BEGIN NONSENSE-----")));
}

}  // namespace
}  // namespace postroom::grants
