#include "mime/quote.hpp"

#include <algorithm>

namespace postroom::mime {

namespace {

// Whole lines, as far as the limit goes.
std::string_view within_limit(std::string_view text)
{
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    if (text.size() <= quote_limit) return text;
    auto const line = text.rfind('\n', quote_limit);
    auto end = line == std::string_view::npos ? quote_limit : line;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end);
}

constexpr std::string_view omission = "[…]";

}  // namespace

std::string quoted_text(std::string_view introduction, std::string_view text)
{
    auto const whole = within_limit(text);
    std::string quoted(introduction);
    quoted += '\n';
    for (std::size_t at = 0; at <= whole.size();) {
        auto const end = std::min(whole.find('\n', at), whole.size());
        auto line = whole.substr(at, end - at);
        if (line.ends_with('\r')) line.remove_suffix(1);
        quoted += '>';
        if (!line.empty() && line.front() != '>') quoted += ' ';
        quoted += line;
        quoted += '\n';
        at = end + 1;
    }
    if (whole.size() + 2 < text.size()) quoted.append("> ").append(omission).append("\n");
    return quoted;
}

std::string html_of_text(std::string_view text)
{
    std::string html;
    html.reserve(text.size() + text.size() / 8);
    for (char const c : text) switch (c) {
            case '&': html += "&amp;"; break;
            case '<': html += "&lt;"; break;
            case '>': html += "&gt;"; break;
            case '"': html += "&quot;"; break;
            case '\'': html += "&#39;"; break;
            case '\r': break;
            case '\n': html += "<br>\n"; break;
            default: html += c;
        }
    return html;
}

std::string quoted_html(std::string_view introduction, std::string_view text)
{
    auto const whole = within_limit(text);
    auto quoted = "<p>" + html_of_text(introduction) + "</p>\n<blockquote type=\"cite\">\n" + html_of_text(whole);
    if (whole.size() + 2 < text.size()) quoted.append("<br>\n").append(omission);
    return quoted + "\n</blockquote>\n";
}

}  // namespace postroom::mime
