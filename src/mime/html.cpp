#include "mime/html.hpp"

#include "base/text.hpp"
#include "mime/css.hpp"
#include "mime/html-events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace postroom::mime {

namespace {

// All sorted. Left out on purpose: whatever runs, fetches, takes input, changes the page's base, or whose content is
// read by other rules than HTML's own (svg, math, style, noscript, template …), since that is where two parsers part.
constexpr auto elements = std::to_array<std::string_view>(
    {"a",          "abbr",  "acronym", "address", "article", "aside",      "b",      "bdi",      "bdo",    "big",
     "blockquote", "br",    "caption", "center",  "cite",    "code",       "col",    "colgroup", "dd",     "del",
     "dfn",        "div",   "dl",      "dt",      "em",      "figcaption", "figure", "font",     "footer", "h1",
     "h2",         "h3",    "h4",      "h5",      "h6",      "header",     "hr",     "i",        "img",    "ins",
     "kbd",        "li",    "main",    "mark",    "ol",      "p",          "pre",    "q",        "rp",     "rt",
     "ruby",       "s",     "samp",    "section", "small",   "span",       "strike", "strong",   "sub",    "sup",
     "table",      "tbody", "td",      "tfoot",   "th",      "thead",      "time",   "tr",       "tt",     "u",
     "ul",         "var",   "wbr"});
static_assert(std::is_sorted(elements.begin(), elements.end()));

// Gone with what they contain. The tags of all others that are not on the list go, their words stay.
constexpr auto unshown = std::to_array<std::string_view>(
    {"applet",  "audio",    "canvas",   "embed",  "frameset",  "head",   "iframe", "math",
     "noembed", "noframes", "noscript", "object", "plaintext", "script", "select", "style",
     "svg",     "template", "textarea", "title",  "video",     "xmp"});
static_assert(std::is_sorted(unshown.begin(), unshown.end()));

constexpr auto attributes_of_all = std::to_array<std::string_view>(
    {"abbr",    "align",   "alt",      "bgcolor", "border", "cellpadding", "cellspacing", "char",   "charoff",
     "color",   "colspan", "datetime", "dir",     "face",   "headers",     "height",      "hspace", "lang",
     "noshade", "nowrap",  "reversed", "rowspan", "rules",  "scope",       "size",        "span",   "start",
     "summary", "title",   "type",     "valign",  "vspace", "width"});
static_assert(std::is_sorted(attributes_of_all.begin(), attributes_of_all.end()));

template <class List>
bool is_in(List const& list, std::string_view word)
{
    return std::binary_search(list.begin(), list.end(), word);
}

bool is_void(std::string_view element)
{
    return element == "br" || element == "hr" || element == "img" || element == "col" || element == "wbr";
}

void escape(std::string& out, std::string_view text)
{
    for (char const c : text) {
        switch (c) {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '&': out += "&amp;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            case '`': out += "&#96;"; break;  // an old quotation mark of attributes
            default: out += c;
        }
    }
}

// As a browser reads it (WHATWG URL: blanks and controls around it, tabs and line breaks within it, do not count).
std::string url_as_read(std::string_view raw)
{
    std::string url;
    for (char const c : raw)
        if (static_cast<unsigned char>(c) > 0x20 && c != 0x7f) url += c;
    return url;
}

bool is_remote(std::string_view url)
{
    return starts_ignoring_case(url, "http://") || starts_ignoring_case(url, "https://") || url.starts_with("//");
}

bool is_link(std::string_view url)
{
    return starts_ignoring_case(url, "http://") || starts_ignoring_case(url, "https://") ||
           starts_ignoring_case(url, "mailto:") || starts_ignoring_case(url, "tel:");
}

bool is_picture_data(std::string_view url)
{
    static constexpr std::string_view types[] = {"data:image/png;base64,", "data:image/jpeg;base64,",
                                                 "data:image/jpg;base64,", "data:image/gif;base64,",
                                                 "data:image/webp;base64,"};
    return std::any_of(std::begin(types), std::end(types), [&](auto type) { return starts_ignoring_case(url, type); });
}

class Sanitiser final : public HtmlEvents {
public:
    explicit Sanitiser(ShowOptions const& options) : options_(options) {}

