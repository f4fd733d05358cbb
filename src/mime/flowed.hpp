// Text with format=flowed (RFC 3676): paragraphs that the sender's program broke into lines.
#pragma once

#include <string>
#include <string_view>

namespace postroom::mime {

/// The same text with its paragraphs in one line each. Lines end in \n. `delsp`: the blank at a soft line break goes
/// too.
[[nodiscard]] std::string unflowed(std::string_view text, bool delsp);

}  // namespace postroom::mime
