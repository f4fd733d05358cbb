// What may stand in a rule, and its normal form: the one that is kept, shown and compared.
#pragma once

#include "base/result.hpp"
#include "model/screens.hpp"

#include <string>
#include <string_view>

namespace postroom::screens {

/// Of a sender: ann@example.com is that address; example.com is that domain and all below it; @example.com is that
/// domain alone; with * or ?, a glob over the whole address where it has an @, else over the domain. Of a file's name:
/// a glob, and .exe means *.exe. Of a content: its word (contents.hpp). Of a phrase: the words. Errors:
/// Trouble::invalid, with what is wrong.
[[nodiscard]] Result<std::string> normal_pattern(model::ScreenRuleKind kind, std::string_view text);

/// How many rules of a kind a department may have.
[[nodiscard]] std::size_t most_rules(model::ScreenRuleKind kind);
inline constexpr std::size_t most_sender_globs = 1000;

}  // namespace postroom::screens
