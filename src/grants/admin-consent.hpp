// An administrator's consent, for everybody, to what an application is registered for. Nothing is kept of a link that
// somebody was shown: what comes back says, sealed, which application it was for.
#pragma once

#include "grants/guard.hpp"

#include <string>
#include <string_view>

namespace postroom::grants {

/// The page of Entra's that comes back to `redirect_url`; "" for other providers.
[[nodiscard]] std::string consent_page(Ground const& ground, model::Application const& application,
                                       std::string_view redirect_url, std::string_view by);

/// Whether this state is of such a link, or pretends to be.
[[nodiscard]] bool is_of_consent(std::string_view state);

/// What the browser brought back, as finish_authorization() takes it. Throws store::Failure.
[[nodiscard]] net::awaitable<Outcome> finish_consent(Ground ground, std::string query);

}  // namespace postroom::grants
