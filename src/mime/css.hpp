// The style attribute of a mail, down to what is only looks.
#pragma once

#include <string>
#include <string_view>

namespace postroom::mime {

/// The declarations that are on the list, written anew. Nothing that fetches, covers the page or runs is on it.
[[nodiscard]] std::string shown_style(std::string_view style);

}  // namespace postroom::mime
