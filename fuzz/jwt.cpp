// Tokens and key sets from anywhere: nothing that is not signed is ever accepted.
#include "oauth/id-token.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
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
    if (verify_id_token(input, *keys, expected)) std::abort();
    (void)read_keys(input);
    return 0;
}
