// Tokens that are signed, in ways that a provider would and in ways that an attacker could: accepted means signed by a
// published key as the header says, unchanged, and claiming what was expected.
#include "base/text.hpp"
#include "oauth/id-token.hpp"

#include "canary.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <memory>

using namespace postroom;
namespace json = boost::json;

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr std::string_view now = "2026-11-22T12:00:00Z";
constexpr std::int64_t now_s = 1'795'348'800;
constexpr std::string_view good_claims =
    R"({"iss":"https://login.example.com/t/v2.0","tid":"t","aud":"client","nonce":"nonce","iat":1795348800,"exp":1795352400,"sub":"s","oid":"o"})";

enum Way : unsigned { es256, rs256, ps256, foreign_es256, foreign_rs256, short_salt, shared_secret, none, ways };

struct House {
    Key rsa{EVP_RSA_gen(2048), EVP_PKEY_free};
    Key elliptic{EVP_EC_gen("P-256"), EVP_PKEY_free};
    Key foreign_rsa{EVP_RSA_gen(2048), EVP_PKEY_free};
    Key foreign_elliptic{EVP_EC_gen("P-256"), EVP_PKEY_free};
    std::string set;
    std::vector<oauth::VerifyKey> keys;

    House()
    {
        json::object const first{{"kty", "RSA"},
                                 {"kid", "r"},
                                 {"n", number(rsa.get(), OSSL_PKEY_PARAM_RSA_N, 256)},
                                 {"e", number(rsa.get(), OSSL_PKEY_PARAM_RSA_E, 3)}};
        json::object const second{{"kty", "EC"},
                                  {"kid", "e"},
                                  {"crv", "P-256"},
                                  {"x", number(elliptic.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32)},
                                  {"y", number(elliptic.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 32)}};
        set = json::serialize(json::object{{"keys", json::array{first, second}}});
        keys = oauth::read_keys(set).value();
        fuzz::require(keys.size() == 2);
    }

    static std::string number(EVP_PKEY* key, char const* name, int width)
    {
        BIGNUM* value = nullptr;
        fuzz::require(EVP_PKEY_get_bn_param(key, name, &value) == 1);
        std::string bytes(static_cast<std::size_t>(width), '\0');
        BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), width);
        BN_free(value);
        return to_base64url(bytes);
    }
};

std::string side_by_side(std::string const& der)
{
    auto const* at = reinterpret_cast<unsigned char const*>(der.data());
    std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> const pair(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free);
    std::string both(64, '\0');
    auto* const out = reinterpret_cast<unsigned char*>(both.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + 32, 32);
    return both;
}

std::string signature(House const& house, Way way, std::string_view text)
{
    auto const* const bytes = reinterpret_cast<unsigned char const*>(text.data());
    if (way == none) return {};
    if (way == shared_secret) {  // the published key, taken for a secret that both sides know
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        HMAC(EVP_sha256(), house.set.data(), static_cast<int>(house.set.size()), bytes, text.size(), digest, &size);
        return {reinterpret_cast<char const*>(digest), size};
    }
    auto* key = house.rsa.get();
    if (way == es256) key = house.elliptic.get();
    if (way == foreign_es256) key = house.foreign_elliptic.get();
    if (way == foreign_rs256) key = house.foreign_rsa.get();
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* padding = nullptr;
    EVP_DigestSignInit(context.get(), &padding, EVP_sha256(), nullptr, key);
    if (way == ps256 || way == short_salt) {
        EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, way == ps256 ? RSA_PSS_SALTLEN_DIGEST : 8);
    }
    std::string made(512, '\0');
    std::size_t size = made.size();
    auto* const out = reinterpret_cast<unsigned char*>(made.data());
    fuzz::require(EVP_DigestSign(context.get(), out, &size, bytes, text.size()) == 1);
    made.resize(size);
    return way == es256 || way == foreign_es256 ? side_by_side(made) : made;
}

// What the header has to say for a signature made in this way; nothing where none of it may be taken.
std::string_view name_of(Way way)
{
    if (way == es256) return "ES256";
    if (way == rs256) return "RS256";
    return way == ps256 ? "PS256" : "";
}

json::value parsed(std::string_view text)
{
    boost::system::error_code error;
    auto value = json::parse(json::string_view(text.data(), text.size()), error);
    return error ? json::value() : value;
}

bool is(json::object const& object, char const* name, std::string_view text)
{
    auto const* const value = object.if_contains(name);
    return value && value->is_string() &&
           std::string_view(value->get_string().data(), value->get_string().size()) == text;
}

void must_claim(std::string_view claims, oauth::Identity const& identity)
{
    auto const value = parsed(claims);
    fuzz::require(value.is_object());
    auto const& object = value.get_object();
    fuzz::require(is(object, "nonce", "nonce") && is(object, "sub", identity.subject) && !identity.subject.empty());
    fuzz::require(!identity.tenant_id.empty() && is(object, "tid", identity.tenant_id));
    fuzz::require(is(object, "iss", "https://login.example.com/" + identity.tenant_id + "/v2.0"));
    auto const* const exp = object.if_contains("exp");
    if (exp && exp->is_int64()) fuzz::require(exp->get_int64() > now_s - 300);
    auto const* const iat = object.if_contains("iat");
    if (iat && iat->is_int64()) fuzz::require(iat->get_int64() <= now_s + 300);
    fuzz::require(exp && iat && object.contains("aud"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    static House const house;
    if (size < 4) return 0;
    std::string_view rest(reinterpret_cast<char const*>(data) + 4, size - 4);
    if (fuzz::shows_canary(rest)) return 0;
    auto const way = static_cast<Way>(data[0] % ways);
    std::string header(fuzz::take_line(rest));
    if (header.empty()) header = R"({"alg":")" + std::string(name_of(way)) + R"("})";
    auto const claims = rest.empty() ? good_claims : rest;
    auto const text = to_base64url(header) + "." + to_base64url(claims);
    auto const signed_by = signature(house, way, text);
    auto token = text + "." + to_base64url(signed_by);
    auto& changed = token[(data[1] * 256U + data[2]) % token.size()];
    changed = static_cast<char>(changed ^ data[3]);

    oauth::Expected expected;
    expected.issuer = "https://login.example.com/{tenantid}/v2.0";
    expected.client_id = "client";
    expected.nonce = "nonce";
    expected.now = from_rfc3339(now).value();
    auto const identity = oauth::verify_id_token(token, house.keys, expected);
    bool const unchanged = data[3] == 0;
    bool const good = unchanged && claims == good_claims && !name_of(way).empty() &&
                      header == R"({"alg":")" + std::string(name_of(way)) + R"("})";
    if (!identity) {
        fuzz::require(!good && fuzz::is_telling(identity.error()));
        return 0;
    }
    auto const end = token.rfind('.');
    auto const head = parsed(header);
    fuzz::require(!name_of(way).empty() && head.is_object() && is(head.get_object(), "alg", name_of(way)));
    fuzz::require(token.substr(0, end) == text && from_base64(token.substr(end + 1)) == signed_by);
    must_claim(claims, *identity);
    return 0;
}
