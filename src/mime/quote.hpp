// The original beneath an answer, and words as HTML.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postroom::mime {

inline constexpr std::size_t quote_limit = 128 * 1024;  ///< octets of the original that are quoted

/// "Introduction" and the lines of `text` behind "> " (RFC 3676 section 4.5: those that are quotes already get one more
/// ">" and no blank); beyond the limit it ends with "> […]".
[[nodiscard]] std::string quoted_text(std::string_view introduction, std::string_view text);
/// The same as a blockquote. What it quotes is text there, never the original's own HTML, which is hostile.
[[nodiscard]] std::string quoted_html(std::string_view introduction, std::string_view text);
/// Text as HTML: escaped, its lines broken.
[[nodiscard]] std::string html_of_text(std::string_view text);

}  // namespace postroom::mime
