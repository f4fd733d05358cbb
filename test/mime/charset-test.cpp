// Octets to text. Seen to fail under these one-line mutations of src/mime/charset.cpp:
//   - 0x20 taken for 0x1f in without_control(): DropsControlCharactersWhereverTheyStand
//   - `deleted` left out of its test: the same
#include "mime/charset.hpp"

#include <gtest/gtest.h>

namespace postroom::mime {
namespace {

TEST(Charset, DropsControlCharactersWhereverTheyStand)
{
    for (std::size_t at = 0; at < 24; ++at) {
        SCOPED_TRACE(at);
        for (char const control : {'\0', '\x07', '\x1f', '\x7f'}) {
            std::string text(24, 'a');
            text[at] = control;
            EXPECT_EQ(to_utf8(text, "us-ascii"), std::string(23, 'a'));
        }
        for (std::string_view const kept : {"\n", "\t", " ", "~", "\xC3\xA9"}) {
            auto const text = std::string(at, 'a') + std::string(kept) + std::string(9, 'b');
            EXPECT_EQ(to_utf8(text, "utf-8"), text);
        }
        EXPECT_EQ(to_utf8(std::string(at, 'a') + "\rb\r\nc\r", "us-ascii"), std::string(at, 'a') + "\nb\nc\n");
    }
}

TEST(Charset, MendsWhatIsNearlyUtf8WhereverItIsNot)
{
    for (std::size_t at = 0; at < 24; ++at) {
        SCOPED_TRACE(at);
        std::string const e = "\xC3\xA9";
        auto const text = std::string(at, 'a') + e + e + e + "\xC3" + std::string(9, 'b');
        EXPECT_EQ(to_utf8(text, "utf-8"), std::string(at, 'a') + e + e + e + "\xEF\xBF\xBD" + std::string(9, 'b'));
    }
}

}  // namespace
}  // namespace postroom::mime
