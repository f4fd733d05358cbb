#include "retriever/pop3-retrieval.hpp"

#include "base/text.hpp"
#include "mime/read.hpp"
#include "retriever/verdict.hpp"
#include "store/accounts.hpp"
#include "store/after-actions.hpp"
#include "store/ledger.hpp"
#include "store/messages.hpp"
#include "store/settings.hpp"
#include "store/withheld.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

namespace postroom::retriever {

namespace {

constexpr std::string_view inbox = "INBOX";
// A few new mails are fetched at once and judged by their headers; of many the headers are asked first.
constexpr std::size_t fetch_without_asking = 20;
// Skipped mails are noted so often, so that a session that is cut short has not been for nothing.
constexpr std::size_t skipped_at_once = 500;
constexpr int most_deletions = 10'000;
// Between two looks at the clock and the lease.
constexpr std::size_t deleted_at_once = 500;
constexpr auto lease_kept = std::chrono::minutes(1);
// Mails refused and none given, or deletions refused in a row: then it is not these mails.
constexpr std::size_t most_refused = 3;
// Between the clocks of a mail's last server and ours.
constexpr auto clocks_differ = std::chrono::hours(1);
// What ended so many sessions is not asked for its header again.
constexpr int most_headers_broke = 3;
// What is due is told of so often, where it can't be done now (store::after_actions_now).
constexpr auto told_every = std::chrono::minutes(1);

// A refusal in the middle of a session ends it; what to do then is judged by its words.
[[noreturn]] void give_up(pop3::Reply const& reply, std::string_view what)
{
    throw net::Broken(Trouble::refused, fmt::format("the server refused {}: {}", what, reply.words()));
}

// Gives what comes its place in the ledger.
class Sink final : public pop3::MailSink {
public:
    using Row = std::map<std::uint32_t, model::LedgerRow>;
    Sink(Filing& filing, Row rows) : filing_(filing), rows_(std::move(rows)) {}

    net::awaitable<void> begin(std::uint32_t number) override
    {
        under_way_ = number;
        filing_.begin();
        co_return;
    }
    net::awaitable<void> chunk(std::string_view bytes) override { return filing_.chunk(bytes); }
    net::awaitable<void> end() override
    {
        auto const& row = rows_.at(under_way_);
        came_.push_back(row.unique_id);
        return filing_.end({.uid = row.place.uid, .unique_id = row.unique_id});
    }

