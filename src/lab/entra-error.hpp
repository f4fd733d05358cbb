// Refusals of the identity provider: number, error value, status and words.
#pragma once

#include "base/clock.hpp"

#include <string>
#include <string_view>

namespace postroom::lab {

/// A refusal as Entra words it: "AADSTS50011: …" with trace and correlation id.
struct EntraError {
    unsigned status = 400;
    std::string error;          ///< invalid_grant …
    unsigned code = 0;          ///< 50011
    std::string words;          ///< without "AADSTS50011: "
    std::string suberror = {};  ///< often empty
};

/// "AADSTS50011: … Trace ID: … Correlation ID: … Timestamp: …"
struct WordedError {
    std::string text, trace_id, correlation_id, timestamp;
};
[[nodiscard]] WordedError word(EntraError const& error, Instant now);

/// The refusal that the value of the fault token-refused names: "700027", or "99999 invalid_client". The sentence is
/// invented.
[[nodiscard]] EntraError refusal_with(std::string_view value);

// What several endpoints say.
[[nodiscard]] EntraError missing(std::string_view parameter);
[[nodiscard]] EntraError unknown_tenant(std::string_view tenant);
[[nodiscard]] EntraError admin_consent_required();
[[nodiscard]] EntraError unknown_application(std::string_view client_id);

}  // namespace postroom::lab
