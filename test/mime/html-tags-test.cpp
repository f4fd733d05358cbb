#include "mime/html-tags.hpp"

#include "mime/html.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace postroom::mime {
namespace {

TEST(PlainTags, OneFormForAll)
{
    EXPECT_EQ(with_plain_tags("<P CLASS = 'x'\n id=y checked>a</P >"), "<P CLASS=\"x\" id=\"y\" checked>a</P>");
    EXPECT_EQ(with_plain_tags("<a href=http://x/y/>z"), "<a href=\"http://x/y/\">z");
    EXPECT_EQ(with_plain_tags("<br/><img src='a' />"), "<br/><img src=\"a\"/>");
    EXPECT_EQ(with_plain_tags("<p title='<b x=\"1\">'>y"), "<p title=\"&lt;b x=&quot;1&quot;&gt;\">y");
    EXPECT_EQ(with_plain_tags("<p title=\"it's\">it's</p>"), "<p title=\"it's\">it's</p>");
    EXPECT_EQ(with_plain_tags("1 < 2 <3 a<"), "1 &lt; 2 &lt;3 a&lt;");
    EXPECT_EQ(with_plain_tags("<p =\"> x"), "<p> x");
    EXPECT_EQ(with_plain_tags("<p a\"b c>x"), "<p c>x");
    EXPECT_EQ(with_plain_tags("<!DOCTYPE html><?xml x?></>a<!-- <b> -->b<!-->c<!--->d<!-- x --!>e"), "abcde");
    EXPECT_EQ(with_plain_tags("<style>p{}<b></style>a<SCRIPT>'</p>'</ScRiPt>b"), "<style></style>a<SCRIPT></ScRiPt>b");
    EXPECT_EQ(with_plain_tags("a<p"), "a<p>");
    EXPECT_EQ(with_plain_tags("a<!-- never"), "a");
    EXPECT_EQ(with_plain_tags("<script>never"), "<script>");
}

// Each took libxml2 more than a minute.
TEST(PlainTags, NobodyHidesAttributes)
{
    std::string many;
    for (int i = 0; i < 100'000; ++i) many += fmt::format(" a{}=b", i);
    for (std::string const before :
         {"<p", "<p =\"><p", "<!-- <p a=\" --><p", "<p a='\"' b=\">\"", "<style><p a='</style><p", "<p a=\"'>\"><p",
          "</p a=\">\"><p", "<p/", "<p <", "<p <q a='>'"}) {
        auto const html = before + many + ">words";
        auto const plain = with_plain_tags(html);
        EXPECT_LT(plain.size(), html_attributes_limit * 12U) << before;
        EXPECT_TRUE(shown_html(html, {}).has_value()) << before;
        EXPECT_NE(text_of_html(html).find("words"), std::string::npos) << before;
    }
    // A name that libxml2 reads as a thousand.
    EXPECT_EQ(with_plain_tags("<p " + std::string(100'000, 'a') + ">x"), "<p>x");
}

}  // namespace
}  // namespace postroom::mime
