#include "console/sessions.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

namespace postroom::console {

namespace {

std::string keyed_digest(std::string_view token, std::string_view purpose)
{
    std::array<unsigned char, 32> digest{};
    std::string const text = std::string(purpose) + ":" + std::string(token);
    crypto_generichash(digest.data(), digest.size(), reinterpret_cast<unsigned char const*>(text.data()), text.size(),
                       nullptr, 0);
    return to_base64url({reinterpret_cast<char const*>(digest.data()), digest.size()});
}

}  // namespace

std::string_view session_cookie(bool secure)
{
    return secure ? "__Host-postroom-session" : "postroom-session";
}

std::string make_session_token()
{
    return to_base64url(random_bytes(32));
}

std::string session_digest(std::string_view token)
{
    return keyed_digest(token, "session");
}

std::string csrf_of(std::string_view token)
{
    return keyed_digest(token, "csrf");
}

bool csrf_fits(std::string_view token, std::string_view given)
{
    auto const right = csrf_of(token);
    return given.size() == right.size() && sodium_memcmp(given.data(), right.data(), right.size()) == 0;
}

std::string session_set_cookie(std::string_view token, bool secure)
{
    auto const life = std::chrono::duration_cast<std::chrono::seconds>(session_life).count();
    return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}", session_cookie(secure), token,
                       token.empty() ? 0 : life, secure ? "; Secure" : "");
}

Secret make_access_token()
{
    return Secret(std::string(access_token_prefix) + to_base64url(random_bytes(32)));
}

std::string access_token_digest(std::string_view token)
{
    return keyed_digest(token, "access-token");
}

Secret make_link_secret()
{
    return Secret(to_base64url(random_bytes(32)));
}

std::string link_digest(std::string_view secret)
{
    return keyed_digest(secret, "link");
}

}  // namespace postroom::console
