// The phrases by which mail servers without structure say that a mail could not be delivered, or not yet.
#pragma once

#include <span>
#include <string_view>

namespace postroom::screens {

/// In their normal form (patterns.hpp).
[[nodiscard]] std::span<std::string_view const> default_permanent_phrases();
[[nodiscard]] std::span<std::string_view const> default_temporary_phrases();

}  // namespace postroom::screens
