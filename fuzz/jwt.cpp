// Tokens and key sets from anywhere: nothing that is not signed is ever accepted, and no token is in the words.
#include "oauth/id-token.hpp"

#include "canary.hpp"

#include <openssl/evp.h>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    using namespace postroom;
    using namespace postroom::oauth;
    std::string_view const input(reinterpret_cast<char const*>(data), size);
    // The example key of RFC 7515, appendix A.2.
    static auto const keys = read_keys(
        R"({"keys":[{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}]})");
    if (!keys) std::abort();
    Expected expected;
    expected.issuer = "https://login.example.com/{tenantid}/v2.0";
    expected.client_id = "client";
    expected.nonce = "nonce";
    if (fuzz::shows_canary(input)) return 0;
    auto const identity = verify_id_token(input, *keys, expected);
    fuzz::require(!identity && fuzz::is_telling(identity.error()));
    if (auto const set = read_keys(input)) {
        fuzz::require(!set->empty() && set->size() <= 100);
        for (auto const& each : *set) {
            auto const type = EVP_PKEY_get_base_id(each.key.get());
            fuzz::require(type == EVP_PKEY_EC || (type == EVP_PKEY_RSA && EVP_PKEY_get_bits(each.key.get()) >= 2048));
            // Whatever key it is, using it is safe.
            for (auto const* const algorithm : {"RS256", "PS256", "ES256"}) {
                Jwt token;
                token.header["alg"] = algorithm;
                token.signed_text = "e30.e30";
                token.signature.assign(algorithm[0] == 'E' ? 64 : 256, '\x01');
                fuzz::require(!verify_signature(token, {each}));
            }
        }
    } else {
        fuzz::require(fuzz::is_telling(set.error()));
    }
    // What is no token may be one all the same: an access token of a personal account.
    for (auto const& token :
         {std::string(fuzz::canary) + std::string(input), std::string(input) + "." + std::string(fuzz::canary)})
        if (auto const jwt = decode_jwt(token); !jwt) fuzz::require(fuzz::is_telling(jwt.error()));
    return 0;
}
