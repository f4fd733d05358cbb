// POP3's answers. However the bytes are cut, the same lines and the same mail are read, within the bounds.
#include "pop3/codec/multi-line.hpp"
#include "pop3/codec/reply.hpp"

#include "splits.hpp"

using namespace postroom;
using namespace postroom::pop3;

namespace {

struct Seen {
    std::string text;
    std::string rest;
    bool ended = false;

    friend bool operator==(Seen const&, Seen const&) = default;
};

Seen run(std::vector<std::string_view> const& pieces)
{
    DotReader reader;
    Seen seen;
    for (auto const piece : pieces) {
        auto const taken = reader.feed(piece, seen.text);
        fuzz::require(taken == piece.size() || reader.ended());
        seen.rest += piece.substr(taken);
    }
    seen.ended = reader.ended();
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    if (size < 2) return 0;
    std::string_view const text(reinterpret_cast<char const*>(data) + 2, size - 2);
    auto const whole = run({text});
    fuzz::require(run(fuzz::cut(text, data[0] * 256U + data[1])) == whole);
    fuzz::require(whole.text.size() <= text.size());

    std::string buffer(text);
    for (;;) {
        auto const line = take_line(buffer, 200);
        if (!line || !*line) break;
        fuzz::require((*line)->size() <= 200);
        if (auto const reply = parse_reply(**line))
            fuzz::require(reply->words().find_first_of("\r\n") == std::string::npos);
        if (auto const listed = parse_listed(**line)) fuzz::require(listed->number > 0 && !listed->said.empty());
    }
    return 0;
}
