#include "smtp/codec/dot-stuffing.hpp"

#include <utility>

namespace postroom::smtp {

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
        auto const end = piece.find_first_of("\r\n");
        auto const text = piece.substr(0, end);
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
        } else {
            after_ = After::carriage_return;
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
