// Folder names on the wire: modified UTF-7 (RFC 3501 section 5.1.3).
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace postroom::imap {

/// Errors: Trouble::invalid where `name` is not UTF-8 or is empty.
[[nodiscard]] Result<std::string> to_modified_utf7(std::string_view name);

/// What can't be decoded is given as it came, made valid UTF-8: a server's odd name must not hide the folder.
[[nodiscard]] std::string from_modified_utf7(std::string_view name);

}  // namespace postroom::imap
