#include "console/sessions.hpp"

#include "console/external-url.hpp"
#include "console/passwords.hpp"

#include <gtest/gtest.h>

namespace postroom::console {
namespace {

TEST(Sessions, DeriveTheCsrfValueWithoutGivingTheTokenAway)
{
    auto const token = make_session_token();
    auto const other = make_session_token();
    EXPECT_NE(token, other);
    EXPECT_GE(token.size(), 43U);
    EXPECT_TRUE(csrf_fits(token, csrf_of(token)));
    EXPECT_FALSE(csrf_fits(token, csrf_of(other)));
    EXPECT_FALSE(csrf_fits(token, ""));
    EXPECT_FALSE(csrf_fits(token, token));
    EXPECT_NE(csrf_of(token), session_digest(token));
}

TEST(Sessions, AreCookiesThatScriptsAndOtherSitesDoNotGet)
{
    EXPECT_EQ(session_set_cookie("abc", true),
              "__Host-postroom-session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure");
    EXPECT_EQ(session_set_cookie("", false), "postroom-session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
}

TEST(Passwords, FitTheirOwnHashOnly)
{
    auto const hash = hash_password(Secret("correct horse battery"));
    ASSERT_TRUE(hash);
    EXPECT_TRUE(hash->starts_with("$argon2id$")) << *hash;
    EXPECT_TRUE(password_fits(*hash, Secret("correct horse battery")));
    EXPECT_FALSE(password_fits(*hash, Secret("correct horse batterz")));
    EXPECT_FALSE(password_fits("", Secret("a password that nobody has")));
}

TEST(ExternalUrl, GivesTheHostThatAHeaderMustName)
{
    EXPECT_EQ(host_of("https://Mail.Contoso.com:8443/x?y"), "mail.contoso.com");
    EXPECT_EQ(host_of("mail.contoso.com:80"), "mail.contoso.com");
    EXPECT_EQ(host_of("[::1]:8080"), "::1");
    EXPECT_EQ(host_of(""), "");
    for (auto const* const host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"})
        EXPECT_TRUE(is_loopback(host)) << host;
    for (auto const* const host :
         {"", "127.evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "0.0.0.0"})
        EXPECT_FALSE(is_loopback(host)) << host;
}

}  // namespace
}  // namespace postroom::console
