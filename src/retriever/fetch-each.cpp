#include "retriever/fetch-each.hpp"

#include "retriever/verdict.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace postroom::retriever {

namespace {

using Uids = std::vector<imap::Uid>;

void append(Uids& to, Uids const& more)
{
    to.insert(to.end(), more.begin(), more.end());
}

bool names_a_time(imap::Reply const& refusal)
{
    return trouble_of({Trouble::refused, refusal.words()}) == model::MailTrouble::throttled;
}

}  // namespace

void FetchedPast::add(FetchedPast more)
{
    delivered += more.delivered;
    append(missing, more.missing);
    append(refused, more.refused);
    append(left, more.left);
    if (!refusal) refusal = std::move(more.refusal);
}

imap::awaitable<FetchedPast> fetch_each(imap::Session& session, Uids uids, imap::BodySink& sink,
                                        std::size_t most_in_a_row)
{
    imap::FetchWindow const alone{.commands = 1, .mails_per_command = 1};
    FetchedPast all;
    for (std::size_t in_a_row = 0; !uids.empty();) {
        auto some = co_await session.fetch(std::move(uids), sink, alone);
        uids.clear();
        all.delivered += some.delivered;
        append(all.missing, some.missing);
        if (!some.refusal || some.unasked.empty()) break;
        in_a_row = some.delivered + some.missing.size() > 0 ? 1 : in_a_row + 1;
        bool const enough = in_a_row >= most_in_a_row || names_a_time(*some.refusal);
        if (!all.refusal) all.refusal = std::move(some.refusal);
        // The first is the one that was refused; the others were not asked for.
        all.refused.push_back(some.unasked.front());
        Uids rest(std::next(some.unasked.begin()), some.unasked.end());
        if (enough)
            append(all.left, rest);
        else
            uids = std::move(rest);
    }
    co_return all;
}

imap::awaitable<FetchedPast> fetch_past_refusals(imap::Session& session, Uids uids, imap::BodySink& sink)
{
    imap::FetchWindow const window;
    auto const under_way = window.commands * window.mails_per_command;
    FetchedPast all;
    while (!uids.empty()) {
        auto some = co_await session.fetch(std::move(uids), sink, window);
        all.delivered += some.delivered;
        append(all.missing, some.missing);
        uids = std::move(some.unasked);
        if (!some.refusal) break;
        bool const wait = names_a_time(*some.refusal);
        if (!all.refusal) all.refusal = std::move(some.refusal);
        if (wait) {
            append(all.left, uids);
            break;
        }
        // What was refused stands ahead of what was not asked for.
        auto const next = uids.begin() + static_cast<std::ptrdiff_t>(std::min(under_way, uids.size()));
        Uids suspects(uids.begin(), next);
        uids.erase(uids.begin(), next);
        auto each = co_await fetch_each(session, std::move(suspects), sink);
        bool const enough = !each.left.empty();
        all.add(std::move(each));
        if (!enough) continue;
        append(all.left, uids);
        break;
    }
    co_return all;
}

imap::awaitable<imap::Answer<std::vector<imap::MailInfo>>> info_past_refusals(imap::Session& session, Uids uids)
{
    std::vector<imap::MailInfo> infos;
    std::vector<Uids> parts{std::move(uids)};
    // A mail among a hundred thousand is found by some seventeen.
    for (int refusals = 0; !parts.empty();) {
        auto part = std::move(parts.back());
        parts.pop_back();
        auto some = co_await session.fetch_info(part);
        if (some) {
            infos.insert(infos.end(), std::make_move_iterator(some->begin()), std::make_move_iterator(some->end()));
            continue;
        }
        if (++refusals > 60 || names_a_time(some.error())) co_return std::unexpected(std::move(some.error()));
        if (part.size() < 2) continue;
        auto const half = part.begin() + static_cast<std::ptrdiff_t>(part.size() / 2);
        parts.emplace_back(half, part.end());
        part.erase(half, part.end());
        parts.push_back(std::move(part));
    }
    co_return infos;
}

}  // namespace postroom::retriever
