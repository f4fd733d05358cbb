// The lines after an +OK (RFC 1939 section 3): each that begins with a dot has one more in front, and a dot alone ends
// them. Only CRLF ends a line here: a mail may hold bare line feeds, and servers double no dot after those.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postroom::pop3 {

/// Takes them in pieces, split wherever it happens. The bytes of a line are kept as they are, its end too.
class DotReader {
public:
    /// Appends what this piece adds to `out`; returns how many of its octets belong to the answer. Fewer than all only
    /// where it ended: the rest is the next answer's.
    std::size_t feed(std::string_view piece, std::string& out);
    [[nodiscard]] bool ended() const { return state_ == State::ended; }

private:
    enum class State { line_start, dot, dot_return, text, ended };
    State state_ = State::line_start;
    bool returned_ = false;  // the last octet was a CR
};

}  // namespace postroom::pop3
