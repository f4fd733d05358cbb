#include "smtp/codec/reply.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace postroom::smtp {

namespace {

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// RFC 2034 section 4: "5.7.139 " at the start of a line's text. RFC 3463: class 2, 4 or 5; at most three digits each.
std::optional<EnhancedCode> enhanced_at(std::string_view text, unsigned code)
{
    unsigned numbers[3]{};
    for (unsigned i = 0; i < 3; ++i) {
        std::size_t digits = 0;
        while (digits < text.size() && digits < 4 && is_digit(text[digits])) {
            numbers[i] = numbers[i] * 10 + static_cast<unsigned>(text[digits] - '0');
            ++digits;
        }
        if (digits == 0 || digits > 3) return std::nullopt;
        text.remove_prefix(digits);
        if (i == 2) break;
        if (!text.starts_with('.')) return std::nullopt;
        text.remove_prefix(1);
    }
    if (!text.empty() && text.front() != ' ') return std::nullopt;
    if (numbers[0] != code / 100 || numbers[0] == 3) return std::nullopt;
    return EnhancedCode{numbers[0], numbers[1], numbers[2]};
}

}  // namespace

std::string to_string(EnhancedCode const& code)
{
    return std::to_string(code.kind) + '.' + std::to_string(code.subject) + '.' + std::to_string(code.detail);
}

std::string Reply::words() const
{
    auto all = std::to_string(code);
    for (auto const& line : lines)
        if (!line.empty()) all += ' ' + line;
    return printable(all);
}

Result<std::optional<Reply>> ReplyReader::next()
{
    for (;;) {
        auto const newline = buffer_.find('\n', scanned_);
        if (std::min(newline, buffer_.size()) > limits_.line)
            return failure(Trouble::limit, "the server sent a line without end; Postroom reads at most " +
                                               std::to_string(limits_.line) + " bytes of one");
        if (newline == std::string::npos) {
            scanned_ = buffer_.size();
            return std::nullopt;
        }
        std::string line = buffer_.substr(0, newline);
        buffer_.erase(0, newline + 1);
        scanned_ = 0;
        if (line.ends_with('\r')) line.pop_back();

        bool const coded = line.size() >= 3 && line[0] >= '2' && line[0] <= '5' && is_digit(line[1]) &&
                           is_digit(line[2]) && (line.size() == 3 || line[3] == ' ' || line[3] == '-');
        if (!coded) return failure(Trouble::protocol, "no SMTP reply: \"" + printable(line, 120) + '"');
        auto const code = static_cast<unsigned>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
        bool const last = line.size() == 3 || line[3] == ' ';
        if (!reply_) reply_ = Reply{.code = code};
        if (reply_->code != code)
            return failure(Trouble::protocol, "one SMTP reply with two codes: " + std::to_string(reply_->code) +
                                                  " and then \"" + printable(line, 120) + '"');
        if (reply_->lines.size() == limits_.lines)
            return failure(Trouble::limit,
                           "the server sent a reply of more than " + std::to_string(limits_.lines) + " lines");
        reply_->lines.push_back(line.substr(std::min<std::size_t>(line.size(), 4)));
        if (!reply_->enhanced) reply_->enhanced = enhanced_at(reply_->lines.back(), code);
        if (!last) continue;
        auto whole = std::move(reply_);
        reply_.reset();
        return whole;
    }
}

std::optional<std::string> echoed_message_id(Reply const& reply)
{
    if (!reply.positive()) return std::nullopt;
    for (auto const& line : reply.lines) {
        auto const open = line.find('<');
        auto const close = line.find('>', open == std::string::npos ? 0 : open);
        if (open == std::string::npos || close == std::string::npos) continue;
        auto const id = line.substr(open, close - open + 1);
        // msg-id = "<" id-left "@" id-right ">", without blanks.
        auto const at = id.find('@');
        bool const fit = at != std::string::npos && at > 1 && at + 2 < id.size() && id.size() <= 998 &&
                         std::ranges::all_of(id, [](char c) { return c > ' ' && c != 0x7f; });
        if (fit) return id;
    }
    return std::nullopt;
}

}  // namespace postroom::smtp
