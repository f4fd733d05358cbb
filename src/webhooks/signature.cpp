#include "webhooks/signature.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

namespace postroom::webhooks {

std::string signature(Secret const& secret, Instant at, std::string_view body)
{
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
    auto const stamp = fmt::format("{}.", seconds);
    crypto_auth_hmacsha256_state state;
    auto const feed = [&](std::string_view bytes) {
        crypto_auth_hmacsha256_update(&state, reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size());
    };
    crypto_auth_hmacsha256_init(&state, reinterpret_cast<unsigned char const*>(secret.expose().data()), secret.size());
    feed(stamp);
    feed(body);
    std::array<char, crypto_auth_hmacsha256_BYTES> digest{};
    crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(digest.data()));
    return fmt::format("t={},v1={}", seconds, to_hex({digest.data(), digest.size()}));
}

Secret new_secret()
{
    return Secret("whsec_" + to_base64url(random_bytes(32)));
}

}  // namespace postroom::webhooks
