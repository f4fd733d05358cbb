// What lets somebody in, and what the store keeps of it. A session in the browser is a token in a cookie, and a value
// derived from it that every change carries in a header; other software has an access token; a one-time link has a
// secret. Of each the store keeps a digest.
#pragma once

#include "base/clock.hpp"
#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace postroom::console {

/// Under the prefix a browser takes the cookie only from this very host, over https (RFC 6265bis section 4.1.3.2).
[[nodiscard]] std::string_view session_cookie(bool secure);
inline constexpr std::string_view csrf_header = "x-postroom-csrf";
inline constexpr Duration session_life = std::chrono::hours(12);
inline constexpr Duration link_life = std::chrono::hours(24);
/// What an access token begins with, so that whoever finds one somewhere knows what it is.
inline constexpr std::string_view access_token_prefix = "postroom_pat_";

[[nodiscard]] std::string make_session_token();
/// What the store finds the session by.
[[nodiscard]] std::string session_digest(std::string_view token);
[[nodiscard]] std::string csrf_of(std::string_view token);
/// Takes as long for a wrong value as for the right one.
[[nodiscard]] bool csrf_fits(std::string_view token, std::string_view given);
/// The Set-Cookie value; an empty token ends the session in the browser.
[[nodiscard]] std::string session_set_cookie(std::string_view token, bool secure);

[[nodiscard]] Secret make_access_token();
[[nodiscard]] std::string access_token_digest(std::string_view token);
[[nodiscard]] Secret make_link_secret();
[[nodiscard]] std::string link_digest(std::string_view secret);

}  // namespace postroom::console
