// Patterns with * (any run of characters, none as well) and ? (one character). There are no regular expressions: the
// longest that a match takes is the length of the pattern times that of the text.
#pragma once

#include <string_view>

namespace postroom::screens {

[[nodiscard]] bool is_glob(std::string_view pattern);
/// Of the whole text. Both are folded already; of a text longer than `glob_text_limit` the end is looked at.
[[nodiscard]] bool matches(std::string_view glob, std::string_view text);

inline constexpr std::size_t glob_text_limit = 1000;

}  // namespace postroom::screens
