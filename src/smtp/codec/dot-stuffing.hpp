// A message on its way after DATA (RFC 5321 section 4.5.2): dots at the start of a line doubled, and every line ended
// by CRLF. Exchange refuses bare line feeds (5.6.11).
#pragma once

#include <string>
#include <string_view>

namespace postroom::smtp {

/// Takes the message in pieces, split wherever it happens.
class DotStuffer {
public:
    DotStuffer() = default;
    /// For a chunk (RFC 3030), in which a dot is a dot: only the lines' ends are made right.
    [[nodiscard]] static DotStuffer for_chunks()
    {
        DotStuffer stuffer;
        stuffer.dots_ = false;
        return stuffer;
    }
    /// In a chunk: the CRLF that the last line lacks, or nothing.
    [[nodiscard]] std::string last_line_end();
    /// What is to be sent for this piece.
    [[nodiscard]] std::string feed(std::string_view piece);
    /// What ends the message: the last line's CRLF where it lacks one, then the dot.
    [[nodiscard]] std::string finish();

private:
    enum class After { line_end, carriage_return, text };
    After after_ = After::line_end;
    bool dots_ = true;
};

}  // namespace postroom::smtp
