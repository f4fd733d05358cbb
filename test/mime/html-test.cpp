#include "mime/html.hpp"

#include "base/text.hpp"
#include "mime/css.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>

namespace postroom::mime {
namespace {

std::string shown(std::string_view html, bool remote = false)
{
    ShowOptions options{.url_of = [](std::string_view id) { return "/parts/" + std::string(id); },
                        .remote_images = remote};
    auto const result = shown_html(html, options);
    if (!result) return "error: " + result.error().message;
    auto const begin = result->html.find("<body>") + 6;
    return result->html.substr(begin, result->html.rfind("</body>") - begin);
}

TEST(ShownHtml, KeepsWhatIsOnlyLooks)
{
    EXPECT_EQ(shown("<p style='color:red; margin: 0 auto'>Hi <b>there</b><br>you</p>"),
              "<p style=\"color:red;margin:0 auto;\">Hi <b>there</b><br>you</p>");
    EXPECT_EQ(shown("<table width=600 bgcolor=\"#fff\"><tr><td colspan=2>x</td></tr></table>"),
              "<table width=\"600\" bgcolor=\"#fff\"><tr><td colspan=\"2\">x</td></tr></table>");
    EXPECT_EQ(
        shown("<a href=\"https://example.com/?a=1&amp;b=2\">x</a>"),
        "<a href=\"https://example.com/?a=1&amp;b=2\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">x</a>");
    EXPECT_EQ(shown("<p dir=rtl>مرحبا</p>"), "<p dir=\"rtl\">مرحبا</p>");
    EXPECT_EQ(shown("a &lt;b&gt; &amp; c &copy; &#x3042;"), "a &lt;b&gt; &amp; c © あ");
    EXPECT_EQ(shown("<html><head><title>t</title><style>p{}</style></head><body>x</body></html>"), "x");
}

TEST(ShownHtml, ImagesOfTheMailAndOfElsewhere)
{
    EXPECT_EQ(shown("<img src=\"cid:logo@x\" alt=\"Logo\" width=10>"),
              "<img src=\"/parts/logo@x\" alt=\"Logo\" width=\"10\">");
    EXPECT_EQ(shown("<img src=\"https://track.example.com/1.gif\" alt=\"a<b\">"), "a&lt;b");
    EXPECT_EQ(shown("<img src=\"https://example.com/1.gif\">", true), "<img src=\"https://example.com/1.gif\">");
    EXPECT_EQ(shown("<img src=\"data:image/png;base64,AAAA\">"), "<img src=\"data:image/png;base64,AAAA\">");
    EXPECT_EQ(shown("<img src=\"data:image/svg+xml;base64,AAAA\">"), "");
    ShowOptions const options{};
    EXPECT_TRUE(shown_html("<img src='//x.example/1.gif'>", options)->remote_blocked);
    EXPECT_TRUE(shown_html("<p style='background:url(http://x.example)'>", options)->remote_blocked);
    EXPECT_FALSE(shown_html("<img src='cid:x'><p>y", options)->remote_blocked);
}

// What comes out must be made of nothing but the tags and attributes of the lists, each attribute quoted, whatever goes
// in: then no browser can read anything else in it.
void expect_sound(std::string const& vector, std::string const& html)
{
    static std::regex const tag(
        "</[a-z0-9]+>|<[a-z0-9]+( (abbr|align|alt|bgcolor|border|cellpadding|cellspacing|color|colspan|dir|face|height|"
        "href|hspace|lang|rel|rowspan|size|src|start|style|target|title|type|valign|vspace|width)=\"[^\"<>]*\")*>");
    std::string const rest = std::regex_replace(html, tag, "");
    EXPECT_EQ(rest.find_first_of("<>"), std::string::npos) << vector << "\n→ " << html;
    static std::regex const bad_url(
        "(href|src)=\"(?!https?:|mailto:|tel:|/parts/|data:image/(png|jpeg|jpg|gif|webp);base64,)", std::regex::icase);
    EXPECT_FALSE(std::regex_search(html, bad_url)) << vector << "\n→ " << html;
    static std::regex const bad_tag("<(script|style|iframe|object|embed|svg|math|form|input|base|meta|link|template)",
                                    std::regex::icase);
    EXPECT_FALSE(std::regex_search(html, bad_tag)) << vector << "\n→ " << html;
    static std::regex const bad_style("style=\"[^\"]*(url|expression|import|position|behavior|\\\\)",
                                      std::regex::icase);
    EXPECT_FALSE(std::regex_search(html, bad_style)) << vector << "\n→ " << html;
}

TEST(ShownHtml, NothingThatRunsFetchesOrCoversComesThrough)
{
    std::ifstream file(POSTROOM_SOURCE_DIR "/test/mime/hostile-html.txt");
    ASSERT_TRUE(file.is_open());
    int count = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.starts_with("# ")) continue;
        ++count;
        expect_sound(line, shown(line));
        expect_sound(line, shown(line, true));
        // What was made safe once is safe when it is read again.
        expect_sound(line, shown(shown(line)));
    }
    EXPECT_GT(count, 100);
}

TEST(ShownHtml, CutAtEveryByte)
{
    std::string const whole =
        "<div style=\"color:red\" onclick='x'><a href=\"javascript:x\">é</a><img src=cid:x><svg><p><style><img "
        "src=x onerror=y></style></svg><!-- <script> --><script>x</script>&lt;&#60;&#x3c;</div>";
    for (std::size_t length = 0; length <= whole.size(); ++length)
        expect_sound(whole.substr(0, length), shown(whole.substr(0, length)));
}

TEST(ShownHtml, DepthIsBounded)
{
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "<div>";
    auto const result = shown_html(deep, {});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, Trouble::limit);
    std::string wide;
    for (int i = 0; i < 100'000; ++i) wide += "<p>x</b></p>";
    EXPECT_TRUE(shown_html(wide, {}).has_value());
}

TEST(ShownHtml, NoControlsAndNoWrongUtf8ComeThrough)
{
    EXPECT_EQ(shown(std::string_view("a\0b\x01<\0b>c\xFF", 9)).find('\0'), std::string::npos);
    auto const html = shown("<p>caf\xE9</p>");
    EXPECT_EQ(to_valid_utf8(html), html);
}

TEST(ShownStyle, OnlyWhatIsOnTheList)
{
    EXPECT_EQ(shown_style("color:#fff;position:fixed;top:0"), "color:#fff;");
    EXPECT_EQ(shown_style("COLOR : rgb(1, 2, 3)"), "color:rgb(1, 2, 3);");
    EXPECT_EQ(shown_style("background:url(x)"), "");
    EXPECT_EQ(shown_style("background: #fff u\\72l(x)"), "");
    EXPECT_EQ(shown_style("width:expression(alert(1))"), "");
    EXPECT_EQ(shown_style("color:red/**/"), "");
    EXPECT_EQ(shown_style("font-family:'Segoe UI', \"Arial\""), "font-family:'Segoe UI', \"Arial\";");
    EXPECT_EQ(shown_style("font-family:'a;color:red"), "color:red;");
    EXPECT_EQ(shown_style("width:image-set(\"x\")"), "");
}

TEST(TextOfHtml, ReadsAsAPersonDoes)
{
    EXPECT_EQ(text_of_html("<p>Dear <b>all</b>,</p><p>one<br>two</p>"), "Dear all,\n\none\ntwo");
    EXPECT_EQ(text_of_html("<div>a</div><div>b</div>"), "a\nb");
    EXPECT_EQ(text_of_html("  a \n  b&nbsp;c "), "a b c");
    EXPECT_EQ(text_of_html("<ul><li>x</li><li>y</li></ul>z"), "- x\n- y\n\nz");
    EXPECT_EQ(text_of_html("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"), "a b\nc");
    EXPECT_EQ(text_of_html("<a href=\"https://example.com/x\">here</a>"), "here (https://example.com/x)");
    EXPECT_EQ(text_of_html("<a href=\"https://example.com/\">example.com</a>"), "example.com");
    EXPECT_EQ(text_of_html("<style>p{}</style><script>x()</script><title>t</title>words"), "words");
    EXPECT_EQ(text_of_html("<pre>a\n  b</pre>"), "a\n  b");
    EXPECT_EQ(text_of_html("<img alt=\"a cat\" src=x>"), "a cat");
    EXPECT_EQ(text_of_html(""), "");
}

}  // namespace
}  // namespace postroom::mime
