// What an application signs with its certificate's key, in place of a client secret (Microsoft, certificate
// credentials).
#pragma once

#include "base/clock.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace postroom::lab {

enum class Assertion {
    good,
    malformed,
    wrong_algorithm,
    unknown_key,  ///< no registered certificate has that thumbprint
    bad_signature,
    not_for_us,  ///< aud, iss or sub
    not_now,
};

/// `certificates` are PEM; `audience` is the token endpoint's URL. PS256 with x5t#S256, or RS256 with that or x5t.
[[nodiscard]] Assertion judge_assertion(std::string_view assertion, std::vector<std::string> const& certificates,
                                        std::string_view client_id, std::string_view audience, Instant now);

/// As Entra names it: 40 hexadecimal digits, SHA-1 of the DER. Empty where `pem` is no certificate.
[[nodiscard]] std::string thumbprint_of(std::string const& pem);

}  // namespace postroom::lab
