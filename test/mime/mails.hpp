// What the tests of this folder write mails with.
#pragma once

#include "mime/read.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace postroom::mime {

/// A literal with \n becomes a mail with CRLF.
inline std::string crlf(std::string_view text)
{
    std::string mail;
    for (char const c : text) {
        if (c == '\n') mail += '\r';
        mail += c;
    }
    return mail;
}

inline Mail read_ok(std::string_view text)
{
    auto mail = read(crlf(text));
    EXPECT_TRUE(mail.has_value()) << (mail ? "" : mail.error().message);
    return mail ? *std::move(mail) : Mail{};
}

/// The first of them, or one that equals none.
inline Address first(std::vector<Address> const& addresses)
{
    return addresses.empty() ? Address{"(none)", "(none)"} : addresses.front();
}

}  // namespace postroom::mime
