#include "base/text.hpp"
#include "mime/html-events.hpp"
#include "mime/html.hpp"

#include <algorithm>

namespace postroom::mime {

namespace {

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_block(std::string_view element)
{
    return is_one_of(element, {"address", "article", "aside",    "blockquote", "body",    "center", "dd", "div",
                               "dl",      "dt",      "fieldset", "figure",     "footer",  "form",   "h1", "h2",
                               "h3",      "h4",      "h5",       "h6",         "header",  "hr",     "li", "main",
                               "nav",     "ol",      "p",        "pre",        "section", "table",  "tr", "ul"});
}

bool is_paragraph(std::string_view element)
{
    return is_one_of(element, {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "table", "pre"});
}

bool is_unread(std::string_view element)
{
    return is_one_of(element, {"head", "title", "script", "style", "template", "noscript", "object", "textarea",
                               "select", "svg", "math", "iframe", "noframes"});
}

class TextWriter final : public HtmlEvents {
public:
    void start(std::string_view element, std::vector<Attribute> const& attributes) override
    {
        if (is_unread(element)) ++unread_;
        if (unread_ > 0) return;
        if (element == "br") {
            out_ += '\n';
            blank_ = false;
        } else if (is_block(element)) {
            break_lines(is_paragraph(element) ? 2 : 1);
        }
        if (element == "li") out_ += "- ";
        if (element == "pre") ++verbatim_;
        if (is_one_of(element, {"td", "th"}) && !out_.empty() && out_.back() != '\n') blank_ = true;
        if (element == "img") add(attribute(attributes, "alt"));
        if (element == "a") {
            link_ = std::string(trim(attribute(attributes, "href")));
            link_words_ = out_.size();
        }
    }

    void end(std::string_view element) override
    {
        if (is_unread(element)) {
            unread_ = std::max(0, unread_ - 1);
            return;
        }
        if (unread_ > 0) return;
        if (element == "pre") verbatim_ = std::max(0, verbatim_ - 1);
        if (element == "a") end_link();
        if (is_block(element)) break_lines(is_paragraph(element) ? 2 : 1);
    }

    void text(std::string_view text) override
    {
        if (unread_ == 0) add(text);
    }

    std::string take()
    {
        auto const end = out_.find_last_not_of(" \n");
        out_.resize(end == std::string::npos ? 0 : end + 1);
        return std::move(out_);
    }

private:
    static std::string_view attribute(std::vector<Attribute> const& attributes, std::string_view name)
    {
        for (auto const& one : attributes)
            if (one.name == name) return one.value;
        return {};
    }

    void add(std::string_view text)
    {
        for (std::size_t i = 0; i < text.size(); ++i) {
            char c = text[i];
            if (text.substr(i, 2) == "\xC2\xA0") {  // a blank that does not break
                c = ' ';
                ++i;
            } else if (text.substr(i, 3) == "\xE2\x80\x8B" || text.substr(i, 3) == "\xE2\x80\x8C") {
                i += 2;  // newsletters hide their preview behind characters of no width
                continue;
            } else if (verbatim_ > 0) {
                out_ += c;
                continue;
            }
            if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
                blank_ = true;
                continue;
            }
            if (blank_ && !out_.empty() && out_.back() != '\n' && out_.back() != ' ') out_ += ' ';
            blank_ = false;
            out_ += c;
        }
    }

    void break_lines(std::size_t wanted)
    {
        blank_ = false;
        if (out_.empty()) return;
        while (out_.back() == ' ' && out_.size() > 1) out_.pop_back();
        std::size_t have = 0;
        while (have < out_.size() && out_[out_.size() - 1 - have] == '\n') ++have;
        for (; have < wanted; ++have) out_ += '\n';
    }

    void end_link()
    {
        std::string const link = std::exchange(link_, {});
        if (!starts_ignoring_case(link, "http://") && !starts_ignoring_case(link, "https://")) return;
        auto const words = link_words_ <= out_.size() ? trim(std::string_view(out_).substr(link_words_)) : "";
        if (words.empty() || link.find(words) != std::string::npos || link.size() > 500) return;
        out_ += " (" + link + ")";
    }

    std::string out_;
    std::string link_;
    std::size_t link_words_ = 0;
    int unread_ = 0;
    int verbatim_ = 0;
    bool blank_ = false;
};

}  // namespace

std::string text_of_html(std::string_view html)
{
    TextWriter writer;
    read_html(html, writer);
    return writer.take();
}

}  // namespace postroom::mime
