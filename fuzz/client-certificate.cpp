// An administrator's PEM: what is taken signs statements that its certificate verifies; what is not is said in a few
// words that are always ours.
#include "oauth/client-certificate.hpp"
#include "base/text.hpp"
#include "oauth/jwt.hpp"

#include "canary.hpp"

#include <openssl/evp.h>

#include <set>

using namespace postroom;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    auto const read = oauth::read_client_certificate(Secret({reinterpret_cast<char const*>(data), size}));
    if (!read) {
        static std::set<std::string> said;
        said.insert(read.error().message);
        fuzz::require(fuzz::is_telling(read.error()) && said.size() <= 8);
        return 0;
    }
    fuzz::require(EVP_PKEY_get_base_id(read->key.get()) == EVP_PKEY_RSA && EVP_PKEY_get_bits(read->key.get()) >= 2048);
    fuzz::require(read->thumbprint.size() == 32 && read->subject.size() <= 310);
    fuzz::require(read->subject.find_first_of("\r\n\x1b") == std::string::npos);
    for (auto const* const algorithm : {"PS256", "RS256"}) {
        auto const statement = oauth::client_assertion(*read, algorithm, "client", "https://login.example.com", {});
        auto const jwt = oauth::decode_jwt(statement.expose());
        fuzz::require(jwt && oauth::verify_signature(*jwt, {{"", "", read->key}}));
    }
    return 0;
}
