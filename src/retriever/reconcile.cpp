#include "retriever/reconcile.hpp"

#include "imap/folders.hpp"
#include "net/broken.hpp"
#include "retriever/bytes-comparison.hpp"
#include "retriever/sides.hpp"

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace postroom::retriever {

namespace {

namespace asio = boost::asio;
using model::Reconciliation;

constexpr std::string_view inbox = "INBOX";
constexpr std::size_t most_named = 100;
// Of a server that lets one session in at a time (RFC 2449 section 8.1.1), while the retriever has its own.
constexpr int most_in_use = 20;

[[noreturn]] void refused(std::string_view what, std::string const& words)
{
    throw net::Broken(Trouble::refused, fmt::format("the server refused {}: {}", what, words));
}

net::awaitable<void> sleep(Duration how_long)
{
    auto const executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, how_long);
    boost::system::error_code woken;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

// The session of one look, which Reconciling::stop() ends.
template <class Session>
class Open {
public:
    Open(Reconciling& ground, std::unique_ptr<Session> session) : ground_(ground), session_(std::move(session))
    {
        ground_.close = [this] { session_->close(); };
        if (ground_.stopped) session_->close();
    }
    ~Open() { ground_.close = {}; }
    Open(Open const&) = delete;
    Open& operator=(Open const&) = delete;
    Session& operator*() { return *session_; }
    Session* operator->() { return session_.get(); }

private:
    Reconciling& ground_;
    std::unique_ptr<Session> session_;
};

bool has_in_use(Error const& error)
{
    return error.kind == Trouble::refused && error.message.find("[IN-USE]") != std::string::npos;
}

// One comparison: a look, or two, each of which is a session of its own.
class Comparison {
public:
    Comparison(Reconciling& ground, model::Account account, model::Mailbox mailbox, bool bytes)
        : ground_(ground), account_(std::move(account)), mailbox_(std::move(mailbox)), bytes_(bytes)
    {
        found_.pop3 = account_.retrieval == model::Protocol::pop3;
        found_.folder = found_.pop3 ? std::string(inbox) : mailbox_.folder;
        found_.known_uid_validity = found_.pop3 ? 0 : mailbox_.uid_validity;
        found_.looked = ground_.clock->now();
        found_.bytes = bytes;
    }

    net::awaitable<Reconciliation> run()
    {
        auto sides = co_await look(false);
        bool const sure = sides.only_on_server.empty() && sides.only_in_ledger.empty() && sides.back.empty();
        if (!sure || bytes_) {
            if (!sure) co_await sleep(ground_.pause);
            auto const again = co_await look(true);
            sides = in_both(sides, again);
        }
        co_await name(sides);
        if (full_ && !found_.pop3) co_await note(sides);
        co_return std::move(found_);
    }

private:
    net::awaitable<Sides> look(bool last)
    {
        if (ground_.stopped) throw net::Broken(Trouble::closed, "it was stopped");
        if (found_.pop3) co_return co_await look_by_pop3(last);
        co_return co_await look_by_imap(last);
    }

    net::awaitable<void> read_ledger(std::uint32_t uid_validity)
    {
        auto read = [&](store::Connection& c) {
            return store::known_mails(c, mailbox_.id, found_.folder, uid_validity);
        };
        known_ = co_await ground_.store->read(std::move(read));
        // A folder of mail that went long ago holds none to wait for.
        found_.in_ledger = 0;
        for (auto const& mail : known_)
            if (!mail.gone) ++found_.in_ledger;
    }

    net::awaitable<Sides> look_by_imap(bool last)
    {
        auto signed_in = co_await grants::sign_in_imap(ground_.roads, account_, mailbox_);
        if (!signed_in) throw net::Broken(signed_in.error());
        Open<imap::Session> session(ground_, std::move(signed_in->session));
        auto const opened = co_await imap::open_folder(*session, mailbox_.folder, true);
        if (!opened) refused("to open the folder " + mailbox_.folder, opened.error().words());
        // Both looks have to be at the same folder.
        if (last && found_.uid_validity != opened->state.uid_validity) full_ = false;
        found_.folder = opened->name;
        found_.uid_validity = opened->state.uid_validity;
        imap::SearchFor const everything;
        auto const listed = co_await session->search(everything);
        if (!listed) refused("to list the folder", listed.error().words());
        found_.on_server = static_cast<std::int64_t>(listed->size());
        // Exchange has been seen to list less than it has (imapclient #441).
        if (session->selected() && session->selected()->exists > listed->size()) full_ = false;
        co_await read_ledger(opened->state.uid_validity);
        auto sides = sides_of(*listed, known_);
        if (last) {
            co_await ask_dates(*session, sides.only_on_server);
            if (bytes_) co_await compare_by_imap(*session, *listed);
        }
        co_await session->logout();
        co_return sides;
    }

    // When mail came that the ledger has not got, and how large it is: so that people find it.
    net::awaitable<void> ask_dates(imap::Session& session, Sides::Names const& names)
    {
        std::vector<imap::Uid> uids;
        for (auto const& mail : names)
            if (uids.size() < most_named) uids.push_back(mail.uid);
        if (uids.empty()) co_return;
        auto const infos = co_await session.fetch_info(std::move(uids));
        if (!infos) co_return;
        for (auto const& info : *infos) infos_[info.uid] = info;
    }

    net::awaitable<void> compare_by_imap(imap::Session& session, std::vector<imap::Uid> const& listed)
    {
        auto filed = co_await filed_of(found_.uid_validity);
        std::erase_if(filed, [&](auto const& each) { return !std::ranges::binary_search(listed, each.uid); });
        std::vector<imap::Uid> uids;
        for (auto const& each : filed) uids.push_back(each.uid);
        BytesComparison comparing(std::move(filed));
        ComparedOverImap sink(comparing);
        auto const fetched = co_await session.fetch(std::move(uids), sink);
        if (fetched.refusal) refused("to give mail", fetched.refusal->words());
        take(comparing);
    }

    net::awaitable<Sides> look_by_pop3(bool last)
    {
        auto signed_in = co_await grants::sign_in_pop3(ground_.roads, account_, mailbox_);
        for (int tries = 1; !signed_in && has_in_use(signed_in.error()) && tries < most_in_use && !ground_.stopped;
             ++tries) {
            co_await sleep(ground_.pause);
            signed_in = co_await grants::sign_in_pop3(ground_.roads, account_, mailbox_);
        }
        if (!signed_in) throw net::Broken(signed_in.error());
        Open<pop3::Session> session(ground_, std::move(signed_in->session));
        auto listed = co_await session->unique_ids();
        if (!listed) refused("to list its mail", listed.error().words());
        found_.unnamed = static_cast<std::int64_t>(listed->unreadable);
        found_.on_server = static_cast<std::int64_t>(listed->mails.size()) + found_.unnamed;
        Pop3Listing const listing(std::move(listed->mails));
        co_await read_ledger(0);
        auto sides = sides_of(listing, known_);
        if (last && bytes_) co_await compare_by_pop3(*session, listing);
        (void)co_await session->quit();
        co_return sides;
    }

    net::awaitable<void> compare_by_pop3(pop3::Session& session, Pop3Listing const& listing)
    {
        auto filed = co_await filed_of(0);
        std::map<std::uint32_t, std::string> ids;
        for (auto const& mail : known_) ids[mail.uid] = mail.unique_id;
        std::map<std::uint32_t, std::uint32_t> uids;
        std::erase_if(filed, [&](auto const& each) {
            auto const id = ids.find(each.uid);
            auto const number = id == ids.end() || id->second.empty() ? 0 : listing.number_of(id->second);
            if (number > 0) uids[number] = each.uid;
            return number == 0;
        });
        std::vector<std::uint32_t> numbers;
        for (auto const& [number, uid] : uids) numbers.push_back(number);
        BytesComparison comparing(std::move(filed));
        ComparedOverPop3 sink(comparing, std::move(uids));
        (void)co_await session.retrieve(std::move(numbers), sink);
        take(comparing);
    }

    net::awaitable<std::vector<store::FiledBytes>> filed_of(std::uint32_t uid_validity)
    {
        auto read = [&](store::Connection& c) {
            return store::filed_bytes(c, mailbox_.id, found_.folder, uid_validity);
        };
        co_return co_await ground_.store->read(std::move(read));
    }

    void take(BytesComparison const& comparing)
    {
        found_.compared = comparing.compared;
        auto const left = comparing.left();
        found_.differing.count = static_cast<std::int64_t>(comparing.differing.size());
        found_.withheld.count = static_cast<std::int64_t>(left.size());
        for (auto const& [uid, size] : comparing.differing) {
            if (found_.differing.named.size() == most_named) break;
            found_.differing.named.push_back({.uid = uid, .size = size});
        }
        for (auto const uid : left) {
            if (found_.withheld.named.size() == most_named) break;
            found_.withheld.named.push_back({.uid = uid});
        }
    }

    // What somebody else deleted or moved is gone, and is not missed time and again; what is listed after all is not.
    // Over POP3 the retriever does it with each list.
    net::awaitable<void> note(Sides const& sides)
    {
        std::vector<std::uint32_t> missed, again;
        for (auto const& mail : sides.only_in_ledger) missed.push_back(mail.uid);
        for (auto const& mail : sides.back) again.push_back(mail.uid);
        if (missed.empty() && again.empty()) co_return;
        auto write = [&, now = ground_.clock->now()](store::Connection& c) {
            store::note_missed(c, mailbox_.id, found_.folder, found_.uid_validity, missed, now);
            store::note_listed_again(c, mailbox_.id, found_.folder, found_.uid_validity, again, now);
        };
        co_await ground_.store->write(std::move(write), (missed.size() + again.size()) * 64);
    }

    // Says of the first mails of each list what the ledger says.
    net::awaitable<void> name(Sides const& sides)
    {
        fill(found_.only_on_server, sides.only_on_server);
        fill(found_.only_in_ledger, sides.only_in_ledger);
        fill(found_.back, sides.back);
        Sides::Names due;
        for (auto const& mail : known_)
            if (mail.due) due.push_back({mail.unique_id, mail.uid});
        fill(found_.due, due);
        auto read = [this](store::Connection& c) {
            for (auto* const mails :
                 {&found_.only_in_ledger, &found_.back, &found_.due, &found_.differing, &found_.withheld})
                for (auto& mail : mails->named) complete(c, mail);
            return true;
        };
        (void)co_await ground_.store->read(std::move(read));
    }

    void fill(Reconciliation::Mails& mails, Sides::Names const& names) const
    {
        mails.count = static_cast<std::int64_t>(names.size());
        for (auto const& each : names) {
            if (mails.named.size() == most_named) return;
            Reconciliation::Mail mail{.uid = each.uid, .unique_id = each.unique_id};
            if (auto const info = infos_.find(each.uid); info != infos_.end()) {
                mail.received = info->second.internal_date;
                if (info->second.stated_size) mail.size = static_cast<std::int64_t>(*info->second.stated_size);
            }
            mails.named.push_back(std::move(mail));
        }
    }

    void complete(store::Connection& c, Reconciliation::Mail& mail) const
    {
        auto const entry = store::ledger_entry(c, {mailbox_.id, found_.folder, found_.uid_validity, mail.uid});
        if (!entry) return;
        if (mail.unique_id.empty()) mail.unique_id = entry->row.unique_id;
        mail.state = entry->row.state;
        mail.due = entry->row.due;
        mail.tries = entry->row.tries;
        mail.note = entry->row.note;
        mail.a_case = entry->a_case;
        mail.subject = entry->subject;
        if (!entry->message) return;
        mail.received = entry->message->received;
        mail.filed_size = entry->message->size;
    }

    Reconciling& ground_;
    model::Account account_;
    model::Mailbox mailbox_;
    bool bytes_;
    bool full_ = true;  // each look listed as many mails as the server counts
    Reconciliation found_;
    std::vector<store::KnownMail> known_;
    std::map<imap::Uid, imap::MailInfo> infos_;
};

}  // namespace

net::awaitable<Result<model::Reconciliation>> reconcile(std::shared_ptr<Reconciling> ground, model::Account account,
                                                        model::Mailbox mailbox, bool bytes)
{
    Comparison comparison(*ground, std::move(account), std::move(mailbox), bytes);
    try {
        co_return co_await comparison.run();
    } catch (net::Broken const& broken) {
        co_return std::unexpected(broken.error());
    }
}

}  // namespace postroom::retriever
