// An identity application: a registration at an identity provider.
#pragma once

#include "model/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postroom::model {

/// A sealed secret: what vault/ made of it. Opaque to everybody else.
struct Sealed {
    std::string bytes;
    friend bool operator==(Sealed const&, Sealed const&) = default;
};

struct Application {
    ApplicationId id;
    std::string name;
    std::string cloud;      ///< worldwide, gcc-high, dod, china, or custom: the records are in oauth/clouds.hpp
    std::string tenant;     ///< a GUID or a verified domain
    std::string authority;  ///< the URL of any OpenID provider, where the cloud's own is not meant; else empty
    std::string client_id;
    std::vector<std::string> scopes;  ///< what a custom provider is asked for; empty: what the cloud needs
    Instant created{};
    std::int64_t version = 1;  ///< counts what people change about it
};

enum class CredentialKind { secret, certificate };

/// What an application proves itself with; a public client has none. Two at once, so that one can be replaced by the
/// next without a gap.
struct Credential {
    CredentialId id;
    ApplicationId application;
    CredentialKind kind = CredentialKind::secret;
    Sealed value;                 ///< the secret, or the certificate with its private key, in PEM
    std::string subject;          ///< of a certificate
    std::string thumbprint;       ///< of a certificate: SHA-256 in hexadecimal, as Entra shows it
    std::optional<Instant> ends;  ///< of a secret where somebody said so
    Instant created{};
    std::optional<Instant> accepted;  ///< when the provider last took it
    std::optional<Instant> refused;   ///< when it last did not; nothing once it took it again
    std::string refusal;              ///< in words
};

[[nodiscard]] std::string_view to_string(CredentialKind kind);
[[nodiscard]] Result<CredentialKind> parse_credential_kind(std::string_view text);

}  // namespace postroom::model
