#include "mime/css.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace postroom::mime {

namespace {

constexpr auto properties = std::to_array<std::string_view>({"background",
                                                             "background-color",
                                                             "border",
                                                             "border-bottom",
                                                             "border-bottom-color",
                                                             "border-bottom-style",
                                                             "border-bottom-width",
                                                             "border-collapse",
                                                             "border-color",
                                                             "border-left",
                                                             "border-left-color",
                                                             "border-left-style",
                                                             "border-left-width",
                                                             "border-radius",
                                                             "border-right",
                                                             "border-right-color",
                                                             "border-right-style",
                                                             "border-right-width",
                                                             "border-spacing",
                                                             "border-style",
                                                             "border-top",
                                                             "border-top-color",
                                                             "border-top-style",
                                                             "border-top-width",
                                                             "border-width",
                                                             "box-sizing",
                                                             "clear",
                                                             "color",
                                                             "direction",
                                                             "display",
                                                             "float",
                                                             "font",
                                                             "font-family",
                                                             "font-size",
                                                             "font-style",
                                                             "font-variant",
                                                             "font-weight",
                                                             "height",
                                                             "letter-spacing",
                                                             "line-height",
                                                             "list-style-type",
                                                             "margin",
                                                             "margin-bottom",
                                                             "margin-left",
                                                             "margin-right",
                                                             "margin-top",
                                                             "max-height",
                                                             "max-width",
                                                             "min-height",
                                                             "min-width",
                                                             "overflow-wrap",
                                                             "padding",
                                                             "padding-bottom",
                                                             "padding-left",
                                                             "padding-right",
                                                             "padding-top",
                                                             "table-layout",
                                                             "text-align",
                                                             "text-decoration",
                                                             "text-indent",
                                                             "text-transform",
                                                             "unicode-bidi",
                                                             "vertical-align",
                                                             "white-space",
                                                             "width",
                                                             "word-break",
                                                             "word-spacing",
                                                             "word-wrap"});
static_assert(std::is_sorted(properties.begin(), properties.end()));

// A backslash escapes, a slash and star comments, an at sign imports: none is needed for looks. The only functions are
// those that name a colour.
bool is_harmless(std::string_view value)
{
    if (value.empty() || value.size() > 300) return false;
    static constexpr std::string_view allowed = " #.,%+-'\"!()/_";
    bool const plain = std::all_of(value.begin(), value.end(), [](char c) {
        bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return letter || allowed.find(c) != std::string_view::npos || static_cast<unsigned char>(c) >= 0x80;
    });
    if (!plain || std::count(value.begin(), value.end(), '"') % 2 != 0 ||
        std::count(value.begin(), value.end(), '\'') % 2 != 0)
        return false;
    auto const lower = to_lower(value);
    if (lower.find("expression") != std::string::npos) return false;
    for (auto at = lower.find('('); at != std::string::npos; at = lower.find('(', at + 1)) {
        std::string_view const before = std::string_view(lower).substr(0, at);
        bool const colour =
            before.ends_with("rgb") || before.ends_with("rgba") || before.ends_with("hsl") || before.ends_with("hsla");
        if (!colour) return false;
    }
    return true;
}

}  // namespace

std::string shown_style(std::string_view style)
{
    std::string out;
    for (auto const declaration : split(style, ';')) {
        auto const colon = declaration.find(':');
        if (colon == std::string_view::npos) continue;
        auto const name = to_lower(trim(declaration.substr(0, colon)));
        auto const value = trim(declaration.substr(colon + 1));
        if (!std::binary_search(properties.begin(), properties.end(), std::string_view(name)) || !is_harmless(value))
            continue;
        out += name;
        out += ':';
        out += value;
        out += ';';
        if (out.size() > 4096) break;
    }
    return out;
}

}  // namespace postroom::mime
