// Whether what a provider issued will work, and for whom it is. Pure: everything is known, nothing is asked.
#pragma once

#include "model/account.hpp"
#include "model/grant.hpp"
#include "oauth/id-token.hpp"
#include "oauth/token-answer.hpp"

#include <optional>
#include <string>
#include <vector>

namespace postroom::grants {

struct Candidate {
    model::Account account;
    std::optional<model::Owner> bound;  ///< whom the grant that is in force belongs to
    std::vector<std::string> asked;     ///< scopes
    std::string issuer;                 ///< of the verified id token
    oauth::Identity identity;
    oauth::TokenAnswer answer;
};

struct Accepted {
    model::Owner owner;
    std::vector<std::string> scopes;  ///< with offline_access: what a renewal asks for
    Duration life{};
    std::string warning;  ///< empty, or what will be a nuisance
};

/// Errors: Trouble::refused, in words that say what is wrong and what to do: the wrong user (naming both), a scope or
/// the refresh token missing, a token that ends too soon.
[[nodiscard]] Result<Accepted> judge(Candidate const& candidate);

}  // namespace postroom::grants
