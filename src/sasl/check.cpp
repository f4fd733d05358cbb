#include "sasl/check.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace postroom::sasl {

namespace {

bool is_control(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

Result<void> check_user(std::string_view user)
{
    if (user.empty()) return failure(Trouble::invalid, "the user name to sign in with is empty");
    if (std::ranges::any_of(user, is_control) || to_valid_utf8(user) != user)
        return failure(Trouble::invalid, "the user name \"" + printable(user, 80) +
                                             "\" has control characters or is not UTF-8; nothing was sent");
    return {};
}

Result<void> check_token(Secret const& token)
{
    if (token.empty()) return failure(Trouble::invalid, "the access token is empty");
    if (std::ranges::any_of(token.expose(), [](char c) { return c <= 0x20 || c >= 0x7f; }))
        return failure(Trouble::invalid,
                       "the access token has blanks, control characters or bytes beyond ASCII; nothing was sent");
    return {};
}

Result<void> check_password(Secret const& password)
{
    if (password.empty()) return failure(Trouble::invalid, "the password is empty");
    if (std::ranges::any_of(password.expose(), is_control))
        return failure(Trouble::invalid, "the password has control characters; nothing was sent");
    return {};
}

}  // namespace postroom::sasl
