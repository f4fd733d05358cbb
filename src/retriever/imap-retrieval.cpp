#include "retriever/imap-retrieval.hpp"

#include "base/text.hpp"
#include "imap/folders.hpp"
#include "retriever/imap-sink.hpp"
#include "retriever/verdict.hpp"
#include "store/after-actions.hpp"
#include "store/mailboxes.hpp"
#include "store/settings.hpp"
#include "store/withheld.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace postroom::retriever {

namespace {

// A safety net beside IDLE, which dies in silence behind NAT (imapflow #98), and the longest that a look goes by the
// highest UID alone: then all is compared, since Exchange has been seen to show a mail late (imapclient #441).
constexpr Duration idle_length{5 * 60'000};
// So many mails refused and none given: then it is not these mails.
constexpr std::size_t most_refused = 3;
// How long what was read of the ledger, and written to it, is believed in a session without end: a person may have a
// mail forgotten, so that it is retrieved again.
constexpr Duration ledger_length{60 * 60'000};
// What is kept of it while a mailbox idles: 8 KiB. A folder all of whose mail was seen is one range.
constexpr std::size_t ranges_kept = 1'000;
// A few new mails are fetched at once and judged by the date that comes with them; of many the dates are asked first.
constexpr std::size_t fetch_without_asking = 20;

// What a look finds due is looked for so often, where the last one was refused (store::after_actions_now).
constexpr Duration action_pause{60'000};

std::string name_of(imap::Uid uid)
{
    return std::to_string(uid);
}

imap::Uid uid_of(std::string_view name)
{
    imap::Uid uid = 0;
    std::from_chars(name.data(), name.data() + name.size(), uid);
    return uid;
}

Holdouts::Names names_of(std::vector<imap::Uid> const& uids)
{
    Holdouts::Names names;
    for (auto const uid : uids) names.push_back(name_of(uid));
    return names;
}

std::vector<imap::Uid> uids_of(Holdouts::Names const& names)
{
    std::vector<imap::Uid> uids;
    for (auto const& name : names) uids.push_back(uid_of(name));
    return uids;
}

// A refusal in the middle of a session ends it; what to do then is judged by its words.
[[noreturn]] void give_up(imap::Reply const& reply, std::string_view what)
{
    throw net::Broken(Trouble::refused, fmt::format("the server refused {}: {}", what, reply.words()));
}

}  // namespace

void ImapRetrieval::nudge()
{
    if (session_ != nullptr) session_->nudge();
}

void ImapRetrieval::close()
{
    if (session_ != nullptr) session_->close();
}

ImapRetrieval::ImapRetrieval(MailboxRun& run)
    : run_(run),
      holdouts_(run, [this](std::string const& name) { return row(uid_of(name), model::LedgerState::unreadable); })
{
}

model::LedgerRow ImapRetrieval::row(imap::Uid uid, model::LedgerState state) const
{
    model::LedgerRow row;
    row.place = {run_.mailbox().id, folder_, uid_validity_, uid};
    row.state = state;
    return row;
}

net::awaitable<void> ImapRetrieval::visit()
{
    auto signed_in = co_await grants::sign_in_imap(run_.ground().roads, run_.account(), run_.mailbox());
    if (!signed_in) throw net::Broken(signed_in.error());
    if (run_.stopped()) co_return;
    auto const session = std::move(signed_in->session);
    session_ = session.get();
    struct Forget {
        imap::Session*& session;
        ~Forget() { session = nullptr; }
    } const forget{session_};

    auto question = co_await open_folder(*session);
    auto seen = session->changes();
    while (!question && !run_.stopped()) {
        co_await compare(*session, seen);
        auto const soon = run_.ground().clock->now() + Duration(60'000);
        if (run_.edited()) break;                  // a new session, with what people changed
        if (signed_in->token_ends <= soon) break;  // a new session with a new token, before the server ends this one
        co_await wait_for_mail(*session, signed_in->token_ends, seen);
    }
    session_ = nullptr;
    co_await session->logout();
    if (question) co_await run_.ask_people(std::move(*question));
}

net::awaitable<std::optional<std::string>> ImapRetrieval::open_folder(imap::Session& session)
{
    auto const& mailbox = run_.mailbox();
    known_.reset();
    compared_.reset();
    actions_due_.reset();
    failing_ = true;  // as far as is known: an alarm may be left from before
    idle_refused_ = false;
    after_folder_.clear();
    auto const opened = co_await imap::open_folder(session, mailbox.folder);
    if (!opened) give_up(opened.error(), "to open the folder " + mailbox.folder);
    auto const* const selected = &opened->state;
    folder_ = opened->name;
    uid_validity_ = selected->uid_validity;
    left_ = false;
    std::string left;
    auto read = [this, &left](store::Connection& c) {
        left = store::left_server(c, run_.mailbox().id);
        return store::withheld_mails(c, run_.mailbox().id, folder_, uid_validity_);
    };
    auto withheld = co_await run_.ground().store->read(std::move(read));
    holdouts_.enter(folder_, uid_validity_, std::move(withheld));
    if (selected->uid_validity == mailbox.uid_validity && left.empty()) co_return std::nullopt;
    if (mailbox.uid_validity != 0 || !left.empty()) {
        auto const what = left.empty()
                              ? fmt::format("the folder {} was made anew on its server (UIDVALIDITY {} is now {})",
                                            mailbox.folder, mailbox.uid_validity, uid_validity_)
                              : other_server(left, run_.account());
        auto question = co_await judge_unexpected(session, what);
        if (question) co_return question;
        spdlog::warn("retriever: {}: {}; mail filed before is known by its bytes", mailbox.address, what);
    }
    auto note = [id = mailbox.id, folder = folder_, now = selected->uid_validity](store::Connection& c) {
        store::set_uid_validity(c, id, now);
        store::forget_after_actions(c, id, folder, now);
        store::forget_withheld(c, id);
    };
    co_await run_.ground().store->write(std::move(note));
    co_return std::nullopt;
}

// The folder was made anew on its server, and every mail in it has another UID (RFC 3501 section 2.3.1.1); or it is
// another server's. What is older than the baseline stays skipped. A folder that was moved or restored may hold years
// of mail that look new, and a thousand customers would be written to: then a person decides.
net::awaitable<std::optional<std::string>> ImapRetrieval::judge_unexpected(imap::Session& session, std::string what)
{
    auto const& mailbox = run_.mailbox();
    auto unknown = co_await unknown_uids(session, Breadth::listing);
    if (!unknown.empty() && dates_are_asked()) unknown = co_await skip_old(session, std::move(unknown));
    auto read = [](store::Connection& c) { return store::setting(c, "unexpected-mails"); };
    auto const setting = co_await run_.ground().store->read(std::move(read));
    std::size_t most = 0;
    std::from_chars(setting.data(), setting.data() + setting.size(), most);
    if (mailbox.unexpected != model::Unexpected::file && unknown.size() > most)
        co_return fmt::format("{}, and {} mails in it look new, where the setting unexpected-mails lets {} pass: {}",
                              what, unknown.size(), most, how_to_decide(mailbox));
    co_return std::nullopt;
}

// One look: what the server lists, less what the ledger knows, is fetched and filed; then what is due is done.
net::awaitable<void> ImapRetrieval::compare(imap::Session& session, std::uint64_t& seen_changes)
{
    bool const asked = run_.nudged() || run_.asked();
    auto how = breadth(asked);
    run_.begin_look();
    left_ = false;
    if (asked) known_.reset();
    bool const changed = session.changes() != seen_changes;
    seen_changes = session.changes();

    std::size_t filed = 0;
    auto unknown = co_await unknown_uids(session, how);
    // Something changed, and it is no new mail: one that is shown late, perhaps.
    if (unknown.empty() && how == Breadth::newest && changed && in_vain_ == 0) {
        how = Breadth::others;
        unknown = co_await unknown_uids(session, how);
    }
    if (how != Breadth::newest) {
        compared_ = Steady::now();
        holdouts_.keep_only([&](std::string const& name) { return std::ranges::binary_search(unknown, uid_of(name)); });
    }
    auto const not_yet = [&](imap::Uid uid) { return !asked && holdouts_.waits(name_of(uid)); };
    if (!holdouts_.empty()) std::erase_if(unknown, not_yet);
    if (unknown.size() > fetch_without_asking && dates_are_asked())
        unknown = co_await skip_old(session, std::move(unknown));
    if (!unknown.empty()) {
        co_await run_.show_retrieving(unknown.size());
        filed = co_await fetch(session, std::move(unknown));
    }
    if (filed > 0) run_.ground().filed();
    in_vain_ = filed > 0 || !changed ? 0 : in_vain_ + 1;
    co_await holdouts_.keep();
    auto remark = co_await after_actions(session, asked);
    if (remark.empty()) remark = holdouts_.remark();
    if (known_ && known_->ranges().size() > ranges_kept) known_.reset();
    co_await run_.end_look(filed, std::move(remark));
}

// Without them every mail is fetched, and Filing skips what is old: much traffic, but a mail whose date can't be told
// stops nothing.
bool ImapRetrieval::dates_are_asked() const
{
    return run_.mailbox().baseline > Instant{} && dates_broke_ < Suspects::most_breaks;
}

Breadth ImapRetrieval::breadth(bool asked) const
{
    if (!compared_) return Breadth::listing;
    auto const held_out = holdouts_.until_next();
    if (asked || left_ || (held_out && *held_out <= Duration(0)) || Steady::now() - *compared_ >= idle_length)
        return Breadth::others;
    return Breadth::newest;
}

net::awaitable<void> ImapRetrieval::read_ledger()
{
    auto read = [this](store::Connection& c) {
        return store::known_ranges(c, run_.mailbox().id, folder_, uid_validity_);
    };
    auto const ranges = co_await run_.ground().store->read(std::move(read));
    known_.emplace();
    for (auto const& range : ranges) known_->add(imap::UidRange{range.first, range.last});
    highest_ = known_->highest();
    ledger_read_ = Steady::now();
}

void ImapRetrieval::knows(std::vector<imap::Uid> const& uids)
{
    for (auto const uid : uids) {
        if (known_) known_->add(uid);
        highest_ = std::max(highest_, uid);
    }
    if (!holdouts_.empty()) holdouts_.came(names_of(uids));
}

net::awaitable<std::vector<imap::Uid>> ImapRetrieval::unknown_uids(imap::Session& session, Breadth breadth)
{
    bool const stale = Steady::now() - ledger_read_ >= ledger_length;
    if (breadth != Breadth::newest && (!known_ || stale)) co_await read_ledger();
    if (breadth == Breadth::others) {
        auto others = co_await session.search_others(*known_);
        if (!others) give_up(others.error(), "to search the folder");
        co_return std::move(*others);
    }
    imap::SearchFor what;
    if (breadth == Breadth::newest) what.from_uid = highest_ + 1;
    auto const listed = co_await session.search(what);
    if (!listed) give_up(listed.error(), "to list the folder");
    if (breadth == Breadth::newest) co_return *listed;
    co_return known_->without(*listed);
}

// Mail from before the baseline goes to the ledger without its bytes. Returns the rest.
net::awaitable<std::vector<imap::Uid>> ImapRetrieval::skip_old(imap::Session& session, std::vector<imap::Uid> uids)
{
    imap::Answer<std::vector<imap::MailInfo>> infos;
    try {
        infos = co_await info_past_refusals(session, uids);
    } catch (net::Broken const& broken) {
        if (may_be_a_mails_doing(broken.error())) ++dates_broke_;
        throw;
    }
    if (!infos) give_up(infos.error(), "to tell the dates of mail");
    dates_broke_ = 0;
    std::vector<imap::Uid> old;
    std::vector<model::LedgerRow> rows;
    for (auto const& info : *infos)
        if (info.internal_date && *info.internal_date < run_.mailbox().baseline) old.push_back(info.uid);
    std::ranges::sort(old);
    for (auto const uid : old) rows.push_back(row(uid, model::LedgerState::skipped));
    co_await run_.custody().note(std::move(rows));
    knows(old);
    std::vector<imap::Uid> rest;
    std::ranges::set_difference(uids, old, std::back_inserter(rest));
    co_return rest;
}

net::awaitable<std::size_t> ImapRetrieval::fetch(imap::Session& session, std::vector<imap::Uid> uids)
{
    auto const& ground = run_.ground();
    auto place = run_.filing_place(uid_validity_);
    place.mailbox.folder = folder_;
    Filing filing(*ground.store, *ground.clock, ground.loop, ground.pool, std::move(place), {});
    Counting const counting(run_, filing);
    ImapSink sink(filing);
    auto const plan = holdouts_.plan(names_of(uids));
    FetchedPast fetched;
    Holdouts::Names together;  // under way, or
    std::string alone;
    std::optional<Error> ended;
    std::exception_ptr broke;
    try {
        together = plan.together;
        fetched = co_await fetch_past_refusals(session, uids_of(plan.together), sink);
        if (fetched.left.empty() && !plan.refused_before.empty()) {
            together = plan.refused_before;
            // That these are refused says nothing of the server, so each is asked for.
            auto again = co_await fetch_each(session, uids_of(plan.refused_before), sink, plan.refused_before.size());
            fetched.add(std::move(again));
        }
        for (auto const& name : plan.alone) {
            if (!fetched.left.empty()) break;
            // A server that is gone is not that mail's doing.
            auto const there = co_await session.noop();
            if (!there.ok()) give_up(there, "NOOP");
            alone = name;
            std::vector<imap::Uid> by_itself{uid_of(name)};
            auto one = co_await fetch_each(session, std::move(by_itself), sink);
            alone.clear();
            holdouts_.cleared(name);
            fetched.add(std::move(one));
        }
    } catch (net::Broken const& broken) {
        ended = broken.error();
        broke = std::current_exception();
    } catch (...) {
        broke = std::current_exception();
    }
    // Also where the connection broke: what has come is filed, and the next look must find it in the ledger.
    co_await filing.settle();
    if (filing.filed() > 0 && (broke || fetched.refusal)) ground.filed();
    if (ended && !run_.stopped()) {
        // Where that is a mail's doing, it would end for ever.
        auto const given_up = co_await holdouts_.broke(*ended, alone, together, names_of(sink.came()));
        knows(uids_of(given_up));
    }
    if (broke) std::rethrow_exception(broke);
    knows(sink.came());
    if (!sink.came().empty()) actions_due_.reset();
    if (fetched.refusal) co_await judge_refusal(session, fetched);
    // Exchange lists mail that it can't give (MailKit #1615, #908), at times for good.
    auto const empty = co_await holdouts_.count(names_of(fetched.missing), where_empty, std::string(no_data));
    knows(uids_of(empty));
    auto const replaced = co_await holdouts_.count(names_of(sink.placeholders()), where_empty, std::string(no_mail));
    knows(uids_of(replaced));
    co_return filing.filed();
}

// Is it the mails, or the server? Its words don't tell: Exchange has "Server Unavailable. 15" for either. One that
// refuses every mail, in a look that brought none, is in trouble itself; throws then.
net::awaitable<void> ImapRetrieval::judge_refusal(imap::Session& session, FetchedPast const& fetched)
{
    bool const names_a_time = trouble_of({Trouble::refused, fetched.refusal->words()}) == model::MailTrouble::throttled;
    auto const refused = names_of(fetched.refused);
    bool const all = fetched.delivered == 0 && holdouts_.fresh(refused) >= most_refused;
    auto const there = co_await session.noop();
    if (names_a_time || all || !there.ok()) {
        holdouts_.tried(refused);
        give_up(*fetched.refusal, "to give mail");
    }
    left_ = !fetched.left.empty();
    auto const given_up = co_await holdouts_.count(refused, where_refused, refused_mail(fetched.refusal->words()));
    knows(uids_of(given_up));
}

net::awaitable<std::string> ImapRetrieval::after_actions(imap::Session& session, bool asked)
{
    if (!asked && actions_due_ && Steady::now() < *actions_due_) co_return remark_;
    Destination to{.wanted = run_.mailbox().after_folder, .read_folder = folder_, .name = after_folder_};
    bool refused = false;
    // Bounded, as everything in a look.
    for (int round = 0; round < 100 && !refused; ++round) {
        auto read = [this, asked](store::Connection& c) {
            // Whoever asks need not wait for a back-off.
            auto const now = run_.ground().clock->now() + (asked ? std::chrono::hours(24) : std::chrono::hours(0));
            return store::after_actions_now(c, run_.mailbox().id, folder_, uid_validity_, now, 500);
        };
        auto const due = co_await run_.ground().store->read(std::move(read));
        if (due.empty()) break;
        auto done = co_await carry_out(session, due, to);
        refused = co_await run_.custody().note_done(std::move(done), false);
    }
    after_folder_ = to.name;
    if (!refused && !failing_) co_return remark_;
    remark_ = co_await run_.custody().tell_failing(folder_, uid_validity_, refused, failing_);
    actions_due_.reset();
    if (failing_) actions_due_ = Steady::now() + action_pause;
    co_return remark_;
}

net::awaitable<void> ImapRetrieval::wait_for_mail(imap::Session& session, Instant token_ends,
                                                  std::uint64_t seen_changes)
{
    if (run_.nudged() || run_.stopped() || left_) co_return;
    if (session.changes() != seen_changes) {
        // A server that repeats EXISTS after every command would keep us looking for ever.
        if (in_vain_ > 3) co_await run_.sleep(Duration(1'000));
        co_return;
    }
    auto left = std::max(Duration(1'000), token_ends - Duration(60'000) - run_.ground().clock->now());
    // What was refused, done or given, is due again sooner than mail may come.
    if (actions_due_) {
        auto const due = std::chrono::ceil<Duration>(*actions_due_ - Steady::now());
        left = std::min(left, std::max(Duration(1'000), due));
    }
    if (auto const held_out = holdouts_.until_next()) left = std::min(left, std::max(Duration(1'000), *held_out));
    if (!session.has("IDLE") || idle_refused_) {
        co_await run_.sleep(std::min(left, run_.mailbox().poll));
        auto const reply = co_await session.noop();
        if (!reply.ok()) give_up(reply, "NOOP");
        co_return;
    }
    auto const ended = co_await session.idle(std::min(left, idle_length + run_.offset()));
    if (ended) co_return;
    // What a server names and does not let this mailbox have is done without; where the session is at its end NOOP
    // tells.
    Error const error{Trouble::refused, fmt::format("the server refused IDLE: {}", ended.error().words())};
    bool const says_why = trouble_of(error) != model::MailTrouble::refused ||
                          error.message.find("AccessTokenExpired") != std::string::npos;
    auto const there = co_await session.noop();
    if (says_why || !there.ok()) throw net::Broken(error);
    idle_refused_ = true;
}

}  // namespace postroom::retriever
