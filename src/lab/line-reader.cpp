#include "lab/line-reader.hpp"

namespace postroom::lab {

void LineReader::drop()
{
    buffer_ = std::string();
    at_ = 0;
}

void LineReader::take(std::size_t count)
{
    at_ += count;
    if (at_ == buffer_.size()) {
        // An idle session keeps nothing.
        if (buffer_.capacity() > 1024) buffer_ = std::string();
        buffer_.clear();
        at_ = 0;
    } else if (at_ > 256 * 1024) {
        buffer_.erase(0, at_);
        at_ = 0;
    }
}

net::awaitable<std::optional<std::string>> LineReader::line(std::size_t limit)
{
    too_long_ = false;
    std::size_t searched = at_;
    for (;;) {
        auto const newline = buffer_.find('\n', searched);
        auto const size = (newline == std::string::npos ? buffer_.size() : newline) - at_;
        if (size > limit) {
            too_long_ = true;
            co_return std::nullopt;
        }
        if (newline != std::string::npos) {
            std::string found = buffer_.substr(at_, size);
            take(size + 1);
            if (found.ends_with('\r')) found.pop_back();
            co_return found;
        }
        searched = buffer_.size();
        bool const open = co_await connection_.read_more(buffer_);
        if (!open) co_return std::nullopt;
    }
}

net::awaitable<bool> LineReader::bytes(std::size_t count, std::string& into)
{
    while (count > 0) {
        if (empty()) {
            bool const open = co_await connection_.read_more(buffer_);
            if (!open) co_return false;
        }
        auto const here = std::min(count, buffer_.size() - at_);
        into.append(buffer_, at_, here);
        take(here);
        count -= here;
    }
    co_return true;
}

net::awaitable<bool> LineReader::dot_stuffed(std::size_t limit, std::string& into)
{
    too_long_ = false;
    bool line_start = true;  // a line longer than what has arrived is taken in pieces
    for (;;) {
        if (empty()) {
            bool const open = co_await connection_.read_more(buffer_);
            if (!open) co_return false;
        }
        auto const newline = buffer_.find('\n', at_);
        auto size = (newline == std::string::npos ? buffer_.size() : newline + 1) - at_;
        if (line_start && buffer_[at_] == '.') {
            // The dot, and what decides about it, must be here.
            if (newline == std::string::npos && size < 3) {
                bool const open = co_await connection_.read_more(buffer_);
                if (!open) co_return false;
                continue;
            }
            std::string_view const line(buffer_.data() + at_, size);
            if (line == ".\r\n" || line == ".\n") {
                take(size);
                co_return true;
            }
            take(1);
            --size;
        }
        // A CR at the end of what has arrived may belong to the CRLF that comes; pieces are appended as they are.
        if (into.size() + size > limit)
            too_long_ = true;
        else
            into.append(buffer_, at_, size);
        take(size);
        line_start = newline != std::string::npos;
    }
}

}  // namespace postroom::lab
