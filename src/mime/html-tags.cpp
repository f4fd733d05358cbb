#include "mime/html-tags.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace postroom::mime {

namespace {

constexpr auto npos = std::string_view::npos;

bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

bool is_of_a_name(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':' || c == '.';
}

// One that libxml2 reads as one, and to its end.
bool is_name(std::string_view name)
{
    return !name.empty() && name.size() <= 64 && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(), is_of_a_name);
}

class Rewriter {
public:
    explicit Rewriter(std::string_view html) : html_(html) { out_.reserve(html.size() + html.size() / 8); }

    std::string take()
    {
        while (at_ < html_.size()) {
            auto const open = std::min(html_.find('<', at_), html_.size());
            out_ += html_.substr(at_, open - at_);
            at_ = open;
            if (at_ < html_.size()) markup();
        }
        return std::move(out_);
    }

private:
    // At a '<'.
    void markup()
    {
        char const next = at_ + 1 < html_.size() ? html_[at_ + 1] : ' ';
        char const after = at_ + 2 < html_.size() ? html_[at_ + 2] : ' ';
        if (is_letter(next)) {
            tag(false);
        } else if (next == '/' && is_letter(after)) {
            tag(true);
        } else if (html_.substr(at_).starts_with("<!--")) {
            comment();
        } else if (next == '!' || next == '?' || next == '/') {
            at_ = behind(html_.find('>', at_), 1);
        } else {
            out_ += "&lt;";
            ++at_;
        }
    }

    // Ends at "-->" or "--!>", and at once where it is "<!-->" or "<!--->".
    void comment()
    {
        auto const rest = html_.substr(at_ + 4);
        if (rest.starts_with(">") || rest.starts_with("->")) {
            at_ = behind(html_.find('>', at_), 1);
            return;
        }
        for (at_ += 4; (at_ = std::min(html_.find("--", at_), html_.size())) < html_.size(); ++at_) {
            auto const end = html_.substr(at_ + 2);
            if (end.starts_with(">") || end.starts_with("!>")) {
                at_ += end.starts_with(">") ? 3 : 4;
                return;
            }
        }
    }

    void tag(bool ends)
    {
        at_ += ends ? 2 : 1;
        auto const whole = until([](char c) { return is_blank(c) || c == '/' || c == '>'; });
        auto const end = std::find_if_not(whole.begin(), whole.end(), is_of_a_name);
        auto const name = whole.substr(0, static_cast<std::size_t>(end - whole.begin()));
        out_ += ends ? "</" : "<";
        out_ += name;
        bool const closed = attributes(ends);
        out_ += closed && !ends ? "/>" : ">";
        if (ends || closed) return;
        for (std::string_view const raw : {"script", "style"})
            if (equal_ignoring_case(name, raw)) skip_to_end_of(raw);
    }

    // Up to behind the tag's '>'; true where a solidus stands before that.
    bool attributes(bool ends)
    {
        int count = 0;
        bool closed = false;
        while (at_ < html_.size()) {
            char const c = html_[at_];
            if (c == '>') {
                ++at_;
                return closed;
            }
            if (is_blank(c) || c == '/') {
                closed = c == '/';
                ++at_;
                continue;
            }
            closed = false;
            attribute(!ends && ++count <= html_attributes_limit);
        }
        return false;
    }

    void attribute(bool wanted)
    {
        auto const begin = at_++;  // even of an equals sign
        until([](char c) { return is_blank(c) || c == '/' || c == '>' || c == '='; });
        auto const name = html_.substr(begin, at_ - begin);
        auto const behind_name = at_;
        until([](char c) { return !is_blank(c); });
        bool const has_value = at_ < html_.size() && html_[at_] == '=';
        wanted = wanted && is_name(name);
        if (wanted) (out_ += ' ') += name;
        if (!has_value) {
            at_ = behind_name;
            return;
        }
        ++at_;
        until([](char c) { return !is_blank(c); });
        auto const text = value();
        if (!wanted) return;
        out_ += "=\"";
        for (char const c : text) {
            switch (c) {
                case '"': out_ += "&quot;"; break;
                case '<': out_ += "&lt;"; break;
                case '>': out_ += "&gt;"; break;
                default: out_ += c;
            }
        }
        out_ += '"';
    }

    std::string_view value()
    {
        if (at_ >= html_.size()) return {};
        char const quote = html_[at_];
        if (quote != '"' && quote != '\'') return until([](char c) { return is_blank(c) || c == '>'; });
        ++at_;
        auto const text = until([quote](char c) { return c == quote; });
        at_ = std::min(at_ + 1, html_.size());
        return text;
    }

    void skip_to_end_of(std::string_view element)
    {
        for (; (at_ = std::min(html_.find("</", at_), html_.size())) < html_.size(); ++at_)
            if (starts_ignoring_case(html_.substr(at_ + 2), element)) return;
    }

    template <class Ends>
    std::string_view until(Ends ends)
    {
        auto const begin = at_;
        while (at_ < html_.size() && !ends(html_[at_])) ++at_;
        return html_.substr(begin, at_ - begin);
    }

    [[nodiscard]] std::size_t behind(std::size_t found, std::size_t size) const
    {
        return found == npos ? html_.size() : found + size;
    }

    std::string_view html_;
    std::size_t at_ = 0;
    std::string out_;
};

}  // namespace

std::string with_plain_tags(std::string_view html)
{
    return Rewriter(html).take();
}

}  // namespace postroom::mime
