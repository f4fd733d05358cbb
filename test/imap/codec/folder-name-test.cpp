#include "imap/codec/folder-name.hpp"

#include <gtest/gtest.h>

namespace postroom::imap {
namespace {

TEST(FolderName, BothWays)
{
    // The second is RFC 3501 section 5.1.3's own example.
    std::pair<std::string, std::string> const pairs[] = {
        {"INBOX", "INBOX"},
        {"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
        {"Éléments envoyés", "&AMk-l&AOk-ments envoy&AOk-s"},
        {"Gesendete Elemente", "Gesendete Elemente"},
        {"R&D", "R&-D"},
        {"&", "&-"},
        {"😀", "&2D3eAA-"},
        {"العناصر المرسلة", "&BicGRAY5BkYGJwY1BjE- &BicGRAZFBjEGMwZEBik-"},
        {"a\tb", "a&AAk-b"},
    };
    for (auto const& [name, wire] : pairs) {
        EXPECT_EQ(from_modified_utf7(wire), name);
        EXPECT_EQ(to_modified_utf7(name), wire);
        EXPECT_EQ(from_modified_utf7(*to_modified_utf7(name)), name);
    }
}

TEST(FolderName, CanNotBreakOutOfItsLine)
{
    auto const wire = to_modified_utf7("a\r\nA1 LOGOUT");
    ASSERT_TRUE(wire);
    EXPECT_EQ(wire->find_first_of("\r\n"), std::string::npos);
    EXPECT_FALSE(to_modified_utf7(""));
    EXPECT_FALSE(to_modified_utf7("\xff"));
}

TEST(FolderName, GivesWhatCanNotBeDecodedAsItCame)
{
    for (std::string const wire : {"&", "a&", "&AGE", "&A-", "&AA=-", "&2D0-", "&3gA-", "&2D0AYQ-", "&!!!-"})
        EXPECT_EQ(from_modified_utf7(wire), wire);
    EXPECT_EQ(from_modified_utf7("Entw\xfcrfe"), "Entw\xEF\xBF\xBDrfe");
}

}  // namespace
}  // namespace postroom::imap
