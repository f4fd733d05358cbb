// RFC 7523 and RFC 7515, with a certificate made here: what is signed must be verified by its public key alone.
#include "oauth/client-certificate.hpp"

#include "base/text.hpp"
#include "oauth/jwt.hpp"
#include "support/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <boost/json/serialize.hpp>

#include <array>

namespace postroom::oauth {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string pem_of(auto&& write)
{
    std::unique_ptr<BIO, decltype(&BIO_free_all)> const out(BIO_new(BIO_s_mem()), BIO_free_all);
    write(out.get());
    char* text = nullptr;
    auto const size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

struct Made {
    test::Key key;
    test::Certificate certificate{X509_new()};
    std::string key_pem;
    std::string certificate_pem;
};

Made make(EVP_PKEY* key)
{
    Made made{.key = test::Key(key)};
    auto* const certificate = made.certificate.get();
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
    X509_set_pubkey(certificate, key);
    auto* const name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>("postroom"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_sign(certificate, key, EVP_sha256());
    made.key_pem = pem_of([&](BIO* out) { PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
    made.certificate_pem = pem_of([&](BIO* out) { PEM_write_bio_X509(out, certificate); });
    return made;
}

Made const& rsa()
{
    static Made const made = make(EVP_RSA_gen(2048));
    return made;
}

// What a provider holds: the public half, as a key set.
std::vector<VerifyKey> published()
{
    return {VerifyKey{"", "", std::shared_ptr<evp_pkey_st>(X509_get_pubkey(rsa().certificate.get()), EVP_PKEY_free)}};
}

TEST(ClientCertificate, SignsWhatItsPublicKeyVerifies)
{
    Instant const now{std::chrono::seconds(1'700'000'000)};
    auto const certificate = read_client_certificate(Secret(rsa().key_pem + rsa().certificate_pem)).value();
    EXPECT_EQ(certificate.subject, "CN=postroom");
    EXPECT_EQ(certificate.ends - certificate.begins, std::chrono::seconds(90'000));
    for (auto const* const algorithm : {"PS256", "RS256"}) {
        auto const assertion =
            client_assertion(certificate, algorithm, "the-client", "https://login.example/token", now);
        auto const jwt = decode_jwt(assertion.expose()).value();
        EXPECT_TRUE(verify_signature(jwt, published()));
        EXPECT_EQ(jwt.header.at("alg"), algorithm);
        std::array<unsigned char, 32> digest{};
        unsigned size = 0;
        X509_digest(rsa().certificate.get(), EVP_sha256(), digest.data(), &size);
        EXPECT_EQ(jwt.header.at("x5t#S256").as_string(),
                  to_base64url({reinterpret_cast<char const*>(digest.data()), size}));
        EXPECT_EQ(jwt.claims.at("aud"), "https://login.example/token");
        EXPECT_EQ(jwt.claims.at("iss"), "the-client");
        EXPECT_EQ(jwt.claims.at("sub"), "the-client");
        EXPECT_EQ(jwt.claims.at("exp").as_int64() - jwt.claims.at("nbf").as_int64(), 300);
        auto const again = client_assertion(certificate, algorithm, "the-client", "https://login.example/token", now);
        EXPECT_NE(decode_jwt(again.expose())->claims.at("jti"), jwt.claims.at("jti"));
    }
}

TEST(ClientCertificate, TellsWhatDoesNotFitWithoutShowingIt)
{
    auto const other = make(EVP_RSA_gen(2048));
    auto const small = make(EVP_RSA_gen(1024));
    auto const elliptic = make(EVP_EC_gen("P-256"));
    auto const locked = pem_of([&](BIO* out) {
        PEM_write_bio_PrivateKey(out, rsa().key.get(), EVP_aes_128_cbc(), nullptr, 0, nullptr,
                                 const_cast<char*>("passphrase"));
    });
    for (auto const& [pem, words] : {
             std::pair<std::string, std::string>{"", "no certificate"},
             {rsa().key_pem, "no certificate"},
             {rsa().certificate_pem, "no private key"},
             {rsa().certificate_pem + locked, "passphrase"},
             {rsa().certificate_pem + other.key_pem, "not the certificate's"},
             {small.certificate_pem + small.key_pem, "2048"},
             {elliptic.certificate_pem + elliptic.key_pem, "RSA"},
             {rsa().certificate_pem.substr(0, 300) + rsa().key_pem, "no certificate"},
         }) {
        auto const read = read_client_certificate(Secret(pem));
        ASSERT_FALSE(read) << words;
        EXPECT_EQ(read.error().kind, Trouble::invalid);
        EXPECT_THAT(read.error().message, HasSubstr(words));
        if (pem.size() > 400) {
            EXPECT_THAT(read.error().message, Not(HasSubstr(pem.substr(100, 20))));
        }
    }
}

// The public half is in the private key, too, and the only one that the certificate can be compared with.
TEST(ClientCertificate, ADamagedKeyIsSeenBeforeItSigns)
{
    auto lines = split(rsa().key_pem, '\n');
    std::string damaged;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        std::string line(lines[i]);
        if (i == 9 || i == 13) line[20] = line[20] == 'A' ? 'B' : 'A';  // within d, and within p
        damaged += line + '\n';
    }
    auto const read = read_client_certificate(Secret(rsa().certificate_pem + damaged));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, Trouble::invalid);
    EXPECT_THAT(read.error().message, HasSubstr("damaged"));
}

}  // namespace
}  // namespace postroom::oauth
