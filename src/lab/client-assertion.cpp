#include "lab/client-assertion.hpp"

#include "base/text.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <memory>
#include <optional>

namespace postroom::lab {

namespace json = boost::json;

namespace {

using Certificate = std::unique_ptr<X509, decltype([](X509* it) { X509_free(it); })>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* it) { EVP_MD_CTX_free(it); })>;

Certificate parse_certificate(std::string const& pem)
{
    std::unique_ptr<BIO, decltype([](BIO* it) { BIO_free_all(it); })> const bytes(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    Certificate certificate(PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    return certificate;
}

std::string digest_of(X509 const* certificate, EVP_MD const* algorithm)
{
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    X509_digest(certificate, algorithm, reinterpret_cast<unsigned char*>(digest.data()), &size);
    digest.resize(size);
    return digest;
}

std::optional<json::object> decode(std::string_view part)
{
    auto const text = from_base64(part);
    if (!text) return std::nullopt;
    boost::system::error_code error;
    auto const value = json::parse(*text, error);
    if (error || !value.is_object()) return std::nullopt;
    return value.get_object();
}

std::string text_of(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_of(json::object const& object, std::string_view name)
{
    auto const* const value = object.if_contains(name);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

bool verifies(X509 const* certificate, bool pss, std::string_view text, std::string_view signature)
{
    std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* it) { EVP_PKEY_free(it); })> const key(
        X509_get_pubkey(const_cast<X509*>(certificate)));
    Context const context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* padding = nullptr;
    bool good = EVP_DigestVerifyInit(context.get(), &padding, EVP_sha256(), nullptr, key.get()) == 1;
    if (good && pss)
        good = EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1;
    good = good &&
           EVP_DigestVerify(context.get(), reinterpret_cast<unsigned char const*>(signature.data()), signature.size(),
                            reinterpret_cast<unsigned char const*>(text.data()), text.size()) == 1;
    ERR_clear_error();
    return good;
}

}  // namespace

std::string thumbprint_of(std::string const& pem)
{
    auto const certificate = parse_certificate(pem);
    return certificate ? to_upper(to_hex(digest_of(certificate.get(), EVP_sha1()))) : std::string();
}

Assertion judge_assertion(std::string_view assertion, std::vector<std::string> const& certificates,
                          std::string_view client_id, std::string_view audience, Instant now)
{
    auto const parts = split(assertion, '.');
    if (parts.size() != 3) return Assertion::malformed;
    auto const header = decode(parts[0]);
    auto const claims = decode(parts[1]);
    auto const signature = from_base64(parts[2]);
    if (!header || !claims || !signature) return Assertion::malformed;
    auto const algorithm = text_of(*header, "alg");
    if (algorithm != "PS256" && algorithm != "RS256") return Assertion::wrong_algorithm;

    auto const named = from_base64(text_of(*header, "x5t#S256")).value_or("");
    auto const named_before = from_base64(text_of(*header, "x5t")).value_or("");
    Certificate certificate;
    for (auto const& pem : certificates) {
        auto each = parse_certificate(pem);
        if (!each) continue;
        bool const this_one = named.empty() ? digest_of(each.get(), EVP_sha1()) == named_before
                                            : digest_of(each.get(), EVP_sha256()) == named;
        if (this_one) certificate = std::move(each);
    }
    if (!certificate) return Assertion::unknown_key;
    auto const text = assertion.substr(0, parts[0].size() + 1 + parts[1].size());
    if (!verifies(certificate.get(), algorithm == "PS256", text, *signature)) return Assertion::bad_signature;
    if (text_of(*claims, "aud") != audience || text_of(*claims, "iss") != client_id ||
        text_of(*claims, "sub") != client_id)
        return Assertion::not_for_us;
    auto const at = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    constexpr std::int64_t tolerance_s = 300;
    if (number_of(*claims, "exp") + tolerance_s < at || number_of(*claims, "nbf") - tolerance_s > at)
        return Assertion::not_now;
    return Assertion::good;
}

}  // namespace postroom::lab
