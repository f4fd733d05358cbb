// A credential as somebody enters it: a client secret, with its end where that is known, or a certificate.
#pragma once

#include "console/request.hpp"
#include "grants/credentials.hpp"

#include <optional>

namespace postroom::console {

/// Sealed for its place; nothing where there is neither. A Problem for both, and for what can't be one.
[[nodiscard]] std::optional<model::Credential> credential_given(grants::Ground const& ground,
                                                                model::Application const& application,
                                                                Members const& members);

}  // namespace postroom::console
