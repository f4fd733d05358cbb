// What a token endpoint answers (RFC 6749 section 5), with what Entra adds. Pure.
#pragma once

#include "base/clock.hpp"
#include "base/secret.hpp"

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::oauth {

/// Tokens are opaque and of any length.
struct TokenAnswer {
    Secret access_token;
    Duration expires_in{0};  ///< 0 where the provider did not say
    Secret refresh_token;    ///< empty where none came: the old one stays in force
    std::string id_token;
    std::vector<std::string> scopes;  ///< as granted; empty where the provider did not say: as asked (RFC 6749 5.1)
};

/// A refusal. Programs decide by `error` and `suberror`; the numbers explain.
struct ProviderError {
    unsigned status = 0;               ///< of HTTP; 0 where it came by redirect
    std::string error;                 ///< RFC 6749's word; empty where the answer was none of a token endpoint
    std::string suberror;              ///< Entra: bad_token, consent_required, basic_action …
    std::string description;           ///< the provider's own words, or ours where it had none
    std::vector<std::uint32_t> codes;  ///< every AADSTS number, in the order of the text
    std::string trace_id;
    std::string correlation_id;
    std::string timestamp;
    std::optional<Duration> retry_after;
    bool wordless = false;  ///< 400 or 401 (RFC 6749 section 5.2), and no body at all: as Glewlwyd 2.7 refuses

    /// The AADSTS number that explains: the last one of the text. 0 where there is none.
    [[nodiscard]] std::uint32_t code() const { return codes.empty() ? 0 : codes.back(); }
    /// Nobody has to do anything; trying again later may succeed.
    [[nodiscard]] bool is_transient() const;
    /// The token endpoint said no, and not something in between, such as a proxy's page.
    [[nodiscard]] bool is_refusal() const { return !is_transient() && is_its_own(); }
    /// What answered was the token endpoint.
    [[nodiscard]] bool is_its_own() const { return !error.empty() || wordless; }
    /// What happened, for people; with the ids by which an administrator finds the entry in the sign-in logs.
    [[nodiscard]] std::string message() const;
};

/// Total: whatever came is tokens or a refusal that says what it was. Header names are in lower case.
[[nodiscard]] std::expected<TokenAnswer, ProviderError> read_token_answer(
    unsigned status, std::map<std::string, std::string> const& headers, std::string_view body);

/// From the members of an error, as the token endpoint and the redirect both carry them.
[[nodiscard]] ProviderError describe_error(std::string error, std::string description);

}  // namespace postroom::oauth
