// What strangers, old links and pages that are loaded again bring back to the redirect URL: noted in the audit trail,
// and seldom, since anybody may come there with anything.
#pragma once

#include "grants/tokens.hpp"

#include <string>
#include <string_view>

namespace postroom::grants {

/// Who came back: anybody can, and nothing tells who it was.
inline constexpr std::string_view somebody = "somebody";

/// Something that is not of any sign-in here. At most one entry an hour.
[[nodiscard]] net::awaitable<void> note_stray_return(Ground ground, std::string words);
/// An entry about `on` that holds `link` in its detail, once as long as it is the last such one. `made_by` is who made
/// the link, where somebody else may have followed it.
void note_once(store::Connection& c, Instant now, std::string_view who, std::string_view what, std::string_view on,
               std::string_view link, std::string_view words, std::string_view made_by = {});

}  // namespace postroom::grants
