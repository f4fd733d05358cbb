#include "retriever/pop3-retrieval.hpp"

#include "base/text.hpp"
#include "mime/read.hpp"
#include "retriever/pop3-sink.hpp"
#include "retriever/verdict.hpp"
#include "store/ledger.hpp"
#include "store/mailboxes.hpp"
#include "store/messages.hpp"
#include "store/settings.hpp"
#include "store/withheld.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace postroom::retriever {

namespace {

constexpr std::string_view inbox = "INBOX";
// A few new mails are fetched at once and judged by their headers; of many the headers are asked first.
constexpr std::size_t fetch_without_asking = 20;
// Skipped mails are noted so often, so that a session that is cut short has not been for nothing.
constexpr std::size_t skipped_at_once = 500;
// Mails refused and none given: then it is not these mails.
constexpr std::size_t most_refused = 3;
// Between the clocks of a mail's last server and ours.
constexpr auto clocks_differ = std::chrono::hours(1);

// A refusal in the middle of a session ends it; what to do then is judged by its words.
[[noreturn]] void give_up(pop3::Reply const& reply, std::string_view what)
{
    throw net::Broken(Trouble::refused, fmt::format("the server refused {}: {}", what, reply.words()));
}

}  // namespace

Pop3Retrieval::Pop3Retrieval(MailboxRun& run)
    : run_(run),
      headers_(run),
      reuse_(run, headers_),
      deletion_(run, headers_),
      holdouts_(run, [this](std::string const& id) { return next_row(id, model::LedgerState::unreadable); })
{
}

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
    co_await reuse_.give_back(*session, listing);
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
    reuse_.forget_sizes();
    co_await holdouts_.keep();
    if (filed > 0) run_.ground().filed();
    co_await deletion_.carry_out_and_quit(*session, listing, earlier_);
    session_ = nullptr;
    co_await decision_carried_out();
    if (remark.empty()) remark = deletion_.remark();
    if (remark.empty()) remark = holdouts_.remark();
    co_await run_.end_look(filed, std::move(remark));
    if (!deletion_.more_due() && !run_.edited()) co_await run_.sleep(run_.mailbox().poll);
}

net::awaitable<Pop3Listing::Difference> Pop3Retrieval::less_known(Pop3Listing const& listing)
{
    auto const id = run_.mailbox().id;
    auto read = [this, id](store::Connection& c) {
        last_uid_ = earlier_ = store::last_uid(c, id, inbox, 0);
        holdouts_.enter(std::string(inbox), 0, store::withheld_mails(c, id, inbox, 0));
        left_ = store::left_server(c, id);
        return store::named_mails(c, id);
    };
    auto known = co_await run_.ground().store->read(std::move(read));
    auto difference = listing.less(std::move(known));
    if (holdouts_.empty()) co_return difference;
    std::set<std::string> unknown;
    for (auto const& mail : difference.unknown) unknown.insert(mail.said);
    holdouts_.keep_only([&](std::string const& unique_id) { return unknown.contains(unique_id); });
    auto const waits = [this](pop3::Listed const& mail) { return !run_.asked() && holdouts_.waits(mail.said); };
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
        std::optional<Instant> received;
        if (!headers_.broke(mail.said)) {
            auto const said = co_await headers_.ask(session, mail.number, mail.said);
            if (said) received = mime::received(*said);
        }
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
    if (!gone.empty()) co_await run_.custody().note_done(std::move(gone), true);
}

// Mail from before the baseline goes to the ledger without its bytes. POP3 has no INTERNALDATE, so the header tells.
// Returns the rest.
net::awaitable<Pop3Retrieval::Mails> Pop3Retrieval::skip_old(pop3::Session& session, Mails mails)
{
    Mails rest;
    std::vector<model::LedgerRow> old;
    for (auto& mail : mails) {
        // What ended a session is fetched, last: Filing keeps as much of its header as it needs.
        if (headers_.broke(mail.said)) {
            rest.push_back(std::move(mail));
            continue;
        }
        auto const said = co_await headers_.ask(session, mail.number, mail.said);
        auto const received = said ? mime::received(*said) : std::nullopt;
        if (!received || *received >= run_.mailbox().baseline) {
            rest.push_back(std::move(mail));
            continue;
        }
        old.push_back(next_row(std::move(mail.said), model::LedgerState::skipped));
        if (old.size() < skipped_at_once) continue;
        co_await run_.custody().note(std::move(old));
        old.clear();
    }
    co_await run_.custody().note(std::move(old));
    co_return rest;
}

net::awaitable<std::size_t> Pop3Retrieval::fetch(pop3::Session& session, Mails mails)
{
    auto const& ground = run_.ground();
    std::map<std::string, std::uint32_t> numbers;
    std::vector<std::string> ids;
    Pop3Sink::Rows rows;
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
    Pop3Sink sink(filing, std::move(rows));
    for (auto const& [id, number] : numbers)
        if (headers_.broke(id)) holdouts_.suspect(id);
    auto const plan = holdouts_.plan(std::move(ids));
    auto together = plan.together;
    together.insert(together.end(), plan.refused_before.begin(), plan.refused_before.end());
    pop3::Retrieved retrieved;
    std::string alone;
    std::optional<Error> ended;
    std::exception_ptr broke;
    try {
        std::vector<std::uint32_t> asked;
        for (auto const& id : together) asked.push_back(numbers.at(id));
        retrieved = co_await session.retrieve(std::move(asked), sink);
        for (auto const& id : plan.alone) {
            // A server that is gone is not that mail's doing.
            auto const there = co_await session.noop();
            if (!there.ok()) give_up(there, "NOOP");
            alone = id;
            std::vector<std::uint32_t> by_itself{numbers.at(id)};
            auto const one = co_await session.retrieve(std::move(by_itself), sink);
            alone.clear();
            holdouts_.cleared(id);
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
    reuse_.came(sink.places());
    if (broke && filing.filed() > 0) ground.filed();
    // Where that is a mail's doing, it would end for ever.
    if (ended && !run_.stopped()) (void)co_await holdouts_.broke(*ended, alone, together, sink.came());
    if (broke) std::rethrow_exception(broke);
    for (auto const& id : sink.came()) headers_.forget(id);
    holdouts_.came(sink.came());
    if (retrieved.refusal) co_await judge_refusal(session, retrieved, sink.ids_of(retrieved.refused));
    // What is no mail is not filed, and so never deleted.
    (void)co_await holdouts_.count(sink.empty(), where_empty, std::string(no_data));
    (void)co_await holdouts_.count(sink.replaced(), where_empty, std::string(no_mail));
    co_return filing.filed();
}

// Is it the mails, or the server? A store that is away refuses every mail, and answers NOOP; throws then. A mail that
// is refused is asked for again some times, since the trouble may pass; then it is said in the ledger, and never looped
// over.
net::awaitable<void> Pop3Retrieval::judge_refusal(pop3::Session& session, pop3::Retrieved const& retrieved,
                                                  std::vector<std::string> refused)
{
    auto const& refusal = *retrieved.refusal;
    if (retrieved.delivered == 0 && holdouts_.fresh(refused) + retrieved.put_off.size() > most_refused)
        give_up(refusal, "to give mail");
    if (refused.empty()) co_return;
    auto const alive = co_await session.noop();
    if (!alive.ok()) give_up(refusal, "to give mail");
    (void)co_await holdouts_.count(std::move(refused), where_refused, refused_mail(refusal.words()));
}

}  // namespace postroom::retriever
