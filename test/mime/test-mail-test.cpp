#include "mime/test-mail.hpp"

#include "base/text.hpp"

#include <gmock/gmock.h>

namespace postroom::mime {
namespace {

using testing::HasSubstr;

constexpr std::string_view key = "a key of the partition";

std::string made()
{
    auto const now = from_rfc3339("2026-11-22T12:00:00Z").value();
    return test_mail("sales@contoso.com", key, now).value().bytes;
}

std::string with(std::string mail, std::string_view old, std::string_view now)
{
    auto const at = mail.find(old);
    EXPECT_NE(at, std::string::npos) << old;
    return mail.replace(at, old.size(), now);
}

bool known(std::string const& mail, std::string_view by = key)
{
    return is_test_mail(read(mail).value(), by);
}

TEST(TestMail, IsKnownAgain)
{
    auto const mail = made();
    EXPECT_THAT(mail, HasSubstr("Auto-Submitted: auto-generated\r\n"));
    EXPECT_THAT(mail, HasSubstr("\r\nX-Postroom-Test: "));
    EXPECT_TRUE(known(mail));
    EXPECT_TRUE(known("Received: from a.example\r\nReturn-Path: <x@example.com>\r\n" + mail));
    EXPECT_TRUE(known(with(mail, "sales@contoso.com", "Sales <Sales@Contoso.com>"))) << "as servers write addresses";
    EXPECT_NE(mail, made());
}

TEST(TestMail, NobodyElseMarksOne)
{
    auto const mail = made();
    EXPECT_FALSE(known(mail, "another key"));
    EXPECT_FALSE(known(mail, ""));
    EXPECT_FALSE(known(with(mail, "From: sales@", "From: other@"))) << "a mark is for one address";
    auto const header = mail.find("X-Postroom-Test: ") + 17;
    for (auto const at : {header, header + 31, header + 33, header + 64}) {
        auto forged = mail;
        forged[at] = forged[at] == '0' ? '1' : '0';
        EXPECT_FALSE(known(forged)) << at;
    }
    for (auto const* const mark : {"", ".", "x", "x.", ".x", "a.b.c"})
        EXPECT_FALSE(known(with(mail, mail.substr(header, 65), mark))) << mark;
    EXPECT_FALSE(known("From: sales@contoso.com\r\n\r\nhello\r\n"));
}

TEST(TestMail, IsNotMadeForNonsense)
{
    EXPECT_FALSE(test_mail("no address\r\nBcc: all@example.com", key, Instant{}));
}

}  // namespace
}  // namespace postroom::mime
