// Signs tokens with keys of its own, and publishes those keys: the part of an identity provider that tests need.
#pragma once

#include "base/text.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <map>
#include <memory>
#include <string>

namespace postroom::test {

class TokenSigner {
public:
    /// A process makes each provider's keys once: an RSA key takes longer than most tests.
    explicit TokenSigner(int provider = 1) : keys_(keys_of(provider)) {}

    std::string key_id = "key-1";

    [[nodiscard]] std::string sign(boost::json::object const& claims, std::string const& algorithm) const
    {
        boost::json::object const header{{"typ", "JWT"}, {"alg", algorithm}, {"kid", key_id + algorithm.substr(0, 1)}};
        auto text = encoded(header) + "." + encoded(claims);
        auto* const key = algorithm == "ES256" ? keys_.elliptic.get() : keys_.rsa.get();
        std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
        EVP_PKEY_CTX* padding = nullptr;
        EVP_DigestSignInit(context.get(), &padding, EVP_sha256(), nullptr, key);
        if (algorithm == "PS256") {
            EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
            EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST);
        }
        auto const* const bytes = reinterpret_cast<unsigned char const*>(text.data());
        std::size_t size = 0;
        EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size());
        std::string signature(size, '\0');
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size());
        signature.resize(size);
        if (algorithm == "ES256") signature = side_by_side(signature);
        return text + "." + to_base64url(signature);
    }

    [[nodiscard]] std::string jwks() const
    {
        boost::json::object const rsa{{"kty", "RSA"},
                                      {"use", "sig"},
                                      {"kid", key_id + "R"},
                                      {"n", number(keys_.rsa.get(), OSSL_PKEY_PARAM_RSA_N)},
                                      {"e", number(keys_.rsa.get(), OSSL_PKEY_PARAM_RSA_E)}};
        auto pss = rsa;
        pss["kid"] = key_id + "P";
        boost::json::object const elliptic{{"kty", "EC"},
                                           {"crv", "P-256"},
                                           {"alg", "ES256"},
                                           {"kid", key_id + "E"},
                                           {"x", number(keys_.elliptic.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32)},
                                           {"y", number(keys_.elliptic.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 32)}};
        return boost::json::serialize(boost::json::object{{"keys", boost::json::array{rsa, pss, elliptic}}});
    }

private:
    using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

    static std::string encoded(boost::json::object const& object)
    {
        return to_base64url(boost::json::serialize(object));
    }

    static std::string number(EVP_PKEY* key, char const* name, int width = 0)
    {
        BIGNUM* value = nullptr;
        EVP_PKEY_get_bn_param(key, name, &value);
        std::string bytes(static_cast<std::size_t>(width > 0 ? width : BN_num_bytes(value)), '\0');
        BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
        BN_free(value);
        return to_base64url(bytes);
    }

    static std::string side_by_side(std::string const& der)
    {
        auto const* at = reinterpret_cast<unsigned char const*>(der.data());
        auto* const pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
        std::string both(64, '\0');
        auto* const out = reinterpret_cast<unsigned char*>(both.data());
        BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32);
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32);
        ECDSA_SIG_free(pair);
        return both;
    }

    struct Keys {
        Key rsa{EVP_RSA_gen(2048), EVP_PKEY_free};
        Key elliptic{EVP_EC_gen("P-256"), EVP_PKEY_free};
    };

    static Keys const& keys_of(int provider)
    {
        static std::map<int, Keys> all;
        return all[provider];
    }

    Keys const& keys_;
};

}  // namespace postroom::test
