// Passwords as they are kept: argon2id, in libsodium's own form. Each call takes 64 MiB and about 0.1 s, so it runs on
// a thread of its own, never on an event loop.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <string>

namespace postroom::console {

inline constexpr std::size_t least_password = 12;  ///< characters (octets of UTF-8)
inline constexpr std::size_t most_password = 1024;

/// Errors: Trouble::limit where there is no memory for it.
[[nodiscard]] Result<std::string> hash_password(Secret const& password);
/// Takes as long for a name that nobody has: `hash` is then empty, and the answer is false.
[[nodiscard]] bool password_fits(std::string const& hash, Secret const& password);

}  // namespace postroom::console
