#include "checks/trip.hpp"

#include "base/text.hpp"
#include "checks/bench.hpp"
#include "grants/sign-in.hpp"
#include "grants/together.hpp"
#include "imap/folders.hpp"
#include "mime/read.hpp"
#include "store/sending.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace postroom::checks {

namespace {

using namespace std::chrono_literals;
constexpr Duration look_every = 100ms;
constexpr Duration retrieve_every = 3s;
constexpr std::size_t pop3_looks = 10;  // at the newest mails

// Whether it is in the folder that is open; then it is removed. Throws net::Broken.
net::awaitable<Result<bool>> take_out(imap::Session& session, std::string message_id)
{
    imap::SearchFor ours;
    ours.message_id = "<" + message_id + ">";
    auto const uids = co_await session.search(ours);
    if (!uids) co_return failure(Trouble::refused, uids.error().words());
    if (uids->empty()) co_return false;
    auto const marked = co_await session.add_flags(*uids, {"\\Deleted"});
    if (marked.ok()) (void)co_await session.expunge(*uids);
    co_return true;
}

struct Visit {
    std::string folder;  // empty: there is none
    bool found = false;
};

// The first of the folders that has it, or the last of them that is there.
net::awaitable<Result<Visit>> visit(imap::Session& session, std::vector<std::string> folders, std::string message_id)
{
    Visit visit;
    for (auto const& folder : folders) {
        auto const opened = co_await imap::open_folder(session, folder);
        if (!opened) continue;
        visit.folder = opened->name;
        auto const taken = co_await take_out(session, message_id);
        if (!taken) co_return std::unexpected(taken.error());
        visit.found = *taken;
        if (visit.found) break;
    }
    co_return visit;
}

net::awaitable<Result<Visit>> visit_imap(grants::Roads roads, model::Account account,
                                         std::optional<model::Mailbox> mailbox, std::vector<std::string> folders,
                                         std::string message_id)
{
    Error trouble{Trouble::internal, ""};
    try {
        auto signed_in = co_await grants::sign_in_imap(std::move(roads), std::move(account), std::move(mailbox));
        if (!signed_in) co_return std::unexpected(signed_in.error());
        auto const found = co_await visit(*signed_in->session, std::move(folders), std::move(message_id));
        co_await signed_in->session->logout();
        co_return found;
    } catch (net::Broken const& broken) {
        trouble = broken.error();
    }
    co_return std::unexpected(trouble);
}

net::awaitable<Result<Visit>> visit_pop3(grants::Roads roads, model::Account account, model::Mailbox mailbox,
                                         std::string message_id)
{
    Error trouble{Trouble::internal, ""};
    try {
        auto signed_in = co_await grants::sign_in_pop3(std::move(roads), std::move(account), std::move(mailbox));
        if (!signed_in) co_return std::unexpected(signed_in.error());
        auto& session = *signed_in->session;
        Visit visit{.folder = "INBOX"};
        auto const ids = co_await session.unique_ids();
        if (!ids) co_return failure(Trouble::refused, ids.error().words());
        auto const first = ids->mails.size() > pop3_looks ? ids->mails.size() - pop3_looks : 0;
        for (auto at = ids->mails.size(); at > first && !visit.found; --at) {
            auto const number = ids->mails[at - 1].number;
            auto const top = co_await session.top(number, 0);
            // An answer to it has its id too.
            if (!top || top->find(message_id) == std::string::npos) continue;
            auto const mail = mime::read(*top);
            if (!mail || mail->message_id != message_id) continue;
            visit.found = true;
            (void)co_await session.remove({number});
        }
        (void)co_await session.quit();
        co_return visit;
    } catch (net::Broken const& broken) {
        trouble = broken.error();
    }
    co_return std::unexpected(trouble);
}

}  // namespace

grants::Roads Bench::roads() const
{
    grants::Roads roads{};
    roads.tokens = on_.tokens;
    roads.resolver = on_.resolver;
    roads.tls = on_.tls;
    roads.host_name = on_.host_name;
    roads.clock = on_.ground.clock;
    roads.proxy = on_.proxy;
    roads.vault = on_.ground.vault;
    roads.stop = on_.stop;
    roads.until = until_;
    return roads;
}

net::awaitable<Trip> Bench::travel(Target target)
{
    Trip trip;
    trip.sent = co_await submission(target);
    if (trip.sent->broken() == nullptr && trip.sent->held(StepKind::send)) co_await follow(trip, target);
    co_return trip;
}

