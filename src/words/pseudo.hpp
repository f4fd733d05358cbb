// English in disguise: each letter with a mark, each text in brackets. What a page or a command shows in plain letters
// did not come through the marking functions; a bracket that is missing was cut off.
#pragma once

#include <string>
#include <string_view>

namespace postroom::words {

/// Places ({}, {0}) stay as they are.
[[nodiscard]] std::string disguised(std::string_view text);

}  // namespace postroom::words
