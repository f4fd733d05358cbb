#include "mime/walk.hpp"

#include "base/text.hpp"
#include "mime/html.hpp"
#include "mime/tnef.hpp"

#include <algorithm>
#include <limits>

namespace postroom::mime {

namespace {

constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

std::string html_of_text(std::string_view text)
{
    std::string html = "<div style=\"white-space:pre-wrap\">";
    for (char const c : text) {
        switch (c) {
            case '<': html += "&lt;"; break;
            case '&': html += "&amp;"; break;
            default: html += c;
        }
    }
    return html + "</div>";
}

// RFC 2046 section 5.1.4: the last that is understood; beside it the plain text that somebody wrote.
Words best_of(std::vector<Words>& children)
{
    Words best;
    for (auto& child : children) {
        if (best.text.empty()) best.text = std::move(child.text);
        if (!child.html.empty()) best.html = std::move(child.html);
    }
    return best;
}

// Text, a picture, more text: where one piece is HTML, all of it is shown as HTML.
Words joined(std::vector<Words>& children)
{
    if (children.size() == 1) return std::move(children.front());
    bool const any_html = std::any_of(children.begin(), children.end(), [](auto& c) { return !c.html.empty(); });
    bool const any_text = std::any_of(children.begin(), children.end(), [](auto& c) { return !c.text.empty(); });
    Words words;
    for (auto const& child : children) {
        if (any_html) words.html += child.html.empty() ? html_of_text(child.text) : child.html;
        if (!any_text) continue;
        if (!words.text.empty() && !words.text.ends_with('\n')) words.text += '\n';
        words.text += child.text.empty() ? text_of_html(child.html) : child.text;
    }
    return words;
}

// RFC 1847: the protocol is what the second part of it is.
Protection protection_of(GMimeObject* object, std::string_view type)
{
    bool const signs = type == "multipart/signed";
    if (!signs && type != "multipart/encrypted") return Protection::none;
    char const* const said = g_mime_object_get_content_type_parameter(object, "protocol");
    auto const protocol = to_lower(said == nullptr ? "" : said);
    if (protocol.find("pkcs7") != std::string::npos)
        return signs ? Protection::smime_signed : Protection::smime_encrypted;
    return signs ? Protection::pgp_signed : Protection::pgp_encrypted;
}

bool is_tnef(Leaf const& leaf)
{
    return leaf.type == "application/ms-tnef" || leaf.type == "application/vnd.ms-tnef" ||
           equal_ignoring_case(leaf.name, "winmail.dat");
}

// RFC 8551 section 3.9: by type, or by name where a gateway changed the type.
bool is_cms(Leaf const& leaf)
{
    return leaf.type == "application/pkcs7-mime" || leaf.type == "application/x-pkcs7-mime" ||
           (leaf.type == "application/octet-stream" && to_lower(leaf.name).ends_with(".p7m"));
}

}  // namespace

void Walker::say(Cut cut)
{
    if (std::find(cut_.begin(), cut_.end(), cut) == cut_.end()) cut_.push_back(cut);
}

bool Walker::count()
{
    if (number_ < part_limit) {
        ++number_;
        return true;
    }
    say(Cut::parts);
    return false;
}

Words Walker::walk(GMimeObject* object, int depth)
{
    if (object == nullptr) return {};
    if (!GMIME_IS_MULTIPART(object)) return take(leaf_of(object), depth);
    if (depth >= depth_limit) {
        say(Cut::depth);
        return {};
    }
    auto const type = media_type(object);
    if (auto const protection = protection_of(object, type); protection != Protection::none) protects(protection);
    auto* multipart = GMIME_MULTIPART(object);
    if (g_mime_multipart_get_count(multipart) == 0) {  // no boundary, or none that is met: what there is can be shown
        char const* const all_of_it = g_mime_multipart_get_prologue(multipart);
        if (all_of_it == nullptr || trim(all_of_it).empty()) return {};
        return take({.type = "text/plain", .unpacked = all_of_it}, depth);
    }
    std::vector<Words> children;
    for (int i = 0; i < g_mime_multipart_get_count(multipart) && number_ <= part_limit; ++i) {
        auto child = walk(g_mime_multipart_get_part(multipart, i), depth + 1);
        if (!child.empty()) children.push_back(std::move(child));
    }
    return type == "multipart/alternative" ? best_of(children) : joined(children);
}

Words Walker::take(Leaf const& found, int depth)
{
    if (!count()) return {};
    int const number = number_;
    if (is_tnef(found)) return into_tnef(found, number);
    if (is_cms(found)) return into_cms(found, number, depth);
    return leaf(found, number, false);
}

Words Walker::into_tnef(Leaf const& found, int number)
{
    auto const decoded = found.decode(all);
    auto tnef = read_tnef(decoded.bytes);
    auto words = leaf(found, number, tnef.has_value());
    if (!tnef) return words;
    for (auto const& file : tnef->files) {
        if (!count()) break;
        Leaf const inner{.type = file.type,
                         .name = plain_file_name(file.name),
                         .content_id = file.content_id,
                         .disposition = file.content_id.empty() ? "attachment" : "",
                         .unpacked = file.bytes};
        leaf(inner, number_, false);
    }
    if (!tnef->rtf.empty() && count()) {
        Leaf const rtf{.type = "text/rtf", .name = "message.rtf", .disposition = "attachment", .unpacked = tnef->rtf};
        leaf(rtf, number_, false);
    }
    wrapped({.text = std::move(tnef->text), .html = std::move(tnef->html)});
    return words;
}

Words Walker::into_cms(Leaf const& found, int number, int depth)
{
    auto const cms = read_cms(found.decode(all).bytes);
    if (cms) protects(cms->protection);
    bool const encloses = cms && !cms->content.empty();
    if (!encloses || depth >= depth_limit) {
        if (encloses) say(Cut::depth);
        return leaf(found, number, false);
    }
    auto const enclosed = parse(cms->content);
    auto words = leaf(found, number, enclosed.has_value());
    if (!enclosed) return words;
    for (auto const cut : enclosed->cut) say(cut);
    return walk(enclosed->root.get(), depth + 1);
}

}  // namespace postroom::mime
