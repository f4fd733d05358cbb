#include "retriever/imap-retrieval.hpp"

#include "retriever/fetch-each.hpp"
#include "store/accounts.hpp"
#include "store/messages.hpp"
#include "store/settings.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>

namespace postroom::retriever {

namespace {

// A safety net beside IDLE, which dies in silence behind NAT (imapflow #98): then everything is compared. Exchange has
// been seen to show a mail late (imapclient #441).
constexpr Duration idle_length{5 * 60'000};
// A mail that is listed and gives no data is taken for unreadable after so many looks.
constexpr int looks_for_data = 3;
// A few new mails are fetched at once and judged by the date that comes with them; of many the dates are asked first.
constexpr std::size_t fetch_without_asking = 20;

// A refusal in the middle of a session ends it; what to do then is judged by its words.
[[noreturn]] void give_up(imap::Reply const& reply, std::string_view what)
{
    throw net::Broken(Trouble::refused, fmt::format("the server refused {}: {}", what, reply.words()));
}

class Sink final : public imap::BodySink {
public:
    explicit Sink(Filing& filing) : filing_(filing) {}

    net::awaitable<void> begin(std::uint64_t) override
    {
        filing_.begin();
        co_return;
    }
    net::awaitable<void> chunk(std::string_view bytes) override { return filing_.chunk(bytes); }
    net::awaitable<void> end(imap::MailInfo info) override
    {
        return filing_.end({.uid = info.uid, .received = info.internal_date});
    }
    net::awaitable<void> discard() override
    {
        filing_.discard();
        co_return;
    }

private:
    Filing& filing_;
};

}  // namespace

void ImapRetrieval::nudge()
{
    if (session_ != nullptr) session_->nudge();
}

void ImapRetrieval::close()
{
    if (session_ != nullptr) session_->close();
}

model::LedgerRow ImapRetrieval::row(imap::Uid uid, model::LedgerState state) const
{
    model::LedgerRow row;
    row.place = {run_.mailbox().id, run_.mailbox().folder, uid_validity_, uid};
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
    while (!question && !run_.stopped()) {
        std::uint64_t seen = 0;
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
    auto const selected = co_await session.select(mailbox.folder);
    if (!selected) give_up(selected.error(), "to open the folder " + mailbox.folder);
    uid_validity_ = selected->uid_validity;
    if (selected->uid_validity == mailbox.uid_validity) co_return std::nullopt;
    if (mailbox.uid_validity != 0) {
        auto question = co_await judge_unexpected(session);
        if (question) co_return question;
        spdlog::warn("retriever: {}: UIDVALIDITY changed from {} to {}; mail filed before is known by its bytes",
                     mailbox.address, mailbox.uid_validity, selected->uid_validity);
    }
    auto note = [id = mailbox.id, now = selected->uid_validity](store::Connection& c) {
        store::set_uid_validity(c, id, now);
    };
    co_await run_.ground().store->write(std::move(note));
    co_return std::nullopt;
}

// The folder was made anew on its server, and every mail in it has another UID (RFC 3501 section 2.3.1.1). What is
// older than the baseline stays skipped. A folder that was moved or restored may hold years of mail that look new, and
// a thousand customers would be written to: then a person decides.
net::awaitable<std::optional<std::string>> ImapRetrieval::judge_unexpected(imap::Session& session)
{
    auto const& mailbox = run_.mailbox();
    auto unknown = co_await unknown_uids(session);
    if (!unknown.empty() && mailbox.baseline > Instant{}) unknown = co_await skip_old(session, std::move(unknown));
    auto read = [](store::Connection& c) { return store::setting(c, "unexpected-mails"); };
    auto const setting = co_await run_.ground().store->read(std::move(read));
    std::size_t most = 0;
    std::from_chars(setting.data(), setting.data() + setting.size(), most);
    if (mailbox.unexpected != model::Unexpected::file && unknown.size() > most)
        co_return fmt::format(
            "the folder {} was made anew on its server (UIDVALIDITY {} is now {}), and {} mails in it look new, where "
            "the setting unexpected-mails lets {} pass: nothing is retrieved until somebody decides. `postroom mailbox "
            "resume {}` files them (those that were filed before are known by their bytes); with --skip what is there "
            "by "
            "then is noted as skipped, and stays where it is",
            mailbox.folder, mailbox.uid_validity, uid_validity_, unknown.size(), most, mailbox.address);
    co_return std::nullopt;
}

// One look: what the server lists, less what the ledger knows, is fetched and filed; then what is due is done.
net::awaitable<void> ImapRetrieval::compare(imap::Session& session, std::uint64_t& seen_changes)
{
    run_.begin_look();
    seen_changes = session.changes();

    std::size_t filed = 0;
    auto unknown = co_await unknown_uids(session);
    if (unknown.size() > fetch_without_asking && run_.mailbox().baseline > Instant{})
        unknown = co_await skip_old(session, std::move(unknown));
    if (!unknown.empty()) {
        co_await run_.show_retrieving(unknown.size());
        filed = co_await fetch(session, std::move(unknown));
    }
    if (filed > 0) run_.ground().filed();
    in_vain_ = filed > 0 ? 0 : in_vain_ + 1;
    co_await after_actions(session);
    co_await run_.end_look(filed);
}

net::awaitable<std::vector<imap::Uid>> ImapRetrieval::unknown_uids(imap::Session& session)
{
    imap::SearchFor const everything;
    auto const listed = co_await session.search(everything);
    if (!listed) give_up(listed.error(), "to list the folder");
    auto read = [this](store::Connection& c) {
        return store::known_uids(c, run_.mailbox().id, run_.mailbox().folder, uid_validity_);
    };
    auto const known = co_await run_.ground().store->read(std::move(read));
    std::vector<imap::Uid> unknown;
    std::ranges::set_difference(*listed, known, std::back_inserter(unknown));
    co_return unknown;
}

// Mail from before the baseline goes to the ledger without its bytes. Returns the rest.
net::awaitable<std::vector<imap::Uid>> ImapRetrieval::skip_old(imap::Session& session, std::vector<imap::Uid> uids)
{
    auto const infos = co_await session.fetch_info(uids);
    if (!infos) give_up(infos.error(), "to tell the dates of mail");
    std::vector<imap::Uid> old;
    std::vector<model::LedgerRow> rows;
    for (auto const& info : *infos)
        if (info.internal_date && *info.internal_date < run_.mailbox().baseline) old.push_back(info.uid);
    std::ranges::sort(old);
    for (auto const uid : old) rows.push_back(row(uid, model::LedgerState::skipped));
    co_await run_.note(std::move(rows));
    std::vector<imap::Uid> rest;
    std::ranges::set_difference(uids, old, std::back_inserter(rest));
    co_return rest;
}

net::awaitable<std::size_t> ImapRetrieval::fetch(imap::Session& session, std::vector<imap::Uid> uids)
{
    auto const& ground = run_.ground();
    Filing filing(*ground.store, *ground.clock, ground.loop, run_.filing_place(uid_validity_), {});
    Sink sink(filing);
    imap::Fetched fetched;
    std::exception_ptr broke;
    try {
        if (one_by_one_)
            fetched = co_await fetch_each(session, std::move(uids), sink);
        else
            fetched = co_await session.fetch(std::move(uids), sink);
    } catch (...) {
        broke = std::current_exception();
    }
    // Also where the connection broke: what has come is filed, and the next look must find it in the ledger.
    co_await filing.settle();
    if (filing.filed() > 0 && (broke || fetched.refusal)) ground.filed();
    if (broke) std::rethrow_exception(broke);
    one_by_one_ = fetched.refusal.has_value();
    if (fetched.refusal) give_up(*fetched.refusal, "to give mail");
    co_await note_missing(fetched.missing);
    co_return filing.filed();
}

// The server lists them and gives nothing (MailKit #1615): looked for again some times, since the trouble may pass;
// then said in the ledger, and never looped over.
net::awaitable<void> ImapRetrieval::note_missing(std::vector<imap::Uid> const& missing)
{
    std::vector<model::LedgerRow> unreadable;
    std::map<imap::Uid, int> still;
    for (auto const uid : missing) {
        int const looks = gave_nothing_[uid] + 1;
        if (looks < looks_for_data) {
            still[uid] = looks;
        } else {
            unreadable.push_back(row(uid, model::LedgerState::unreadable));
            unreadable.back().note = "the server lists this mail and gives no data for it";
        }
    }
    gave_nothing_ = std::move(still);
    if (unreadable.empty()) co_return;
    spdlog::warn("retriever: {}: {} mails are listed by the server, which gives no data for them",
                 run_.mailbox().address, unreadable.size());
    co_await run_.note(std::move(unreadable));
}

net::awaitable<void> ImapRetrieval::after_actions(imap::Session& session)
{
    // Bounded: what fails stays due, and would come again at once.
    for (int round = 0; round < 100; ++round) {
        auto read = [this](store::Connection& c) {
            return store::due_after_actions(c, run_.mailbox().id, run_.mailbox().folder, uid_validity_, 500);
        };
        auto const due = co_await run_.ground().store->read(std::move(read));
        if (due.empty()) co_return;
        auto done = co_await carry_out(session, due, run_.mailbox().after_folder);
        bool const refused = co_await run_.note_done(std::move(done), false);
        if (refused) co_return;
    }
}

net::awaitable<void> ImapRetrieval::wait_for_mail(imap::Session& session, Instant token_ends,
                                                  std::uint64_t seen_changes)
{
    if (run_.nudged() || run_.stopped()) co_return;
    if (session.changes() != seen_changes) {
        // A server that repeats EXISTS after every command would keep us looking for ever.
        if (in_vain_ > 3) co_await run_.sleep(Duration(1'000));
        co_return;
    }
    auto const left = std::max(Duration(1'000), token_ends - Duration(60'000) - run_.ground().clock->now());
    if (!session.has("IDLE")) {
        co_await run_.sleep(std::min(left, run_.mailbox().poll));
        auto const reply = co_await session.noop();
        if (!reply.ok()) give_up(reply, "NOOP");
        co_return;
    }
    auto const ended = co_await session.idle(std::min(left, idle_length));
    if (!ended) give_up(ended.error(), "IDLE");
}

}  // namespace postroom::retriever
