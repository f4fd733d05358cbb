// What may be put into a mechanism's frame. The frames are separated by control characters, so none may be in a value.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <string_view>

namespace postroom::sasl {

/// Errors: Trouble::invalid for an empty name, control characters, or what is not UTF-8.
[[nodiscard]] Result<void> check_user(std::string_view user);
/// Errors: Trouble::invalid where it is empty or has anything but visible ASCII (RFC 6750 section 2.1 allows less).
[[nodiscard]] Result<void> check_token(Secret const& token);
/// Errors: Trouble::invalid for an empty one or control characters.
[[nodiscard]] Result<void> check_password(Secret const& password);

/// A secret of these parts, without a copy left behind.
template <class... Parts>
[[nodiscard]] Secret join(Parts... parts)
{
    std::string bytes;
    bytes.reserve((std::string_view(parts).size() + ... + 0));
    (bytes.append(std::string_view(parts)), ...);
    return Secret(std::move(bytes));
}

}  // namespace postroom::sasl