    void start(std::string_view element, std::vector<Attribute> const& attributes) override
    {
        if (is_in(unshown, element)) ++unshown_;
        if (unshown_ > 0 || !is_in(elements, element)) return;
        if (element == "img") {
            image(attributes);
            return;
        }
        open(element);
        for (auto const& [name, value] : attributes) {
            if (name == "href" && element == "a")
                link(value);
            else
                plain(name, value);
        }
        html_ += '>';
        if (!is_void(element)) open_.emplace_back(element);
    }

    void end(std::string_view element) override
    {
        if (is_in(unshown, element)) unshown_ = std::max(0, unshown_ - 1);
        if (unshown_ > 0 || is_void(element)) return;
        if (std::find(open_.begin(), open_.end(), element) == open_.end()) return;
        while (!open_.empty()) {
            std::string const last = std::move(open_.back());
            open_.pop_back();
            html_ += "</" + last + ">";
            if (last == element) return;
        }
    }

    void text(std::string_view text) override
    {
        if (unshown_ == 0) escape(html_, text);
    }

    ShownHtml take()
    {
        for (; !open_.empty(); open_.pop_back()) html_ += "</" + open_.back() + ">";
        return {.html = fmt::format("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">"
                                    "<meta name=\"referrer\" content=\"no-referrer\"></head><body>{}</body></html>\n",
                                    html_),
                .remote_blocked = remote_blocked_};
    }

private:
    void open(std::string_view element)
    {
        html_ += '<';
        html_ += element;
    }

    void attribute(std::string_view name, std::string_view value)
    {
        html_ += ' ';
        html_ += name;
        html_ += "=\"";
        escape(html_, value);
        html_ += '"';
    }

    void plain(std::string_view name, std::string_view value)
    {
        if (name == "style") {
            if (auto const style = shown_style(value); !style.empty()) attribute(name, style);
            if (to_lower(value).find("url(") != std::string::npos) remote_blocked_ = true;
        } else if (is_in(attributes_of_all, name) && value.size() <= 1000) {
            attribute(name, value);
        }
    }

    void link(std::string_view value)
    {
        auto const url = url_as_read(value);
        if (!is_link(url)) return;
        attribute("href", url);
        attribute("target", "_blank");
        attribute("rel", "noopener noreferrer nofollow");
    }

    void image(std::vector<Attribute> const& attributes)
    {
        std::string source;
        std::string_view words;
        for (auto const& [name, value] : attributes) {
            if (name == "src") source = url_as_read(value);
            if (name == "alt") words = value;
        }
        if (starts_ignoring_case(source, "cid:")) {
            source = options_.url_of ? options_.url_of(std::string_view(source).substr(4)) : std::string();
        } else if (is_remote(source)) {
            if (!options_.remote_images) {
                remote_blocked_ = true;
                source.clear();
            }
        } else if (!is_picture_data(source)) {
            source.clear();
        }
        if (source.empty()) {  // its words, where it has some
            escape(html_, words);
            return;
        }
        open("img");
        attribute("src", source);
        for (auto const& [name, value] : attributes)
            if (name != "src") plain(name, value);
        html_ += '>';
    }

    ShowOptions const& options_;
    std::string html_;
    std::vector<std::string> open_;
    int unshown_ = 0;
    bool remote_blocked_ = false;
};

}  // namespace

Result<ShownHtml> shown_html(std::string_view html, ShowOptions const& options)
{
    Sanitiser sanitiser(options);
    if (!read_html(html, sanitiser))
        return failure(Trouble::limit, fmt::format("HTML elements nested more than {} deep", html_depth_limit));
    return sanitiser.take();
}

}  // namespace postroom::mime
