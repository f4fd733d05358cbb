// Whether what a provider issued will work, and for whom it is. Pure: everything is known, nothing is asked.
#pragma once

#include "grants/candidate.hpp"
#include "model/account.hpp"
#include "model/grant.hpp"
#include "oauth/id-token.hpp"
#include "oauth/token-answer.hpp"

#include <optional>
#include <string>
#include <vector>

namespace postroom::grants {

/// Tokens for a user.
struct Issued {
    model::Account account;
    std::optional<model::Owner> bound;  ///< whom the grant that is in force belongs to
    std::vector<std::string> asked;     ///< scopes
    std::string issuer;                 ///< of the verified id token
    oauth::Identity identity;
    oauth::TokenAnswer answer;
    Instant now{};
};
/// Errors: Trouble::refused, in words that say what is wrong and what to do: the wrong user (naming both), a scope or
/// the refresh token missing, a token that ends too soon.
[[nodiscard]] Result<Candidate> judge(Issued const& issued);

/// A token for the application itself.
struct IssuedToItself {
    model::Account account;
    model::Application application;
    std::optional<model::Owner> bound;
    std::string issuer;  ///< of the provider
    bool entra = false;  ///< so that its tokens name the roles that they have
    std::string asked;   ///< scope
    oauth::TokenAnswer answer;
    Instant now{};
};
/// Errors: Trouble::refused: a role that retrieval needs is missing, another application or tenant than the one that is
/// meant, a token that ends too soon.
[[nodiscard]] Result<Candidate> judge(IssuedToItself const& issued);

}  // namespace postroom::grants
