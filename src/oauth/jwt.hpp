// JSON web tokens (RFC 7519, RFC 7515): taken apart, and verified by a provider's published keys. RS256, PS256 and
// ES256; "none" and the shared-secret algorithms are refused. Pure.
#pragma once

#include "base/result.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace postroom::oauth {

struct Jwt {
    boost::json::object header;
    boost::json::object claims;
    std::string signed_text;  ///< header.claims, as they came
    std::string signature;    ///< decoded
};

/// Takes a token apart; proves nothing. An access token may be none at all (personal accounts). Errors:
/// Trouble::invalid, never with the token in it.
[[nodiscard]] Result<Jwt> decode_jwt(std::string_view token);

struct VerifyKey {
    std::string id;         ///< kid
    std::string algorithm;  ///< alg, or ""
    std::shared_ptr<evp_pkey_st> key;
};

/// RSA keys of at least 2048 bits and P-256 keys, for signatures; others are left out. Errors: Trouble::protocol where
/// it is no key set, or none of its keys can be used.
[[nodiscard]] Result<std::vector<VerifyKey>> read_keys(std::string_view jwks);

/// Errors: Trouble::refused, with the reason.
[[nodiscard]] Result<void> verify_signature(Jwt const& token, std::vector<VerifyKey> const& keys);

}  // namespace postroom::oauth
