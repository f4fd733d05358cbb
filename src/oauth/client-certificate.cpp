#include "oauth/client-certificate.hpp"

#include "base/text.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <ctime>

namespace postroom::oauth {

namespace {

template <auto function>
struct Free {
    void operator()(auto* what) const { function(what); }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

Bio reading(Secret const& pem)
{
    return Bio(BIO_new_mem_buf(pem.expose().data(), static_cast<int>(pem.size())));
}

// Instead of a prompt on the terminal.
int no_passphrase(char*, int, int, void*)
{
    return -1;
}

Instant to_instant(ASN1_TIME const* time)
{
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return Instant(std::chrono::seconds(timegm(&parts)));
}

std::string subject_of(X509 const* certificate)
{
    Bio const out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* text = nullptr;
    auto const size = BIO_get_mem_data(out.get(), &text);
    return printable(std::string_view(text, static_cast<std::size_t>(size)), 300);
}

void must(bool done)
{
    if (!done) throw std::bad_alloc();  // a key that was read and is RSA signs
}

// The certificate knows the public half only: of a key that was damaged that half may be whole.
bool signs(EVP_PKEY* key, X509* certificate)
{
    constexpr std::string_view text = "postroom";
    auto const* const bytes = reinterpret_cast<unsigned char const*>(text.data());
    std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
    auto* const out = reinterpret_cast<unsigned char*>(signature.data());
    std::size_t size = signature.size();
    Digest const sign(EVP_MD_CTX_new());
    Digest const verify(EVP_MD_CTX_new());
    return EVP_DigestSignInit(sign.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
           EVP_DigestSign(sign.get(), out, &size, bytes, text.size()) == 1 &&
           EVP_DigestVerifyInit(verify.get(), nullptr, EVP_sha256(), nullptr, X509_get0_pubkey(certificate)) == 1 &&
           EVP_DigestVerify(verify.get(), out, size, bytes, text.size()) == 1;
}

}  // namespace

Result<ClientCertificate> read_client_certificate(Secret const& pem)
{
    Certificate const certificate(PEM_read_bio_X509(reading(pem).get(), nullptr, no_passphrase, nullptr));
    std::shared_ptr<EVP_PKEY> const key(PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, no_passphrase, nullptr),
                                        EVP_PKEY_free);
    ERR_clear_error();
    if (!certificate)
        return failure(Trouble::invalid, "there is no certificate in it: PEM is wanted, -----BEGIN CERTIFICATE-----");
    if (!key)
        return failure(Trouble::invalid,
                       "there is no private key in it, or one with a passphrase: PEM without one is wanted, "
                       "-----BEGIN PRIVATE KEY-----");
    if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key.get()) < 2048)
        return failure(Trouble::invalid, "the key is not RSA of at least 2048 bits, which Entra asks for");
    bool const fits = X509_check_private_key(certificate.get(), key.get()) == 1;
    ERR_clear_error();
    if (!fits) return failure(Trouble::invalid, "the private key is not the certificate's");
    bool const whole = signs(key.get(), certificate.get());
    ERR_clear_error();
    if (!whole)
        return failure(Trouble::invalid,
                       "the private key is damaged: what it signs is not verified by the certificate");

    ClientCertificate read;
    read.key = key;
    read.subject = subject_of(certificate.get());
    read.begins = to_instant(X509_get0_notBefore(certificate.get()));
    read.ends = to_instant(X509_get0_notAfter(certificate.get()));
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    must(X509_digest(certificate.get(), EVP_sha256(), digest, &size) == 1);
    read.thumbprint.assign(reinterpret_cast<char const*>(digest), size);
    return read;
}

Secret client_assertion(ClientCertificate const& certificate, std::string_view algorithm, std::string_view client_id,
                        std::string_view token_endpoint, Instant now)
{
    namespace json = boost::json;
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    json::object const header{{"alg", algorithm}, {"typ", "JWT"}, {"x5t#S256", to_base64url(certificate.thumbprint)}};
    json::object const claims{
        {"aud", token_endpoint}, {"iss", client_id}, {"sub", client_id},    {"jti", to_base64url(random_bytes(16))},
        {"nbf", seconds},        {"iat", seconds},   {"exp", seconds + 300}};
    auto text = to_base64url(json::serialize(header)) + '.' + to_base64url(json::serialize(claims));

    Digest const digest(EVP_MD_CTX_new());
    EVP_PKEY_CTX* padding = nullptr;
    must(EVP_DigestSignInit(digest.get(), &padding, EVP_sha256(), nullptr, certificate.key.get()) == 1);
    if (algorithm == "PS256")
        must(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1);
    auto const* const bytes = reinterpret_cast<unsigned char const*>(text.data());
    std::size_t size = 0;
    must(EVP_DigestSign(digest.get(), nullptr, &size, bytes, text.size()) == 1);
    std::string signature(size, '\0');
    must(EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size()) ==
         1);
    signature.resize(size);
    text += '.' + to_base64url(signature);
    return Secret(std::move(text));
}

}  // namespace postroom::oauth
