// What a session in the browser consists of: a token in a cookie, of which the store keeps a digest, and the value that
// every change carries in a header, derived from the token.
#pragma once

#include "base/clock.hpp"

#include <string>
#include <string_view>

namespace postroom::console {

inline constexpr std::string_view session_cookie = "postroom-session";
inline constexpr std::string_view csrf_header = "x-postroom-csrf";
inline constexpr Duration session_life = std::chrono::hours(12);

[[nodiscard]] std::string make_session_token();
/// What the store finds the session by.
[[nodiscard]] std::string session_digest(std::string_view token);
[[nodiscard]] std::string csrf_of(std::string_view token);
/// Takes as long for a wrong value as for the right one.
[[nodiscard]] bool csrf_fits(std::string_view token, std::string_view given);
/// The Set-Cookie value; an empty token ends the session in the browser.
[[nodiscard]] std::string session_set_cookie(std::string_view token, bool secure);

}  // namespace postroom::console
