#include "oauth/jwt.hpp"

#include "base/text.hpp"
#include "oauth/json-fields.hpp"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <boost/json/array.hpp>

namespace postroom::oauth {

namespace {

constexpr std::size_t most_keys = 100;
constexpr std::size_t longest_number = 2048;  // 16384 bits
constexpr std::size_t p256_number = 32;

template <auto function>
struct Free {
    void operator()(auto* what) const { function(what); }
};
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

unsigned char const* raw(std::string_view bytes)
{
    return reinterpret_cast<unsigned char const*>(bytes.data());
}

Number number(std::string_view bytes)
{
    return Number(BN_bin2bn(raw(bytes), static_cast<int>(bytes.size()), nullptr));
}

std::string bytes_member(json::object const& key, std::string_view name)
{
    auto decoded = from_base64(text_member(key, name)).value_or("");
    if (decoded.size() > longest_number) decoded.clear();
    return decoded;
}

std::shared_ptr<EVP_PKEY> build(char const* type, OSSL_PARAM_BLD* builder)
{
    Parameters const parameters(OSSL_PARAM_BLD_to_param(builder));
    KeyContext const context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    bool const built = parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                       EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1;
    ERR_clear_error();
    if (!built) return nullptr;
    return {key, EVP_PKEY_free};
}

std::shared_ptr<EVP_PKEY> rsa_key(json::object const& member)
{
    auto const n = number(bytes_member(member, "n"));
    auto const e = number(bytes_member(member, "e"));
    if (!n || !e || BN_num_bits(n.get()) < 2048 || BN_is_zero(e.get())) return nullptr;
    Builder const builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
    return build("RSA", builder.get());
}

std::shared_ptr<EVP_PKEY> p256_key(json::object const& member)
{
    auto const x = bytes_member(member, "x");
    auto const y = bytes_member(member, "y");
    if (text_member(member, "crv") != "P-256" || x.size() != p256_number || y.size() != p256_number) return nullptr;
    std::string const point = "\x04" + x + y;  // uncompressed, SEC 1 section 2.3.3
    Builder const builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    return build("EC", builder.get());
}

// JWS gives r and s side by side (RFC 7518 section 3.4), OpenSSL wants them in DER.
std::string to_der(std::string_view signature)
{
    if (signature.size() != 2 * p256_number) return {};
    std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>> const pair(ECDSA_SIG_new());
    ECDSA_SIG_set0(pair.get(), number(signature.substr(0, p256_number)).release(),
                   number(signature.substr(p256_number)).release());
    unsigned char* der = nullptr;
    int const size = i2d_ECDSA_SIG(pair.get(), &der);
    if (size <= 0) return {};
    std::string result(reinterpret_cast<char const*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return result;
}

bool verifies(Jwt const& token, std::string_view algorithm, EVP_PKEY* key)
{
    bool const elliptic = algorithm == "ES256";
    if (EVP_PKEY_get_base_id(key) != (elliptic ? EVP_PKEY_EC : EVP_PKEY_RSA)) return false;
    auto const signature = elliptic ? to_der(token.signature) : token.signature;
    Digest const digest(EVP_MD_CTX_new());
    EVP_PKEY_CTX* padding = nullptr;
    bool good = EVP_DigestVerifyInit(digest.get(), &padding, EVP_sha256(), nullptr, key) == 1;
    if (good && algorithm == "PS256")
        good = EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1;
    good = good && EVP_DigestVerify(digest.get(), raw(signature), signature.size(), raw(token.signed_text),
                                    token.signed_text.size()) == 1;
    ERR_clear_error();
    return good;
}

}  // namespace

Result<Jwt> decode_jwt(std::string_view token)
{
    auto const parts = split(token, '.');
    if (parts.size() != 3 || parts[0].empty() || parts[1].empty())
        return failure(Trouble::invalid, "the token is no JSON web token: it has not three parts");
    auto const decoded = [](std::string_view part, std::string_view what) -> Result<json::object> {
        auto const bytes = from_base64(part);
        if (!bytes) return failure(Trouble::invalid, fmt::format("the token's {} is not base64url", what));
        auto object = parse_object(*bytes, what);
        // The reason may quote the token, so it is not passed on.
        if (!object) return failure(Trouble::invalid, fmt::format("the token's {} is no JSON object", what));
        return object;
    };
    auto header = decoded(parts[0], "header");
    if (!header) return std::unexpected(header.error());
    auto claims = decoded(parts[1], "claims");
    if (!claims) return std::unexpected(claims.error());
    auto signature = from_base64(parts[2]);
    if (!signature) return failure(Trouble::invalid, "the token's signature is not base64url");
    Jwt jwt;
    jwt.header = std::move(*header);
    jwt.claims = std::move(*claims);
    jwt.signed_text = std::string(token.substr(0, parts[0].size() + 1 + parts[1].size()));
    jwt.signature = std::move(*signature);
    return jwt;
}

Result<std::vector<VerifyKey>> read_keys(std::string_view jwks)
{
    auto const set = parse_object(jwks, "the provider's key set");
    if (!set) return std::unexpected(set.error());
    auto const* const list = set->if_contains("keys");
    if (!list || !list->is_array())
        return failure(Trouble::protocol, "the provider's key set has no \"keys\" (RFC 7517 section 5)");
    std::vector<VerifyKey> keys;
    for (auto const& each : list->get_array()) {
        auto const* const member = each.if_object();
        if (!member || keys.size() == most_keys) continue;
        if (auto const use = text_member(*member, "use"); !use.empty() && use != "sig") continue;
        auto const type = text_member(*member, "kty");
        VerifyKey key{text_member(*member, "kid"), text_member(*member, "alg"), nullptr};
        if (type == "RSA") key.key = rsa_key(*member);
        if (type == "EC") key.key = p256_key(*member);
        if (key.key) keys.push_back(std::move(key));
    }
    if (keys.empty()) return failure(Trouble::protocol, "the provider's key set has no key that can be used");
    return keys;
}

Result<void> verify_signature(Jwt const& token, std::vector<VerifyKey> const& keys)
{
    auto const algorithm = text_member(token.header, "alg");
    if (algorithm != "RS256" && algorithm != "PS256" && algorithm != "ES256")
        return failure(Trouble::refused, fmt::format("the token is signed by \"{}\"; RS256, PS256 and ES256 are taken",
                                                     printable(algorithm, 32)));
    if (token.header.if_contains("crit"))  // RFC 7515 section 4.1.11: what is not understood is refused
        return failure(Trouble::refused, "the token has a critical extension that is not known");
    auto const id = text_member(token.header, "kid");
    bool known = false;
    for (auto const& key : keys) {
        if (!id.empty() && key.id != id) continue;
        if (!key.algorithm.empty() && key.algorithm != algorithm) continue;
        known = true;
        if (verifies(token, algorithm, key.key.get())) return {};
    }
    if (!known)
        return failure(Trouble::refused,
                       fmt::format("the provider has published no key \"{}\" for {}", printable(id, 64), algorithm));
    return failure(Trouble::refused, "the token's signature is not the provider's");
}

}  // namespace postroom::oauth
