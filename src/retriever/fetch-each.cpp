#include "retriever/fetch-each.hpp"

#include <iterator>
#include <utility>

namespace postroom::retriever {

namespace {

constexpr std::size_t most_in_a_row = 3;

void append(std::vector<imap::Uid>& to, std::vector<imap::Uid> const& more)
{
    to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

imap::awaitable<imap::Fetched> fetch_each(imap::Session& session, std::vector<imap::Uid> uids, imap::BodySink& sink)
{
    imap::FetchWindow const alone{.commands = 1, .mails_per_command = 1};
    imap::Fetched all;
    for (std::size_t in_a_row = 0; !uids.empty();) {
        auto some = co_await session.fetch(std::move(uids), sink, alone);
        uids.clear();
        all.delivered += some.delivered;
        append(all.missing, some.missing);
        if (!some.refusal || some.unasked.empty()) break;
        in_a_row = some.delivered + some.missing.size() > 0 ? 1 : in_a_row + 1;
        if (!all.refusal) all.refusal = std::move(some.refusal);
        // The first is the one that was refused; the others were not asked for.
        auto const next = in_a_row < most_in_a_row ? std::next(some.unasked.begin()) : some.unasked.end();
        all.unasked.insert(all.unasked.end(), some.unasked.begin(), next);
        uids.assign(next, some.unasked.end());
    }
    co_return all;
}

}  // namespace postroom::retriever
