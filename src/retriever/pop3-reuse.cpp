#include "retriever/pop3-reuse.hpp"

#include "mime/read.hpp"
#include "store/ledger.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace postroom::retriever {

namespace {

constexpr std::string_view inbox = "INBOX";
// Headers that one look asks for; the rest is asked for by the next.
constexpr std::size_t most_headers = 500;
// So many in a row are what they were: the server only says other sizes than it did, or than what it gives, as Exchange
// does unless it is told to count.
constexpr std::size_t most_same = 10;

}  // namespace

net::awaitable<void> Pop3Reuse::give_back(pop3::Session& session, Pop3Listing const& listing)
{
    auto const listed = co_await listed_and_known(session, listing);
    if (!listed) co_return;  // whoever does not say sizes changes none
    auto const& known = *listed;
    // Without TOP nobody could tell a server that estimates from one that gives other mail.
    if (!before_ && !known.empty() && session.has("TOP")) before_ = co_await as_filed();
    Octets now;
    std::vector<Done> others;
    std::size_t asked = 0;
    std::size_t same_in_a_row = 0;
    for (auto const& each : known) {
        auto const was = octets_before(each.mail.uid);
        bool const ask = was && *was != each.octets && same_in_a_row < most_same;
        bool const is_enough = asked == most_headers;
        if (ask && !is_enough) {
            ++asked;
            auto const same = co_await is_the_same(session, each);
            same_in_a_row = same.value_or(true) ? same_in_a_row + 1 : 0;
            if (!same.value_or(true)) {
                others.push_back({{run_.mailbox().id, std::string(inbox), 0, each.mail.uid}, {}});
                continue;
            }
        }
        now.emplace_back(each.mail.uid, ask && is_enough ? *was : each.octets);
    }
    std::ranges::sort(now);
    before_ = std::move(now);
    if (others.empty()) co_return;
    spdlog::warn(
        "retriever: {}: of the mails that the server lists by known unique ids {} are others than those that "
        "had these ids, and are retrieved",
        run_.mailbox().address, others.size());
    co_await run_.custody().note_done(std::move(others), true);
}

std::optional<std::uint64_t> Pop3Reuse::octets_before(std::uint32_t uid) const
{
    if (!before_) return std::nullopt;
    auto const found = std::ranges::lower_bound(*before_, uid, {}, &Octets::value_type::first);
    if (found == before_->end() || found->first != uid) return std::nullopt;
    return found->second;
}

net::awaitable<std::optional<std::vector<Pop3Reuse::Known>>> Pop3Reuse::listed_and_known(pop3::Session& session,
                                                                                         Pop3Listing const& listing)
{
    auto read = [id = run_.mailbox().id](store::Connection& c) { return store::named_mails(c, id); };
    auto names = co_await run_.ground().store->read(std::move(read));
    std::vector<Known> known;
    for (auto& name : names)
        if (auto const number = listing.number_of(name.unique_id); number > 0)
            known.push_back({std::move(name), number});
    sizes_.clear();
    // Where all that is known goes, no id outlives its mail.
    if (known.empty() && run_.mailbox().after != model::AfterAction::leave) co_return known;
    auto sizes = co_await session.sizes();
    if (!sizes) co_return std::nullopt;
    sizes_ = std::move(*sizes);
    std::ranges::sort(sizes_, {}, &pop3::Size::number);
    std::ranges::sort(known, {}, &Known::number);
    std::vector<Known> with_size;
    for (auto& each : known) {
        auto const octets = octets_now(each.number);
        if (!octets) continue;
        each.octets = *octets;
        with_size.push_back(std::move(each));
    }
    co_return with_size;
}

std::optional<std::uint64_t> Pop3Reuse::octets_now(std::uint32_t number) const
{
    auto const found = std::ranges::lower_bound(sizes_, number, {}, &pop3::Size::number);
    if (found == sizes_.end() || found->number != number) return std::nullopt;
    return found->octets;
}

void Pop3Reuse::came(std::vector<std::pair<std::uint32_t, std::uint32_t>> const& mails)
{
    if (!before_) return;
    for (auto const& [number, uid] : mails)
        if (auto const octets = octets_now(number)) before_->emplace_back(uid, *octets);
    std::ranges::sort(*before_);
}

// What the ledger knows of the time before this process.
net::awaitable<Pop3Reuse::Octets> Pop3Reuse::as_filed()
{
    auto read = [id = run_.mailbox().id](store::Connection& c) { return store::filed_bytes(c, id, inbox, 0); };
    auto const filed = co_await run_.ground().store->read(std::move(read));
    Octets octets;
    for (auto const& each : filed) octets.emplace_back(each.uid, static_cast<std::uint64_t>(each.size));
    co_return octets;
}

net::awaitable<std::optional<bool>> Pop3Reuse::is_the_same(pop3::Session& session, Known const& known)
{
    auto read = [&](store::Connection& c) {
        return store::ledger_entry(c, {run_.mailbox().id, std::string(inbox), 0, known.mail.uid});
    };
    auto const entry = co_await run_.ground().store->read(std::move(read));
    if (!entry) co_return std::nullopt;
    // What was skipped is looked at anew, and what can't be told by its header by its bytes.
    if (!entry->message || entry->message->fingerprint == model::Digest{} || !session.has("TOP")) co_return false;
    if (headers_.is_hopeless(known.mail.unique_id)) co_return std::nullopt;
    auto const header = co_await headers_.ask(session, known.number, known.mail.unique_id);
    if (!header) co_return std::nullopt;
    co_return mime::fingerprint(*header) == entry->message->fingerprint;
}

}  // namespace postroom::retriever
