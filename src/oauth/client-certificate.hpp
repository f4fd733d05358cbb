// An application that proves itself by a certificate and not by a secret (RFC 7523 section 2.2, private_key_jwt): it
// signs a short statement with the certificate's key, and the provider knows the certificate.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace postroom::oauth {

struct ClientCertificate {
    std::shared_ptr<evp_pkey_st> key;
    std::string subject;     ///< "CN=postroom", for people
    std::string thumbprint;  ///< SHA-256 of the certificate's DER: 32 octets
    Instant begins{};
    Instant ends{};
};

/// From PEM: a certificate, and its private key without a passphrase, in either order. Errors: Trouble::invalid, saying
/// what is missing or does not fit (RSA of at least 2048 bits: Entra takes no other); never with any of it in the
/// words.
[[nodiscard]] Result<ClientCertificate> read_client_certificate(Secret const& pem);

/// The statement: this application, to this token endpoint, once, for five minutes from `now`. `algorithm` is PS256 or
/// RS256; the certificate is named by x5t#S256.
[[nodiscard]] Secret client_assertion(ClientCertificate const& certificate, std::string_view algorithm,
                                      std::string_view client_id, std::string_view token_endpoint, Instant now);

}  // namespace postroom::oauth
