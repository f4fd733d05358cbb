// What a provider issued, from when it was judged until a services server has tried it: the tokens sealed, the rest as
// JSON, both in the authorization's row.
#pragma once

#include "grants/tokens.hpp"
#include "oauth/token-answer.hpp"

#include <string>
#include <vector>

namespace postroom::grants {

struct Candidate {
    model::Owner owner;
    std::vector<std::string> scopes;  ///< what a renewal asks for
    Duration life{};                  ///< of an access token
    std::vector<std::string> notes;   ///< what will be a nuisance
    Instant issued{};
    /// The account's when it was issued: of another one, or with another access, the tokens are worth nothing.
    model::ApplicationId application;
    model::Access access = model::Access::delegated;
};

/// Puts it into the row that store::try_authorization() writes.
void put_candidate(model::Authorization& authorization, Ground const& ground, Candidate const& candidate,
                   oauth::TokenAnswer const& answer);
/// Errors: Trouble::internal where the row holds none.
[[nodiscard]] Result<Candidate> candidate_of(model::Authorization const& authorization);
/// The token to try. Errors: as candidate_of(); Trouble::store where it can't be unsealed.
[[nodiscard]] Result<AccessToken> candidate_token(Ground const& ground, model::Authorization const& authorization);
/// The grant that it becomes: sealed anew, for the account's places. Errors: as candidate_token().
[[nodiscard]] Result<model::Grant> grant_from(Ground const& ground, model::Authorization const& authorization,
                                              Instant accepted);

}  // namespace postroom::grants
