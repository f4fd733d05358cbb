#include "smtp/codec/dot-stuffing.hpp"

#include <utility>

namespace postroom::smtp {

namespace {

constexpr std::size_t longest_line = 998;  // RFC 5322 section 2.1.1; a longer one is taken in pieces

}  // namespace

std::string DotStuffer::feed(std::string_view piece)
{
    std::string out;
    out.reserve(piece.size() + piece.size() / 32 + 4);
    while (!piece.empty()) {
        // A lone CR has ended its line when anything but LF follows.
        if (after_ == After::carriage_return) {
            out += "\r\n";
            after_ = After::line_end;
            if (piece.front() == '\n') piece.remove_prefix(1);
            continue;
        }
        // Two memchr(), where find_first_of() looks at one character after another; bounded, for what has one kind
        // alone.
        auto text = piece.substr(0, longest_line);
        text = text.substr(0, text.find('\n'));
        text = text.substr(0, text.find('\r'));
        if (!text.empty()) {
            if (dots_ && after_ == After::line_end && text.front() == '.') out += '.';
            out += text;
            after_ = After::text;
        }
        piece.remove_prefix(text.size());
        if (piece.empty()) break;
        if (piece.front() == '\n') {
            out += "\r\n";
            after_ = After::line_end;
        } else if (piece.front() == '\r') {
            after_ = After::carriage_return;
        } else {
            continue;
        }
        piece.remove_prefix(1);
    }
    return out;
}

std::string DotStuffer::last_line_end()
{
    return std::exchange(after_, After::line_end) == After::line_end ? "" : "\r\n";
}

std::string DotStuffer::finish()
{
    auto const last = after_;
    after_ = After::line_end;
    return last == After::line_end ? ".\r\n" : "\r\n.\r\n";
}

}  // namespace postroom::smtp
