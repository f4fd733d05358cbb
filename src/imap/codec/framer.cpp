#include "imap/codec/framer.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace postroom::imap {

namespace {

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

std::string_view without_line_end(std::string_view line)
{
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// A text such as `* OK … {5}` ends with its line: only data has literals (RFC 3501 section 9, response-data).
bool may_have_literals(std::string_view response)
{
    if (!response.starts_with("* ")) return false;
    auto const word = response.substr(2, response.find(' ', 2) - 2);
    static constexpr std::array<std::string_view, 5> texts{"OK", "NO", "BAD", "BYE", "PREAUTH"};
    return std::ranges::none_of(texts, [&](auto text) { return equal_ignoring_case(word, text); });
}

// Where the `{123}` at the end of the line begins.
std::optional<std::size_t> literal_at_end(std::string_view line)
{
    if (!line.ends_with('}')) return std::nullopt;
    auto const open = line.rfind('{');
    if (open == std::string_view::npos) return std::nullopt;
    auto digits = line.substr(open + 1, line.size() - open - 2);
    if (digits.ends_with('+')) digits.remove_suffix(1);  // LITERAL+ is for clients, and harmless here
    if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
    return open;
}

Error too_long(std::string_view what, std::uint64_t limit)
{
    return {Trouble::limit, std::string(what) + "; Postroom holds at most " + std::to_string(limit) + " bytes of that"};
}

}  // namespace

std::string& Framer::inbox()
{
    if (taken_ == buffer_.size()) {
        buffer_.clear();
        scanned_ = taken_ = 0;
    } else if (taken_ > buffer_.size() / 2) {
        buffer_.erase(0, taken_);
        scanned_ -= taken_;
        taken_ = 0;
    }
    return buffer_;
}

bool Framer::empty() const
{
    return taken_ == buffer_.size() && frame_.bytes.empty() && literal_left_ == 0 && body_left_ == 0;
}

void Framer::shrink()
{
    inbox().shrink_to_fit();
}

bool Framer::is_body_literal(std::string_view head) const
{
    // `head` is the response up to the brace: "* 12 FETCH (… BODY[] " or "… BODY[]<0> ".
    if (!stream_ || !frame_.streamed.empty()) return false;
    std::size_t at = 2;
    while (at < head.size() && is_digit(head[at])) ++at;
    if (at == 2 || !starts_ignoring_case(head.substr(at), " FETCH (")) return false;
    if (!head.ends_with(' ')) return false;
    head.remove_suffix(1);
    if (head.ends_with('>')) {
        auto const open = head.rfind('<');
        if (open == std::string_view::npos) return false;
        head = head.substr(0, open);
    }
    static constexpr std::string_view item = "BODY[]";
    if (head.size() <= item.size()) return false;
    char const before = head[head.size() - item.size() - 1];
    return (before == ' ' || before == '(') && starts_ignoring_case(head.substr(head.size() - item.size()), item);
}

std::size_t Framer::limit(std::string_view line) const
{
    auto const& start = frame_.bytes.empty() ? line : std::string_view(frame_.bytes);
    return starts_ignoring_case(start, "* SEARCH") ? limits_.search : limits_.response;
}

Result<std::optional<Piece>> Framer::next()
{
    for (;;) {
        auto const here = std::string_view(buffer_).substr(taken_);
        if (body_left_ > 0) {
            if (here.empty()) return std::nullopt;
            auto const part = here.substr(0, std::min<std::uint64_t>(here.size(), body_left_));
            taken_ += part.size();
            scanned_ = taken_;
            body_left_ -= part.size();
            return BodyPart{part};
        }
        if (literal_left_ > 0) {
            auto const part = here.substr(0, std::min<std::uint64_t>(here.size(), literal_left_));
            frame_.bytes.append(part);
            taken_ += part.size();
            scanned_ = taken_;
            literal_left_ -= part.size();
            if (literal_left_ > 0) return std::nullopt;
            continue;
        }

        auto const newline = buffer_.find('\n', scanned_);
        auto const line = here.substr(0, newline == std::string::npos ? here.size() : newline + 1 - taken_);
        auto const most = limit(line);
        if (frame_.bytes.size() + line.size() > most)
            return std::unexpected(too_long("the server sent a response without end", most));
        if (newline == std::string::npos) {
            scanned_ = buffer_.size();
            return std::nullopt;
        }
        scanned_ = taken_ += line.size();
        frame_.bytes.append(without_line_end(line));

        auto const open = may_have_literals(frame_.bytes) ? literal_at_end(without_line_end(line)) : std::nullopt;
        if (!open) {
            auto whole = std::move(frame_);
            frame_ = {};
            return Piece(std::move(whole));
        }
        std::uint64_t size = 0;
        auto const digits = without_line_end(line).substr(*open + 1);
        bool const fits = std::from_chars(digits.data(), digits.data() + digits.size(), size).ec == std::errc();
        auto const brace = frame_.bytes.size() - (without_line_end(line).size() - *open);
        bool const body = is_body_literal(std::string_view(frame_.bytes).substr(0, brace));
        auto const room = body ? limits_.body : most - std::min(most, frame_.bytes.size());
        if (!fits || size > room)
            return std::unexpected(too_long("the server announced a literal of " +
                                                std::string(digits.substr(0, digits.find_first_of("+}"))) + " bytes",
                                            body ? limits_.body : most));
        frame_.bytes.append("\r\n");
        if (!body) {
            literal_left_ = size;
            continue;
        }
        frame_.streamed.push_back(brace);
        body_left_ = size;
        return BodyBegin{size};
    }
}

}  // namespace postroom::imap
