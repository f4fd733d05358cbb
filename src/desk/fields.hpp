// Words with fields in them: {{customer}} and the like, filled in when they are used.
#pragma once

#include "base/result.hpp"

#include <map>
#include <string>
#include <string_view>

namespace postroom::desk {

using Fields = std::map<std::string, std::string, std::less<>>;

/// Errors: Trouble::invalid, saying which field is not known, and which are.
[[nodiscard]] Result<std::string> fill(std::string_view words, Fields const& fields);
/// The same into HTML: what is filled in is text there.
[[nodiscard]] Result<std::string> fill_html(std::string_view words, Fields const& fields);

}  // namespace postroom::desk