    /// By their unique ids.
    [[nodiscard]] std::vector<std::string> const& came() const { return came_; }
    [[nodiscard]] std::vector<std::string> ids_of(std::vector<std::uint32_t> const& numbers) const
    {
        std::vector<std::string> ids;
        for (auto const number : numbers) ids.push_back(rows_.at(number).unique_id);
        return ids;
    }

private:
    Filing& filing_;
    Row rows_;
    std::vector<std::string> came_;
    std::uint32_t under_way_ = 0;
};

}  // namespace

void Pop3Retrieval::close()
{
    if (session_ != nullptr) session_->close();
}

model::LedgerRow Pop3Retrieval::next_row(std::string unique_id, model::LedgerState state)
{
    model::LedgerRow row;
    row.place = {run_.mailbox().id, std::string(inbox), 0, ++last_uid_};
    row.state = state;
    row.unique_id = std::move(unique_id);
    return row;
}

net::awaitable<void> Pop3Retrieval::visit()
{
    auto signed_in = co_await grants::sign_in_pop3(run_.ground().roads, run_.account(), run_.mailbox());
    if (!signed_in) throw net::Broken(signed_in.error());
    if (run_.stopped()) co_return;
    auto const session = std::move(signed_in->session);
    session_ = session.get();
    struct Forget {
        pop3::Session*& session;
        ~Forget() { session = nullptr; }
    } const forget{session_};

    run_.begin_look();
    auto listed = co_await session->unique_ids();
    if (!listed) give_up(listed.error(), "to list its mail");
    std::string remark;
    if (listed->unreadable > 0) {
        remark = fmt::format("{} mails are not retrieved: the server gives them no unique id that can be read",
                             listed->unreadable);
        spdlog::warn("retriever: {}: {}", run_.mailbox().address, remark);
    }
    Pop3Listing const listing(std::move(listed->mails));
    auto difference = co_await less_known(listing);
    auto question = co_await judge_unexpected(*session, listing, difference);
    if (question) {
        session_ = nullptr;
        (void)co_await session->quit();
        co_await run_.ask_people(std::move(*question));
        co_return;
    }
    co_await note_gone(*session, listing, std::move(difference.gone));
    auto unknown = std::move(difference.unknown);
    if (unknown.size() > fetch_without_asking && run_.mailbox().baseline > Instant{} && session->has("TOP"))
        unknown = co_await skip_old(*session, std::move(unknown));
    std::size_t filed = 0;
    if (!unknown.empty()) {
        co_await run_.show_retrieving(unknown.size());
        filed = co_await fetch(*session, std::move(unknown));
    }
    co_await run_.keep_withheld(withheld_, std::string(inbox), 0);
    if (filed > 0) run_.ground().filed();
    co_await remove_and_quit(*session, listing);
    session_ = nullptr;
    co_await decision_carried_out();
    if (remark.empty()) remark = remark_;
    if (remark.empty()) remark = withheld_.remark();
    co_await run_.end_look(filed, std::move(remark));
    if (!more_due_ && !run_.edited()) co_await run_.sleep(run_.mailbox().poll);
}

net::awaitable<Pop3Listing::Difference> Pop3Retrieval::less_known(Pop3Listing const& listing)
{
    auto const id = run_.mailbox().id;
    auto read = [this, id](store::Connection& c) {
        last_uid_ = earlier_ = store::last_uid(c, id, inbox, 0);
        withheld_.read(store::withheld_mails(c, id, inbox, 0));
        left_ = store::left_server(c, id);
        return store::named_mails(c, id);
    };
    auto known = co_await run_.ground().store->read(std::move(read));
    auto difference = listing.less(std::move(known));
    if (withheld_.empty()) co_return difference;
    std::set<std::string> unknown;
    for (auto const& mail : difference.unknown) unknown.insert(mail.said);
    withheld_.keep_only([&](std::string const& unique_id) { return unknown.contains(unique_id); });
    auto const waits = [this, now = run_.ground().clock->now()](pop3::Listed const& mail) {
        return !run_.asked() && withheld_.waits(mail.said, now);
    };
    std::erase_if(difference.unknown, waits);
    co_return difference;
}

// A maildrop that was moved, restored or reset gives every mail another id, and years of mail look new: a thousand
// customers would be written to, so a person decides. It is taken for that where none of the mail that was left there
// is listed, and more mail than the setting allows was there before the last look by what its headers say.
net::awaitable<std::optional<std::string>> Pop3Retrieval::judge_unexpected(pop3::Session& session,
                                                                           Pop3Listing const& listing,
                                                                           Pop3Listing::Difference const& difference)
{
    auto const& mailbox = run_.mailbox();
    if (mailbox.unexpected == model::Unexpected::file || difference.gone.empty() || difference.unknown.empty())
        co_return std::nullopt;
    std::size_t most = 0;
    auto read = [&](store::Connection& c) {
        auto const setting = store::setting(c, "unexpected-mails");
        std::from_chars(setting.data(), setting.data() + setting.size(), most);
        return difference.unknown.size() > most ? store::mails_to_stay(c, mailbox.id) : std::vector<std::string>{};
    };
    auto const to_stay = co_await run_.ground().store->read(std::move(read));
    auto const is_listed = [&](std::string const& id) { return listing.number_of(id) != 0; };
    if (to_stay.empty() || std::ranges::any_of(to_stay, is_listed)) co_return std::nullopt;
    auto const unexpected = co_await from_before(session, difference.unknown, most + 1);
    if (unexpected <= most) co_return std::nullopt;
    auto const what =
        left_.empty() ? std::string("the mailbox was moved, restored or reset") : other_server(left_, run_.account());
    co_return fmt::format(
        "{}: the server lists none of the {} mails that were left there by the ids that it gave them, and of the {} "
        "that it lists more than {} (the setting unexpected-mails) are older than the last look: {}",
        what, to_stay.size(), listing.size(), most, how_to_decide(mailbox));
}

// How many of them were there at the last look, counted up to `enough`. What has no date, or can't be asked for one,
// may have been.
net::awaitable<std::size_t> Pop3Retrieval::from_before(pop3::Session& session, Mails const& mails, std::size_t enough)
{
    auto const looked = run_.mailbox().last_success;
    if (!looked || !session.has("TOP")) co_return mails.size();
    std::size_t count = 0;
    for (auto const& mail : mails) {
        auto const said = co_await header(session, mail.number, mail.said);
        auto const received = said ? mime::received(*said) : std::nullopt;
        if (!received || *received < *looked - clocks_differ) ++count;
        if (count == enough) break;
    }
    co_return count;
}

// Once everything was filed or skipped the next surprise is another one.
net::awaitable<void> Pop3Retrieval::decision_carried_out()
{
    if (run_.mailbox().unexpected == model::Unexpected::ask && left_.empty()) co_return;
    auto note = [id = run_.mailbox().id](store::Connection& c) { store::set_uid_validity(c, id, 0); };
    co_await run_.ground().store->write(std::move(note));
}

// A server in trouble may list too few, or none, and say +OK: a mail that is forgotten by mistake is retrieved twice.
// So it is gone when two lists in a row have not got it, and STAT counts no more than they do.
net::awaitable<void> Pop3Retrieval::note_gone(pop3::Session& session, Pop3Listing const& listing,
                                              std::vector<store::NamedMail> missing)
{
    auto const before = std::exchange(missing_, {});
    if (missing.empty()) co_return;
    auto const status = co_await session.status();
    if (!status || status->mails > listing.size()) {
        spdlog::warn("retriever: {}: the server lists {} mails, and of {} known ones not; to STAT it says {}",
                     run_.mailbox().address, listing.size(), missing.size(),
                     status ? std::to_string(status->mails) : status.error().words());
        co_return;
    }
    std::vector<Done> gone;
    for (auto const& mail : missing) {
        if (before.contains(mail.uid))
            gone.push_back({{run_.mailbox().id, std::string(inbox), 0, mail.uid}, {}});
        else
            missing_.insert(mail.uid);
    }
    if (!gone.empty()) co_await run_.note_done(std::move(gone), true);
}

net::awaitable<void> Pop3Retrieval::keep_lease()
{
    auto const now = std::chrono::steady_clock::now();
    if (now - renewed_ < lease_kept) co_return;
    renewed_ = now;
    co_await run_.renew_lease();
}

net::awaitable<pop3::Answer<std::string>> Pop3Retrieval::header(pop3::Session& session, std::uint32_t number,
                                                                std::string const& unique_id)
{
    co_await keep_lease();
    pop3::Answer<std::string> header;
    std::exception_ptr broke;
    try {
        header = co_await session.top(number, 0, mime::header_limit);
    } catch (...) {
        broke = std::current_exception();
    }
    if (broke) {
        ++headers_broke_[unique_id];
        std::rethrow_exception(broke);
    }
    co_return header;
}

// Mail from before the baseline goes to the ledger without its bytes. POP3 has no INTERNALDATE, so the header tells.
// Returns the rest.
net::awaitable<Pop3Retrieval::Mails> Pop3Retrieval::skip_old(pop3::Session& session, Mails mails)
{
    Mails rest;
    std::vector<model::LedgerRow> old;
    for (auto& mail : mails) {
        // What ended a session is fetched, last: Filing keeps as much of its header as it needs.
        if (headers_broke_.contains(mail.said)) {
            rest.push_back(std::move(mail));
            continue;
        }
        auto const said = co_await header(session, mail.number, mail.said);
        auto const received = said ? mime::received(*said) : std::nullopt;
        if (!received || *received >= run_.mailbox().baseline) {
            rest.push_back(std::move(mail));
            continue;
        }
        old.push_back(next_row(std::move(mail.said), model::LedgerState::skipped));
        if (old.size() < skipped_at_once) continue;
        co_await run_.note(std::move(old));
        old.clear();
    }
    co_await run_.note(std::move(old));
    co_return rest;
}

net::awaitable<std::size_t> Pop3Retrieval::fetch(pop3::Session& session, Mails mails)
{
    auto const& ground = run_.ground();
    std::map<std::string, std::uint32_t> numbers;
    std::vector<std::string> ids;
    Sink::Row rows;
    for (auto& mail : mails) {
        numbers[mail.said] = mail.number;
        ids.push_back(mail.said);
        rows[mail.number] = next_row(std::move(mail.said), model::LedgerState::filed);
    }
    // "Inbox" is this folder too, and the ledger is read under one name.
    auto place = run_.filing_place(0);
    place.mailbox.folder = inbox;
    Filing filing(*ground.store, *ground.clock, ground.loop, ground.pool, std::move(place), {});
    Counting const counting(run_, filing);
    Sink sink(filing, std::move(rows));
    for (auto const& [id, times] : headers_broke_)
        if (numbers.contains(id)) suspects_.broke({id}, {});
    auto const plan = suspects_.plan(std::move(ids));
    pop3::Retrieved retrieved;
    std::string alone;
    std::optional<Error> ended;
    std::exception_ptr broke;
    try {
        std::vector<std::uint32_t> together;
        for (auto const& id : plan.together) together.push_back(numbers.at(id));
        retrieved = co_await session.retrieve(std::move(together), sink);
        for (auto const& id : plan.alone) {
            // A server that is gone is not that mail's doing.
            auto const there = co_await session.noop();
            if (!there.ok()) give_up(there, "NOOP");
            alone = id;
            std::vector<std::uint32_t> by_itself{numbers.at(id)};
            auto const one = co_await session.retrieve(std::move(by_itself), sink);
            alone.clear();
            suspects_.cleared(id);
            retrieved.delivered += one.delivered;
            retrieved.refused.insert(retrieved.refused.end(), one.refused.begin(), one.refused.end());
            retrieved.put_off.insert(retrieved.put_off.end(), one.put_off.begin(), one.put_off.end());
            if (!retrieved.refusal) retrieved.refusal = one.refusal;
        }
    } catch (net::Broken const& broken) {
        ended = broken.error();
        broke = std::current_exception();
    } catch (...) {
        broke = std::current_exception();
    }
    // Also where the connection broke: what has come is filed, and the next look must find it in the ledger.
    co_await filing.settle();
    if (broke && filing.filed() > 0) ground.filed();
    if (ended && !run_.stopped()) co_await blame(*ended, alone, plan.together, sink.came());
    if (broke) std::rethrow_exception(broke);
    for (auto const& id : sink.came()) {
        headers_broke_.erase(id);
        withheld_.given(id);
    }
    if (retrieved.refusal) co_await judge_refusal(session, retrieved, sink.ids_of(retrieved.refused));
    co_return filing.filed();
}

// The connection ended while mail was given. Where that is a mail's doing, it would end for ever.
net::awaitable<void> Pop3Retrieval::blame(Error error, std::string alone, std::vector<std::string> together,
                                          std::vector<std::string> came)
{
    if (!may_be_a_mails_doing(error)) co_return;
    if (alone.empty()) {
        suspects_.broke(together, came);
        co_return;
    }
    if (!suspects_.broke_at(alone)) co_return;
    auto given_up = next_row(alone, model::LedgerState::unreadable);
    given_up.tries = suspects_.breaks(alone);
    given_up.note = broke_each_time(given_up.tries, error);
    spdlog::warn("retriever: {}: given up for a mail: {}", run_.mailbox().address, given_up.note);
    std::vector<model::LedgerRow> rows{std::move(given_up)};
    co_await run_.note(std::move(rows));
    suspects_.cleared(alone);
    headers_broke_.erase(alone);
}

// Is it the mails, or the server? A store that is away refuses every mail, and answers NOOP; throws then. A mail that
// is refused is asked for again some times, since the trouble may pass; then it is said in the ledger, and never looped
// over.
net::awaitable<void> Pop3Retrieval::judge_refusal(pop3::Session& session, pop3::Retrieved const& retrieved,
                                                  std::vector<std::string> refused)
{
    auto const& refusal = *retrieved.refusal;
    auto const is_new = [this](std::string const& id) { return !withheld_.counted(id); };
    auto const many = static_cast<std::size_t>(std::ranges::count_if(refused, is_new)) + retrieved.put_off.size();
    if (retrieved.delivered == 0 && many > most_refused) give_up(refusal, "to give mail");
    if (refused.empty()) co_return;
    auto const alive = co_await session.noop();
    if (!alive.ok()) give_up(refusal, "to give mail");
    auto const why = "the server refuses to give this mail: " + refusal.words();
    spdlog::warn("retriever: {}: {} mails that are listed: {}", run_.mailbox().address, refused.size(), why);
    std::vector<model::LedgerRow> unreadable;
    for (auto& mail : withheld_.count(refused, where_refused, why, run_.ground().clock->now())) {
        unreadable.push_back(next_row(std::move(mail.name), model::LedgerState::unreadable));
        unreadable.back().note = why;
        unreadable.back().tries = mail.looks;
    }
    co_await run_.note(std::move(unreadable));
}

// Only what was filed is due, and only QUIT's +OK deletes it: whatever else happens, it stays due, and the next list
// tells.
net::awaitable<void> Pop3Retrieval::remove_and_quit(pop3::Session& session, Pop3Listing const& listing)
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
    due = co_await confirm(session, std::move(due), listing);
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
    if (!done.empty()) refused = co_await run_.note_done(std::move(done), true);
    more_due_ = all && !refused;
    remark_.clear();
    if (refused || failing_) remark_ = co_await run_.tell_failing(std::string(inbox), 0, refused, failing_);
}

