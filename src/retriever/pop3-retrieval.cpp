#include "retriever/pop3-retrieval.hpp"

#include "base/text.hpp"
#include "mime/read.hpp"
#include "store/accounts.hpp"
#include "store/after-actions.hpp"
#include "store/ledger.hpp"
#include "store/messages.hpp"
#include "store/settings.hpp"

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
constexpr int most_broke_in = 3;

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
        auto const& row = rows_.at(std::exchange(under_way_, 0));
        return filing_.end({.uid = row.place.uid, .unique_id = row.unique_id});
    }

    /// The mail that was begun and has not come whole.
    [[nodiscard]] model::LedgerRow const* under_way() const
    {
        return under_way_ == 0 ? nullptr : &rows_.at(under_way_);
    }
    [[nodiscard]] model::LedgerRow const& row(std::uint32_t number) const { return rows_.at(number); }
    [[nodiscard]] Row const& rows() const { return rows_; }

private:
    Filing& filing_;
    Row rows_;
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
    if (unknown.empty()) {
        refusals_ = {};
    } else {
        co_await run_.show_retrieving(unknown.size());
        filed = co_await fetch(*session, std::move(unknown));
    }
    if (filed > 0) run_.ground().filed();
    co_await remove_and_quit(*session, listing);
    session_ = nullptr;
    co_await decision_carried_out();
    if (remark.empty()) remark = remark_;
    co_await run_.end_look(filed, std::move(remark));
    if (!more_due_ && !run_.edited()) co_await run_.sleep(run_.mailbox().poll);
}

net::awaitable<Pop3Listing::Difference> Pop3Retrieval::less_known(Pop3Listing const& listing)
{
    auto const id = run_.mailbox().id;
    auto read = [this, id](store::Connection& c) {
        last_uid_ = earlier_ = store::last_uid(c, id, inbox, 0);
        return store::named_mails(c, id);
    };
    auto known = co_await run_.ground().store->read(std::move(read));
    auto difference = listing.less(std::move(known));
    // What ended sessions comes last, so that it holds up nothing.
    auto const broke = [this](pop3::Listed const& mail) {
        auto const found = broke_in_.find(mail.said);
        return std::pair(found == broke_in_.end() ? 0 : found->second, mail.number);
    };
    if (!broke_in_.empty()) std::ranges::sort(difference.unknown, {}, broke);
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
    co_return fmt::format(
        "the server lists none of the {} mails that were left there by the ids that it gave them, and of the {} that "
        "it lists more than {} (the setting unexpected-mails) are older than the last look: the mailbox was moved, "
        "restored or reset, and nothing is retrieved until somebody decides. `postroom mailbox resume {}` files them "
        "(those that were filed before are known by their bytes); with --skip what is there by then is noted as "
        "skipped, and stays where it is",
        to_stay.size(), listing.size(), most, mailbox.address);
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
    if (run_.mailbox().unexpected == model::Unexpected::ask) co_return;
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
        ++broke_in_[unique_id];
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
        if (broke_in_.contains(mail.said)) {
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
    std::vector<std::uint32_t> numbers;
    Sink::Row rows;
    for (auto& mail : mails) {
        numbers.push_back(mail.number);
        rows[mail.number] = next_row(std::move(mail.said), model::LedgerState::filed);
    }
    // "Inbox" is this folder too, and the ledger is read under one name.
    auto place = run_.filing_place(0);
    place.mailbox.folder = inbox;
    Filing filing(*ground.store, *ground.clock, ground.loop, ground.pool, std::move(place), {});
    Counting const counting(run_, filing);
    Sink sink(filing, std::move(rows));
    pop3::Retrieved retrieved;
    std::exception_ptr broke;
    try {
        retrieved = co_await session.retrieve(std::move(numbers), sink);
    } catch (...) {
        broke = std::current_exception();
    }
    // Also where the connection broke: what has come is filed, and the next look must find it in the ledger.
    co_await filing.settle();
    if (broke) {
        if (auto const* const mail = sink.under_way()) ++broke_in_[mail->unique_id];
        if (filing.filed() > 0) ground.filed();
        std::rethrow_exception(broke);
    }
    for (auto const& [number, row] : sink.rows()) broke_in_.erase(row.unique_id);
    // A store that is away refuses every mail, and answers NOOP.
    if (retrieved.delivered == 0 && retrieved.refused.size() + retrieved.put_off.size() > most_refused)
        give_up(*retrieved.refusal, "to give mail");
    if (retrieved.refusal)
        spdlog::warn("retriever: {}: {} mails are listed by the server, which refuses to give them: {}",
                     run_.mailbox().address, retrieved.refused.size() + retrieved.put_off.size(),
                     retrieved.refusal->words());
    std::vector<std::string> refused;
    for (auto const number : retrieved.refused) refused.push_back(sink.row(number).unique_id);
    co_await note_refused(session, std::move(refused), retrieved.refusal.value_or(pop3::Reply{}));
    co_return filing.filed();
}

// A mail that the server lists and refuses is asked for again some times, since the trouble may pass; then it is said
// in the ledger, and never looped over.
net::awaitable<void> Pop3Retrieval::note_refused(pop3::Session& session, std::vector<std::string> refused,
                                                 pop3::Reply refusal)
{
    if (!refused.empty()) {
        auto const alive = co_await session.noop();
        if (!alive.ok()) give_up(refusal, "to give mail");
    }
    std::vector<model::LedgerRow> unreadable;
    for (auto& unique_id : refusals_.look(refused, run_.ground().clock->now())) {
        unreadable.push_back(next_row(std::move(unique_id), model::LedgerState::unreadable));
        unreadable.back().note = "the server lists this mail and refuses to give it: " + refusal.words();
    }
    co_await run_.note(std::move(unreadable));
}

// Only what was filed is due, and only QUIT's +OK deletes it: whatever else happens, it stays due, and the next list
// tells.
net::awaitable<void> Pop3Retrieval::remove_and_quit(pop3::Session& session, Pop3Listing const& listing)
{
    auto read = [this](store::Connection& c) {
        return store::due_after_actions(c, run_.mailbox().id, inbox, 0, most_deletions);
    };
    auto due = co_await run_.ground().store->read(std::move(read));
    // What is due and was set to something else meanwhile is POP3's to delete, or nobody's.
    std::erase_if(due, [](model::LedgerRow const& row) { return row.due != model::AfterAction::remove; });
    due = co_await confirm(session, std::move(due), listing);
    auto done = co_await mark(session, due, listing);
    auto const quit = co_await session.quit();
    if (done.empty() && !failing_) co_return;
    if (!quit.ok())
        for (auto& action : done)
            if (action.refusal.empty()) action.refusal = "deleting was refused: " + quit.words();
    bool const all = done.size() == static_cast<std::size_t>(most_deletions);
    bool const refused = co_await run_.note_done(std::move(done), true);
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
        auto const broke = broke_in_.find(row.unique_id);
        bool const can_tell = session.has("TOP") && before != filed.end() && before->second != model::Digest{} &&
                              (broke == broke_in_.end() || broke->second < most_broke_in);
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
