// How a delivery is signed, so that whoever gets it knows whose it is, that it is whole, and that it is not an old one
// sent again.
#pragma once

#include "base/clock.hpp"
#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace postroom::webhooks {

/// "t=1700000000,v1=…": seconds since 1970, and HMAC-SHA256 of "1700000000." and the body, in hexadecimal.
[[nodiscard]] std::string signature(Secret const& secret, Instant at, std::string_view body);
/// A new secret: "whsec_" and 32 random bytes, base64url.
[[nodiscard]] Secret new_secret();

}  // namespace postroom::webhooks
