#include "pop3/codec/multi-line.hpp"

namespace postroom::pop3 {

std::size_t DotReader::feed(std::string_view piece, std::string& out)
{
    std::size_t at = 0;
    while (at < piece.size() && state_ != State::ended) {
        char const c = piece[at];
        switch (state_) {
            case State::line_start:
                state_ = c == '.' ? State::dot : State::text;
                if (c == '.') ++at;  // it is the one in front, or the end
                returned_ = false;
                break;
            case State::dot:
                state_ = c == '\r' ? State::dot_return : State::text;
                if (c == '\r') ++at;
                break;
            case State::dot_return:
                if (c == '\n') {
                    state_ = State::ended;
                    ++at;
                } else {
                    out += '\r';
                    state_ = State::text;
                    returned_ = true;
                }
                break;
            case State::text: {
                auto const newline = piece.find('\n', at);
                auto const end = newline == std::string_view::npos ? piece.size() : newline + 1;
                bool const whole =
                    newline != std::string_view::npos && (newline == at ? returned_ : piece[newline - 1] == '\r');
                out.append(piece.substr(at, end - at));
                returned_ = piece[end - 1] == '\r';
                at = end;
                if (whole) state_ = State::line_start;
                break;
            }
            case State::ended: break;
        }
    }
    return at;
}

}  // namespace postroom::pop3
