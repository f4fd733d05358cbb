// UID FETCH: several commands in flight, bodies handed on as they arrive. What the server owes is kept by UID, because
// it may answer in any order, leave mails out, or send what nobody asked for.
#include "imap/session.hpp"

#include <algorithm>
#include <map>

namespace postroom::imap {

/// One UID FETCH that was sent, and what it still owes.
struct Session::InFlight {
    std::string tag;
    std::vector<Uid> owed;  // ascending
};

namespace {

MailInfo info_of(Fetch fetch, std::uint64_t body_size)
{
    return {.uid = fetch.uid.value_or(0),
            .internal_date = fetch.internal_date,
            .stated_size = fetch.size,
            .flags = std::move(fetch.flags).value_or(std::vector<std::string>()),
            .body_size = body_size};
}

// Bodies are streamed for as long as this lives.
class Streaming {
public:
    explicit Streaming(Framer& framer) : framer_(framer) { framer_.stream_bodies(true); }
    ~Streaming() { framer_.stream_bodies(false); }
    Streaming(Streaming const&) = delete;
    Streaming& operator=(Streaming const&) = delete;

private:
    Framer& framer_;
};

}  // namespace

// True where a mail that was owed has been delivered.
awaitable<bool> Session::deliver(Fetch fetch, bool begun, std::vector<InFlight>& flight, BodySink& sink)
{
    using Kind = Body::Kind;
    if (begun != (fetch.body.kind == Kind::streamed))
        throw net::Broken(Trouble::protocol, "the server sent a body where none can stand");
    if (fetch.body.kind == Kind::absent || fetch.body.kind == Kind::nil) co_return false;
    // No mail is empty: Exchange gives BODY.PEEK[] so for one that it can't render (MailKit #1446).
    if (fetch.body.size == 0) {
        if (begun) co_await sink.discard();
        co_return false;
    }

    auto const command = std::ranges::find_if(
        flight, [&](auto const& c) { return fetch.uid && std::ranges::binary_search(c.owed, *fetch.uid); });
    if (command == flight.end()) {
        if (begun) co_await sink.discard();
        co_return false;
    }
    command->owed.erase(std::ranges::lower_bound(command->owed, *fetch.uid));
    auto const size = fetch.body.size;
    if (!begun) {
        co_await sink.begin(size);
        co_await sink.chunk(fetch.body.bytes);
    }
    auto info = info_of(std::move(fetch), size);
    co_await sink.end(std::move(info));
    co_return true;
}

awaitable<Fetched> Session::fetch(std::vector<Uid> uids, BodySink& sink, FetchWindow window)
{
    Fetched result;
    auto const sets = to_uid_sets(std::move(uids), longest_command_line - 300, window.mails_per_command);
    auto const most = std::max<std::size_t>(window.commands, 1);
    std::size_t next = 0;
    std::vector<InFlight> flight;
    bool begun = false;
    Streaming const streaming(framer_);

    for (;;) {
        if (flight.size() < most && next < sets.size() && !result.refusal) {
            Wire batch;
            while (flight.size() < most && next < sets.size()) {
                flight.push_back({.tag = next_tag(), .owed = sets[next].uids});
                batch.text(flight.back().tag)
                    .text(" UID FETCH ")
                    .text(sets[next].text)
                    .text(" (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])\r\n");
                ++next;
            }
            transport_->expire_after(limits_.transfer);
            co_await transport_->write(batch);
        }
        if (flight.empty()) break;

        auto const piece = take_piece();
        if (!piece) {
            co_await fill(Deadline::renewed, limits_.transfer);
            transport_->expire_after(limits_.sink);
            continue;
        }
        if (auto const* body = std::get_if<BodyBegin>(&*piece)) {
            co_await sink.begin(body->size);
            begun = true;
            continue;
        }
        if (auto const* part = std::get_if<BodyPart>(&*piece)) {
            co_await sink.chunk(part->bytes);
            continue;
        }

        auto response = parse(std::get<Frame>(*piece));
        if (auto const* malformed = std::get_if<Malformed>(&response))
            throw net::Broken(Trouble::protocol, malformed->why);
        if (auto* fetched = std::get_if<Fetch>(&response)) {
            bool const delivered = co_await deliver(std::move(*fetched), begun, flight, sink);
            if (delivered) ++result.delivered;
            begun = false;
        } else if (auto* tagged = std::get_if<Tagged>(&response)) {
            auto const done = std::ranges::find(flight, tagged->tag, &InFlight::tag);
            if (done == flight.end())
                throw net::Broken(Trouble::protocol, "the server answered a command that was not asked");
            auto& into = tagged->status == Status::ok ? result.missing : result.unasked;
            into.insert(into.end(), done->owed.begin(), done->owed.end());
            flight.erase(done);
            if (tagged->status != Status::ok && !result.refusal)
                result.refusal = Reply{tagged->status, std::move(tagged->code), std::move(tagged->text)};
        } else {
            absorb(response);
        }
    }
    for (; next < sets.size(); ++next)
        result.unasked.insert(result.unasked.end(), sets[next].uids.begin(), sets[next].uids.end());
    co_return result;
}

awaitable<Answer<std::vector<MailInfo>>> Session::fetch_info(std::vector<Uid> uids)
{
    std::map<Uid, MailInfo> known;
    auto const sets = to_uid_sets(std::move(uids));
    for (auto const& set : sets) {
        // A mail's attributes may come in several responses, among others that nobody asked for.
        Collect const collect = [&](Response& response) {
            auto* fetch = std::get_if<Fetch>(&response);
            if (!fetch) return false;
            if (!fetch->uid || !std::ranges::binary_search(set.uids, *fetch->uid)) return true;
            auto& info = known[*fetch->uid];
            info.uid = *fetch->uid;
            if (fetch->internal_date) info.internal_date = fetch->internal_date;
            if (fetch->size) info.stated_size = fetch->size;
            if (fetch->flags) info.flags = std::move(*fetch->flags);
            return true;
        };
        Command command("UID FETCH");
        command.word(set.text).word("(UID FLAGS INTERNALDATE RFC822.SIZE)");
        auto const reply = co_await run(std::move(command), limits_.transfer, collect, Deadline::renewed);
        if (!reply.ok()) co_return std::unexpected(reply);
    }
    std::vector<MailInfo> infos;
    infos.reserve(known.size());
    for (auto& [uid, info] : known) infos.push_back(std::move(info));
    co_return infos;
}

}  // namespace postroom::imap