net::awaitable<void> Bench::follow(Trip& trip, Target target)
{
    auto const& id = trip.sent->message_id;
    auto const begun = trip.sent->mail_begun;
    // Counted from when it was sent, so that of many mails the last one is not waited for longer than the first.
    auto end = marked_.at(target.mailbox->mailbox.id).sent + files_.patience;
    if (until_) end = std::min(end, *until_);
    auto& store = *on_.ground.store;
    boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
    auto retrieve_next = Steady::now();
    while (!stopping()) {
        auto look = [&id](store::Connection& c) { return store::returned_mail(c, id); };
        auto const back = co_await store.read(std::move(look));
        if (back) {
            trip.came = true;
            trip.until_filed = std::max(Duration(0), std::chrono::ceil<Duration>(back->filed - begun));
            trip.until_told = std::max(trip.until_filed, std::chrono::ceil<Duration>(back->told - begun));
            break;
        }
        if (Steady::now() >= end) break;
        // A mailbox that is only looked into now and then would keep everybody waiting.
        if (Steady::now() >= retrieve_next) {
            on_.retrieve(target.mailbox->mailbox.address);
            retrieve_next = Steady::now() + retrieve_every;
        }
        pause.expires_after(look_every);
        boost::system::error_code woken;
        co_await pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    }
    auto const& account = target.account->account;
    auto const& mailbox = target.mailbox->mailbox;
    bool const pop3 = account.retrieval == model::Protocol::pop3;
    std::vector<std::string> folders{mailbox.folder};
    if (mailbox.after == model::AfterAction::move) folders.push_back(mailbox.after_folder);
    Result<Visit> seen = Visit{};
    if (pop3)
        seen = co_await visit_pop3(roads(), account, mailbox, id);
    else
        seen = co_await visit_imap(roads(), account, mailbox, folders, id);
    if (!seen) {
        trip.mailbox_trouble = seen.error().message;
    } else {
        trip.in_mailbox = seen->found;
        if (seen->found) trip.removed.push_back(seen->folder);
    }
    if (pop3) co_return;
    auto find = [&account](store::Connection& c) { return store::account_sending(c, account.id); };
    auto const policy = co_await store.read(std::move(find));
    auto const folder = policy.sent_folder.empty() ? std::string("\\Sent") : policy.sent_folder;
    std::optional<model::Mailbox> of_the_copy;
    if (grants::submits_as_mailbox(account)) of_the_copy = mailbox;
    trip.appended = policy.append_sent;
    trip.sent_user = trip.sent->user;
    auto const kept = co_await visit_imap(roads(), account, of_the_copy, {folder}, id);
    if (!kept) {
        trip.sent_trouble = kept.error().message;
    } else {
        trip.sent_folder = kept->folder;
        trip.copied = kept->found;
        if (kept->found) trip.removed.push_back(kept->folder);
    }
}

net::awaitable<std::shared_ptr<Trip const>> Bench::round_trip(Target target)
{
    auto question = [this, target] { return travel(target); };
    return trips_.ask(to_string(target.mailbox->mailbox.id), std::move(question));
}

net::awaitable<void> Bench::take_home(Marked marked, std::shared_ptr<std::int64_t> left, StillLeft still_left)
{
    std::string why;
    try {
        auto const sent = co_await submission(marked.target);
        Trip trip;
        if (sent->in_doubt) {
            trip.sent = sent;
            co_await follow(trip, marked.target);
        } else {
            auto const travelled = co_await round_trip(marked.target);
            trip = *travelled;
        }
        why = trip.mailbox_trouble.empty() ? trip.sent_trouble : trip.mailbox_trouble;
        // One that was retrieved and is gone was removed by the retriever, as the mailbox's are.
        if (why.empty() && !trip.in_mailbox && !trip.came && !sent->in_doubt) why = "it is not in the mailbox";
    } catch (std::exception const& e) {
        why = e.what();
    }
    if (!why.empty())
        spdlog::warn("the marked mail that {} sent to itself was not removed: {}",
                     marked.target.mailbox->mailbox.address, printable(why, 500));
    co_await still_left(--*left);
}

net::awaitable<void> Bench::clear_away(Duration limit, StillLeft still_left)
{
    until_ = Steady::now() + limit;
    auto const left = std::make_shared<std::int64_t>(std::ssize(marked_));
    std::vector<grants::Task> work;
    for (auto const& [id, marked] : marked_)
        work.emplace_back([this, marked, left, still_left] { return take_home(marked, left, still_left); });
    if (*left > 0) co_await still_left(*left);
    co_await grants::together(std::move(work), 16);
}

}  // namespace postroom::checks
