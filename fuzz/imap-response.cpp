// IMAP responses. However the bytes are cut, the framer finds the same responses and holds no more than its bounds,
// and every response has a value.
#include "base/text.hpp"
#include "imap/codec/date.hpp"
#include "imap/codec/folder-name.hpp"
#include "imap/codec/framer.hpp"

#include "splits.hpp"

using namespace postroom;
using namespace postroom::imap;

namespace {

constexpr FramerLimits limits{.response = 512, .search = 1024, .body = 4096};

struct Seen {
    std::vector<Frame> frames;
    std::vector<std::uint64_t> bodies;
    std::string body;
    bool failed = false;

    friend bool operator==(Seen const&, Seen const&) = default;
};

Seen run(std::vector<std::string_view> const& pieces, bool stream)
{
    Framer framer(limits);
    framer.stream_bodies(stream);
    Seen seen;
    std::uint64_t owed = 0;
    for (auto const piece : pieces) {
        framer.feed(piece);
        for (;;) {
            auto next = framer.next();
            if (!next) {
                seen.failed = true;
                return seen;
            }
            if (!*next) break;
            if (auto* frame = std::get_if<Frame>(&**next)) {
                fuzz::require(owed == 0 && frame->bytes.size() <= limits.search + 2);
                seen.frames.push_back(std::move(*frame));
            } else if (auto* begin = std::get_if<BodyBegin>(&**next)) {
                fuzz::require(begin->size <= limits.body);
                owed = begin->size;
                seen.bodies.push_back(owed);
            } else {
                auto const bytes = std::get<BodyPart>(**next).bytes;
                fuzz::require(!bytes.empty() && bytes.size() <= owed);
                owed -= bytes.size();
                seen.body += bytes;
            }
        }
    }
    return seen;
}

void look_at(Response const& response)
{
    if (auto const* tagged = std::get_if<Tagged>(&response)) {
        if (auto const copied = copyuid(tagged->code)) (void)count(copied->from);
        (void)appenduid(tagged->code);
        (void)flag_list(tagged->code.argument);
    }
    if (auto const* list = std::get_if<List>(&response)) {
        auto const name = from_modified_utf7(list->name);
        fuzz::require(to_valid_utf8(name) == name);
        // Whatever was decoded can be said again, and means the same.
        if (auto const wire = to_modified_utf7(name)) fuzz::require(from_modified_utf7(*wire) == name);
    }
    if (auto const* fetch = std::get_if<Fetch>(&response)) {
        if (fetch->body.kind == Body::Kind::held) fuzz::require(fetch->body.bytes.size() == fetch->body.size);
        if (fetch->internal_date) (void)to_date_time(*fetch->internal_date);
    }
    if (auto const* malformed = std::get_if<Malformed>(&response)) fuzz::require(malformed->why.size() < 300);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    if (size < 2) return 0;
    std::string_view const text(reinterpret_cast<char const*>(data) + 2, size - 2);
    bool const stream = (data[0] & 1) != 0;
    auto const whole = run({text}, stream);
    fuzz::require(run(fuzz::cut(text, data[0] * 256U + data[1]), stream) == whole);
    for (auto const& frame : whole.frames) look_at(parse(frame));
    (void)parse(Frame{.bytes = std::string(text), .streamed = {data[1]}});
    return 0;
}