// An id may be another mail's by now: the server deleted the one that had it, and its answer to QUIT was lost. So what
// an earlier session filed is deleted only where its header is the one that was filed. Any other mail stays, and is
// retrieved as a new one; the same mail is a duplicate then, which the session that finds it deletes.
net::awaitable<std::vector<model::LedgerRow>> Pop3Retrieval::confirm(pop3::Session& session,
                                                                     std::vector<model::LedgerRow> due,
                                                                     Pop3Listing const& listing)
{
    std::erase_if(due, [&](model::LedgerRow const& row) { return listing.number_of(row.unique_id) == 0; });
    auto read = [this, &due](store::Connection& c) {
        std::map<std::uint32_t, model::Digest> filed;
        for (auto const& row : due) {
            if (row.place.uid > earlier_ || !row.message) continue;
            if (auto const message = store::message(c, *row.message)) filed[row.place.uid] = message->fingerprint;
        }
        return filed;
    };
    auto const filed = co_await run_.ground().store->read(std::move(read));
    std::vector<model::LedgerRow> same;
    std::vector<Done> others;
    for (auto& row : due) {
        if (row.place.uid > earlier_) {
            same.push_back(std::move(row));
            continue;
        }
        auto const before = filed.find(row.place.uid);
        auto const broke = headers_broke_.find(row.unique_id);
        bool const can_tell = session.has("TOP") && before != filed.end() && before->second != model::Digest{} &&
                              (broke == headers_broke_.end() || broke->second < most_headers_broke);
        if (!can_tell) {
            others.push_back({row.place, {}});
            continue;
        }
        auto const said = co_await header(session, listing.number_of(row.unique_id), row.unique_id);
        if (!said)
            others.push_back({row.place, "deleting was put off, the header was refused: " + said.error().words()});
        else if (mime::fingerprint(*said) != before->second)
            others.push_back({row.place, {}});
        else
            same.push_back(std::move(row));
    }
    if (!others.empty()) co_await run_.note_done(std::move(others), true);
    co_return same;
}

net::awaitable<std::vector<Done>> Pop3Retrieval::mark(pop3::Session& session, std::vector<model::LedgerRow> const& due,
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
        co_await keep_lease();
        marked = co_await session.remove(std::move(together));
    }
    if (marked.ok()) co_return done;
    // Which of them was refused? All marks are taken back, and each is set by itself.
    auto const reset = co_await session.reset();
    if (!reset.ok()) give_up(reset, "to take deletions back");
    std::size_t in_a_row = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (in_a_row < most_refused) {
            co_await keep_lease();
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
