// Small things that every protocol needs: ASCII without a locale, base64, and text made safe to show.
#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom {

/// ASCII only; other bytes stay as they are (RFC 3501 and RFC 5321 compare so).
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string to_upper(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] bool starts_ignoring_case(std::string_view text, std::string_view prefix);
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// RFC 4648 section 4, with padding and without line breaks.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// RFC 4648 section 5, without padding, as JWT and PKCE want it.
[[nodiscard]] std::string to_base64url(std::string_view bytes);
/// Takes either alphabet, with padding or without; nothing where it is neither.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
[[nodiscard]] std::string to_hex(std::string_view bytes);

/// Random bytes from the system, fit for keys, states and nonces.
[[nodiscard]] std::string random_bytes(std::size_t count);

/// What a peer said, fit for a log or a page: at most `limit` bytes, then "…"; control characters, marks that turn the
/// text's direction, and what is no UTF-8 become \xNN.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 512);
/// The same bytes with every invalid UTF-8 sequence replaced by U+FFFD.
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

}  // namespace postroom
