// SMTP replies. However the bytes are cut, the same replies are read, within the bounds; and a message that was
// dot-stuffed in pieces is one that a server reads back, with its dot only at the end.
#include "smtp/codec/dot-stuffing.hpp"
#include "smtp/codec/envelope.hpp"
#include "smtp/codec/reply.hpp"

#include "splits.hpp"

using namespace postroom;
using namespace postroom::smtp;

namespace {

struct Seen {
    std::vector<Reply> replies;
    bool failed = false;

    friend bool operator==(Seen const&, Seen const&) = default;
};

Seen run(std::vector<std::string_view> const& pieces)
{
    ReplyReader reader({.line = 200, .lines = 8});
    Seen seen;
    for (auto const piece : pieces) {
        reader.feed(piece);
        for (;;) {
            auto next = reader.next();
            if (!next) {
                seen.failed = true;
                return seen;
            }
            if (!*next) break;
            seen.replies.push_back(std::move(**next));
        }
    }
    return seen;
}

std::string stuffed(std::vector<std::string_view> const& pieces)
{
    DotStuffer stuffer;
    std::string sent;
    for (auto const piece : pieces) sent += stuffer.feed(piece);
    return sent + stuffer.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    if (size < 2) return 0;
    std::string_view const text(reinterpret_cast<char const*>(data) + 2, size - 2);
    auto const pieces = fuzz::cut(text, data[0] * 256U + data[1]);

    auto const whole = run({text});
    fuzz::require(run(pieces) == whole);
    for (auto const& reply : whole.replies) {
        fuzz::require(reply.code >= 200 && reply.code < 600 && !reply.lines.empty() && reply.lines.size() <= 8);
        fuzz::require(reply.words().find_first_of("\r\n") == std::string::npos);
        if (auto const id = echoed_message_id(reply)) fuzz::require(id->find_first_of(" \r\n") == std::string::npos);
        (void)parse_extensions(reply.lines);
    }

    auto const sent = stuffed({text});
    fuzz::require(stuffed(pieces) == sent);
    fuzz::require(sent == ".\r\n" || sent.ends_with("\r\n.\r\n"));
    fuzz::require(sent.find("\r\n.\r\n") == (sent == ".\r\n" ? std::string::npos : sent.size() - 5));
    for (std::size_t at = sent.find_first_of("\r\n"); at < sent.size(); at = sent.find_first_of("\r\n", at + 2))
        fuzz::require(sent.compare(at, 2, "\r\n") == 0);

    Recipient const recipient{.address = std::string(text), .notify = {}, .original = std::string(text)};
    Extensions const server{.smtputf8 = true, .dsn = true};
    Envelope const envelope{.from = std::string(text), .to = {}, .utf8 = true, .id = std::string(text)};
    for (auto const& line : {mail_from(envelope, server), rcpt_to(recipient, envelope, server)}) {
        if (line) fuzz::require(line->find_first_of("\r\n") == line->size() - 2);
    }
    return 0;
}
