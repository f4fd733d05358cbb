#include "retriever/pop3-deletion.hpp"

#include "mime/read.hpp"
#include "net/broken.hpp"
#include "store/after-actions.hpp"
#include "store/messages.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

namespace postroom::retriever {

namespace {

constexpr std::string_view inbox = "INBOX";
constexpr int most_deletions = 10'000;
// Between two looks at the clock and the lease.
constexpr std::size_t deleted_at_once = 500;
// Refused in a row: then it is not these mails.
constexpr std::size_t most_refused = 3;
// What is due is told of so often, where it can't be done now (store::after_actions_now).
constexpr auto told_every = std::chrono::minutes(1);

}  // namespace

// Only what was filed is due, and only QUIT's +OK deletes it: whatever else happens, it stays due, and the next list
// tells.
net::awaitable<void> Pop3Deletion::carry_out_and_quit(pop3::Session& session, Pop3Listing const& listing,
                                                      std::uint32_t earlier)
{
    bool const asked = run_.asked();
    auto read = [this, asked](store::Connection& c) {
        // Whoever asks need not wait for a back-off.
        auto const now = run_.ground().clock->now() + (asked ? std::chrono::hours(24) : std::chrono::hours(0));
        return store::after_actions_now(c, run_.mailbox().id, inbox, 0, now, most_deletions);
    };
    auto due = co_await run_.ground().store->read(std::move(read));
    // What is due and was set to something else meanwhile is POP3's to delete, or nobody's.
    std::erase_if(due, [](model::LedgerRow const& row) { return row.due != model::AfterAction::remove; });
    due = co_await confirm(session, std::move(due), listing, earlier);
    auto done = co_await mark(session, due, listing);
    auto const quit = co_await session.quit();
    auto const now = std::chrono::steady_clock::now();
    if (done.empty() && (!failing_ || (!asked && now < told_ + told_every))) co_return;
    told_ = now;
    if (!quit.ok())
        for (auto& action : done)
            if (action.refusal.empty()) action.refusal = "deleting was refused: " + quit.words();
    bool const all = done.size() == static_cast<std::size_t>(most_deletions);
    bool refused = false;
    if (!done.empty()) refused = co_await run_.custody().note_done(std::move(done), true);
    more_due_ = all && !refused;
    remark_.clear();
    if (refused || failing_) remark_ = co_await run_.custody().tell_failing(std::string(inbox), 0, refused, failing_);
}

// An id may be another mail's by now: the server deleted the one that had it, and its answer to QUIT was lost. So what
// an earlier session filed is deleted only where its header is the one that was filed. Any other mail stays, and is
// retrieved as a new one; the same mail is a duplicate then, which the session that finds it deletes.
net::awaitable<std::vector<model::LedgerRow>> Pop3Deletion::confirm(pop3::Session& session,
                                                                    std::vector<model::LedgerRow> due,
                                                                    Pop3Listing const& listing, std::uint32_t earlier)
{
    std::erase_if(due, [&](model::LedgerRow const& row) { return listing.number_of(row.unique_id) == 0; });
    auto read = [&due, earlier](store::Connection& c) {
        std::map<std::uint32_t, model::Digest> filed;
        for (auto const& row : due) {
            if (row.place.uid > earlier || !row.message) continue;
            if (auto const message = store::message(c, *row.message)) filed[row.place.uid] = message->fingerprint;
        }
        return filed;
    };
    auto const filed = co_await run_.ground().store->read(std::move(read));
    std::vector<model::LedgerRow> same;
    std::vector<Done> others;
    for (auto& row : due) {
        if (row.place.uid > earlier) {
            same.push_back(std::move(row));
            continue;
        }
        auto const before = filed.find(row.place.uid);
        bool const can_tell = session.has("TOP") && before != filed.end() && before->second != model::Digest{} &&
                              !headers_.is_hopeless(row.unique_id);
        if (!can_tell) {
            others.push_back({row.place, {}});
            continue;
        }
        auto const said = co_await headers_.ask(session, listing.number_of(row.unique_id), row.unique_id);
        if (!said)
            others.push_back({row.place, "deleting was put off, the header was refused: " + said.error().words()});
        else if (mime::fingerprint(*said) != before->second)
            others.push_back({row.place, {}});
        else
            same.push_back(std::move(row));
    }
    if (!others.empty()) co_await run_.custody().note_done(std::move(others), true);
    co_return same;
}

net::awaitable<std::vector<Done>> Pop3Deletion::mark(pop3::Session& session, std::vector<model::LedgerRow> const& due,
                                                     Pop3Listing const& listing)
{
    more_due_ = false;
    std::vector<Done> done;
    std::vector<std::uint32_t> numbers;
    for (auto const& row : due) {
        auto const number = listing.number_of(row.unique_id);
        if (number == 0) continue;
        numbers.push_back(number);
        done.push_back({row.place, {}});
    }
    if (numbers.empty()) co_return done;
    pop3::Reply marked{.status = pop3::Reply::Status::ok};
    for (std::span left(numbers); !left.empty() && marked.ok();) {
        auto const some = left.first(std::min(deleted_at_once, left.size()));
        left = left.subspan(some.size());
        std::vector<std::uint32_t> together(some.begin(), some.end());
        co_await headers_.keep_lease();
        marked = co_await session.remove(std::move(together));
    }
    if (marked.ok()) co_return done;
    // Which of them was refused? All marks are taken back, and each is set by itself.
    auto const reset = co_await session.reset();
    if (!reset.ok()) throw net::Broken(Trouble::refused, "the server refused to take deletions back: " + reset.words());
    std::size_t in_a_row = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (in_a_row < most_refused) {
            co_await headers_.keep_lease();
            std::vector<std::uint32_t> alone{numbers[i]};
            auto const one = co_await session.remove(std::move(alone));
            in_a_row = one.ok() ? 0 : in_a_row + 1;
            if (one.ok()) continue;
            done[i].refusal = "deleting was refused: " + one.words();
        } else {
            done[i].refusal = "deleting was refused for others, and not tried: " + marked.words();
        }
    }
    co_return done;
}

}  // namespace postroom::retriever
