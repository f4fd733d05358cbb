#include "lab/tokens.hpp"

#include "base/text.hpp"
#include "lab/certificates.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <array>
#include <cstdio>

namespace postroom::lab {

namespace json = boost::json;

namespace {

std::string sha256(std::string_view bytes)
{
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    SHA256(reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size(),
           reinterpret_cast<unsigned char*>(digest.data()));
    return digest;
}

std::string number_of(EVP_PKEY* key, char const* name)
{
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return {};
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
    BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(number);
    return bytes;
}

using MdContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

std::string hmac(std::string_view key, std::string_view text)
{
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<unsigned char const*>(text.data()),
         text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size);
    return digest;
}

Result<json::object> parse_object(std::string_view encoded)
{
    auto const text = from_base64(encoded);
    if (!text) return failure(Trouble::invalid, "not base64url");
    boost::system::error_code error;
    auto value = json::parse(*text, error);
    if (error || !value.is_object()) return failure(Trouble::invalid, "not a JSON object");
    return std::move(value.get_object());
}

std::string text_of(json::object const& claims, std::string_view name)
{
    auto const* const value = claims.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

Result<TokenKeys> TokenKeys::load_or_make(std::string const& directory)
{
    auto const path = directory + "/token-signing-key.pem";
    EVP_PKEY* key = nullptr;
    if (auto* const file = std::fopen(path.c_str(), "re"); file != nullptr) {
        key = PEM_read_PrivateKey(file, nullptr, nullptr, nullptr);
        std::fclose(file);
    }
    if (key == nullptr) {
        key = EVP_RSA_gen(2048);
        BIO* const memory = BIO_new(BIO_s_mem());
        PEM_write_bio_PrivateKey(memory, key, nullptr, nullptr, 0, nullptr, nullptr);
        char* bytes = nullptr;
        auto const size = BIO_get_mem_data(memory, &bytes);
        auto const written = write_private(path, std::string(bytes, static_cast<std::size_t>(size)));
        BIO_free_all(memory);
        if (!written) {
            EVP_PKEY_free(key);
            return std::unexpected(written.error());
        }
    }
    TokenKeys keys;
    keys.key_ = std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free);
    auto const modulus = number_of(key, OSSL_PKEY_PARAM_RSA_N);
    if (modulus.empty()) return failure(Trouble::internal, path + " holds no RSA key");
    keys.key_id_ = to_base64url(sha256(modulus)).substr(0, 27);
    keys.seal_key_ = sha256("seal" + number_of(key, OSSL_PKEY_PARAM_RSA_D));
    return keys;
}

std::string TokenKeys::sign(json::object const& claims) const
{
    // The header of Entra's tokens names the key twice; Exchange's has a nonce beside it, which is left out here, since
    // with it nobody but Exchange could verify the token.
    json::object const header{{"typ", "JWT"}, {"alg", "RS256"}, {"x5t", key_id_}, {"kid", key_id_}};
    auto const text = to_base64url(json::serialize(header)) + '.' + to_base64url(json::serialize(claims));
    MdContext const context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::size_t size = 0;
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    auto const* const bytes = reinterpret_cast<unsigned char const*>(text.data());
    EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size());
    std::string signature(size, '\0');
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size());
    signature.resize(size);
    return text + '.' + to_base64url(signature);
}

Result<json::object> TokenKeys::read(std::string_view token) const
{
    auto const parts = split(token, '.');
    if (parts.size() != 3) return failure(Trouble::invalid, "not a JWT");
    auto const header = parse_object(parts[0]);
    if (!header) return failure(Trouble::invalid, "the JWT's header is " + header.error().message);
    if (text_of(*header, "alg") != "RS256") return failure(Trouble::refused, "the JWT is not signed with RS256");
    auto const signature = from_base64(parts[2]);
    if (!signature) return failure(Trouble::invalid, "the JWT's signature is not base64url");
    auto const text = token.substr(0, parts[0].size() + 1 + parts[1].size());
    MdContext const context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    if (EVP_DigestVerify(context.get(), reinterpret_cast<unsigned char const*>(signature->data()), signature->size(),
                         reinterpret_cast<unsigned char const*>(text.data()), text.size()) != 1)
        return failure(Trouble::refused, "the JWT's signature does not verify");
    return parse_object(parts[1]);
}

json::object TokenKeys::jwks() const
{
    json::object key{{"kty", "RSA"},
                     {"use", "sig"},
                     {"alg", "RS256"},
                     {"kid", key_id_},
                     {"x5t", key_id_},
                     {"n", to_base64url(number_of(key_.get(), OSSL_PKEY_PARAM_RSA_N))},
                     {"e", to_base64url(number_of(key_.get(), OSSL_PKEY_PARAM_RSA_E))}};
    json::array keys;
    keys.emplace_back(std::move(key));
    return {{"keys", std::move(keys)}};
}

std::string TokenKeys::seal(json::object const& content) const
{
    auto const text = to_base64url(json::serialize(content));
    // Entra's refresh tokens begin like this; the rest is opaque to clients, and so is ours.
    return "0.AX" + text + '.' + to_base64url(hmac(seal_key_, text));
}

Result<json::object> TokenKeys::unseal(std::string_view token) const
{
    auto const dot = token.rfind('.');
    if (!token.starts_with("0.AX") || dot == std::string_view::npos || dot < 4)
        return failure(Trouble::invalid, "not a refresh token of this lab");
    auto const text = token.substr(4, dot - 4);
    auto const expected = to_base64url(hmac(seal_key_, text));
    auto const given = token.substr(dot + 1);
    if (given.size() != expected.size() || CRYPTO_memcmp(given.data(), expected.data(), given.size()) != 0)
        return failure(Trouble::invalid, "not a refresh token of this lab");
    return parse_object(text);
}

bool AccessToken::has_scope(std::string_view name) const
{
    for (auto const scope : split(scopes, ' '))
        if (scope == name) return true;
    return false;
}

bool AccessToken::is_for_exchange() const
{
    // A Graph audience, or https://ps.outlook.com, is refused (Exchange Online, MailKit #1811).
    return audience == "https://outlook.office.com" || audience == "https://outlook.office365.com" ||
           audience == "00000002-0000-0ff1-ce00-000000000000";
}

Result<AccessToken> read_access_token(TokenKeys const& keys, std::string_view token, Instant now)
{
    auto const claims = keys.read(token);
    if (!claims) return std::unexpected(claims.error());
    auto const* const expires = claims->if_contains("exp");
    if (expires == nullptr || !expires->is_int64()) return failure(Trouble::refused, "the token has no exp");
    AccessToken read{text_of(*claims, "upn"),
                     text_of(*claims, "oid"),
                     text_of(*claims, "aud"),
                     text_of(*claims, "scp"),
                     text_of(*claims, "appid"),
                     {},
                     Instant(std::chrono::seconds(expires->get_int64()))};
    if (auto const* const roles = claims->if_contains("roles"); roles != nullptr && roles->is_array())
        for (auto const& role : roles->get_array())
            if (role.is_string()) read.roles.emplace_back(role.get_string());
    if (read.upn.empty() && text_of(*claims, "idtyp") != "app")
        return failure(Trouble::refused, "the token names nobody");
    if (read.expires <= now) return failure(Trouble::refused, "the token has run out");
    return read;
}

std::int64_t to_seconds(Instant at)
{
    return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

}  // namespace postroom::lab
