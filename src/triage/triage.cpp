#include "triage/triage.hpp"

#include "base/text.hpp"
#include "desk/acknowledgement.hpp"
#include "desk/desk.hpp"
#include "desk/threading.hpp"
#include "mime/test-mail.hpp"
#include "store/accounts.hpp"
#include "store/bodies.hpp"
#include "store/messages.hpp"
#include "store/round-trips.hpp"
#include "store/screens.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <utility>

namespace postroom::triage {

/// One mail under way.
struct Triage::Reading {
    model::Message message;
    std::string bytes;
    std::string damage;  ///< why the store could not give its bytes
    bool acknowledged = false;
    Result<mime::Mail> mail = failure(Trouble::internal, "not read");
    std::shared_ptr<screens::Rules const> rules;  ///< none for one that was released
    screens::Verdict verdict;
};

namespace {

// For the largest batch to be read; whoever is killed in the middle keeps the others waiting no longer.
constexpr Duration lease_length{20'000};

template <class Batch>
asio::awaitable<void> read_mails(Batch batch)
{
    for (auto& reading : *batch) {
        try {
            if (reading.damage.empty()) reading.mail = mime::read(reading.bytes);
            if (reading.mail && reading.rules)
                reading.verdict = screens::screen(*reading.rules, *reading.mail, reading.bytes);
        } catch (std::exception const& error) {  // memory that is not there
            reading.mail = failure(Trouble::internal, fmt::format("it can't be read: {}", error.what()));
        }
        reading.bytes = {};
    }
    co_return;
}

// Of two that go on side by side neither is broken off because the other failed: what the pool or the store has begun
// uses what the coroutine holds.
template <class T>
asio::awaitable<T> to_its_end(asio::awaitable<T> work)
{
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_return co_await std::move(work);
}

desk::Shown shown(screens::Fate fate)
{
    switch (fate) {
        case screens::Fate::accept:
        case screens::Fate::hold: break;
        case screens::Fate::cut: return desk::Shown::header;
        case screens::Fate::permanent: return desk::Shown::failed;
        case screens::Fate::temporary: return desk::Shown::late;
    }
    return desk::Shown::whole;
}

// A report about a mail that no case has is nobody's work, and opens none.
bool is_held(store::Connection& c, model::Message const& message, mime::Mail const& mail,
             screens::Verdict const& verdict, desk::CaseTokens const& tokens)
{
    if (verdict.fate == screens::Fate::hold) return true;
    if (verdict.screen != model::Screen::delivery) return false;
    auto const department = store::department_of(c, message.mailbox);
    return !desk::case_answered_by(c, department, mail, message.possible_duplicate, tokens);
}

double random_part()
{
    thread_local std::minstd_rand generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(generator);
}

}  // namespace

Triage::Triage(asio::any_io_executor const& loop, asio::any_io_executor pool, store::Store& store, Clock const& clock,
               Options options)
    : pool_(std::move(pool)), store_(store), clock_(clock), options_(std::move(options)), timer_(loop)
{
}

void Triage::nudge()
{
    nudged_ = true;
    if (interruptible_) timer_.cancel();
}

void Triage::stop()
{
    stopped_ = true;
    timer_.cancel();
}

asio::awaitable<void> Triage::wait(Duration how_long, bool until_nudged)
{
    if (stopped_ || (until_nudged && std::exchange(nudged_, false))) co_return;
    interruptible_ = until_nudged;
    timer_.expires_after(how_long);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    interruptible_ = false;
    nudged_ = false;
}

asio::awaitable<void> Triage::run()
{
    unsigned failures = 0;
    // What was begun is brought to its end, or it would count as a mail that ended a process.
    while (!stopped_ || ahead_.batch) {
        bool more = false;
        std::string trouble;
        try {
            more = co_await round();
        } catch (std::exception const& error) {
            trouble = error.what();
        }
        if (trouble.empty()) {
            failures = 0;
            if (!more) co_await wait(options_.poll, true);
        } else {
            auto const pause = options_.backoff.before(++failures, random_part());
            spdlog::warn("triage: {}; tried again in {} ms", printable(trouble), pause.count());
            co_await wait(pause, false);
        }
    }
}

// Mails that were begun before are taken one by one: if one of them kills the process, it must not take its neighbours
// into the exception queue with it.
std::vector<model::Message> Triage::next_batch(std::vector<model::Message> queue, bool& more) const
{
    std::vector<model::Message> batch;
    std::int64_t bytes = 0;
    for (auto& message : queue) {
        bool const alone = message.triage_tries > 0;
        if (!batch.empty() && (alone || bytes + message.size > options_.batch_bytes)) {
            more = true;
            break;
        }
        bytes += message.size;
        batch.push_back(std::move(message));
        if (alone) {
            more = more || queue.size() > 1;
            break;
        }
    }
    return batch;
}

// Those of a department that never changed anything are the defaults, and its version is 0.
std::shared_ptr<screens::Rules const> Triage::rules_for(store::Connection& c, model::DepartmentId department)
{
    auto const kept = screens_.find(department);
    if (kept == screens_.end()) return default_screens_;
    if (!kept->second.rules) kept->second.rules = std::make_shared<screens::Rules const>(store::screens(c, department));
    return kept->second.rules;
}

// What the reading needs, in one look at the store. A mail in a mailbox that is gone has no rules; who files it says
// so.
void Triage::load(store::Connection& c, std::vector<Reading>& batch)
{
    for (auto const& [department, version] : store::screens_versions(c))
        if (auto& kept = screens_[department]; kept.version != version) kept = {version, nullptr};
    std::map<model::MailboxId, std::shared_ptr<screens::Rules const>> rules;
    for (auto& reading : batch) {
        auto const& message = reading.message;
        try {
            if (!message.released) {
                auto& its = rules[message.mailbox];
                if (!its) its = rules_for(c, store::department_of(c, message.mailbox));
                reading.rules = its;
            }
            reading.bytes = store::read_body(c, message.body);
        } catch (store::Failure const& failure) {
            if (failure.is_standstill()) throw;
            reading.damage = failure.what();
        } catch (std::bad_alloc const&) {  // of a large mail; those behind it may be small
            reading.damage = "there is not enough memory to read it";
        }
    }
}

// Takes the queue, counts the try, and commits both, before anything is parsed.
asio::awaitable<void> Triage::begin(std::vector<model::Message> const& messages, Batch batch)
{
    // Looked up here: what the batch before this one comes to changes it on the loop.
    std::vector<bool> counted;
    for (auto const& message : messages) counted.push_back(begun_.contains(message.id));
    auto const mark = [this, &messages, &counted, batch](store::Connection& c) {
        batch->clear();
        lease_ = store::take_lease(c, "triage", options_.owner, lease_length);
        if (!lease_) return;
        for (std::size_t at = 0; at < messages.size(); ++at) {
            auto const& message = messages[at];
            if (!counted[at] && message.triage_tries >= options_.tries) {
                store::triage_failed(c, message.id,
                                     fmt::format("its reading was begun {} times and never finished; it is set aside "
                                                 "so that the mails behind it get their turn",
                                                 message.triage_tries));
                continue;
            }
            if (!counted[at] && !store::begin_triage(c, message.id)) continue;
            batch->push_back({.message = message});
        }
    };
    co_await store_.write(mark);
    for (auto const& reading : *batch) begun_.try_emplace(reading.message.id, 0);
}

// One mail's end, in the caller's transaction: its activity and its being done are one.
void Triage::settle(store::Connection& c, Reading& reading, desk::Terms const& terms) const
{
    reading.acknowledged = false;  // whatever a transaction came to that was rolled back
    auto const message = store::message(c, reading.message.id);
    if (!message || message->triage != model::TriageState::pending) return;
    if (!reading.mail) {
        store::triage_failed(c, message->id, reading.mail.error().message);
        return;
    }
    if (mime::is_test_mail(*reading.mail, terms.tokens.key)) {
        store::note_returned_mail(c, reading.mail->message_id, *message, clock_.now());
        store::triage_done(c, message->id);
        return;
    }
    auto const& verdict = reading.verdict;
    auto const because = verdict.because.english();
    if (is_held(c, *message, *reading.mail, verdict, terms.tokens)) {
        store::hold_message(c, message->id, verdict.screen, verdict.rule, because);
        return;
    }
    auto const filed = desk::file_mail(c, *message, *reading.mail, terms, clock_.now(), shown(verdict.fate), because);
    if (!filed) {
        store::triage_failed(c, message->id, filed.error().message);
        return;
    }
    reading.acknowledged = filed->acknowledged;
    if (verdict.screen != model::Screen::none) store::note_screen(c, message->id, verdict.screen, verdict.rule);
    store::triage_done(c, message->id);
}

// What the store refuses for one mail and not for the others is the mail's trouble: after `tries` it is set aside. If
// the store refuses that as well, the trouble is the store's, and everybody waits.
asio::awaitable<void> Triage::finish_alone(Reading& reading)
{
    std::string why = reading.damage;
    if (why.empty()) {
        auto const work = [this, &reading](store::Connection& c) { settle(c, reading, desk::terms_of(c)); };
        try {
            co_await store_.write(work, static_cast<std::size_t>(reading.message.size));
        } catch (store::Failure const& failure) {
            // A full disk has room for the note that sets a mail aside, long before it has any for the mail's case.
            if (failure.is_standstill()) throw;
            why = failure.what();
        } catch (std::exception const& error) {
            why = error.what();
        }
    }
    if (!why.empty()) {
        if (++begun_[reading.message.id] < options_.tries) throw store::Failure(Trouble::store, why);
        auto const set_aside = [&reading, &why](store::Connection& c) {
            store::triage_failed(c, reading.message.id, why);
        };
        co_await store_.write(set_aside);
    } else if (reading.acknowledged && options_.mail_queued) {
        options_.mail_queued();
    }
    begun_.erase(reading.message.id);
}

asio::awaitable<void> Triage::finish(Batch batch, bool more)
{
    std::size_t bytes = 0;
    bool together = true;
    for (auto const& reading : *batch) {
        bytes += reading.mail ? reading.mail->text.size() + 1024 : 1024;
        together = together && reading.damage.empty();
    }
    if (together) {
        auto const work = [this, &batch, more](store::Connection& c) {
            auto const terms = desk::terms_of(c);
            for (auto& reading : *batch) settle(c, reading, terms);
            if (!more) store::drop_lease(c, *lease_);
        };
        try {
            co_await store_.write(work, bytes);
        } catch (std::exception const&) {
            together = false;
        }
    }
    if (together) {
        for (auto const& reading : *batch) begun_.erase(reading.message.id);
        if (options_.mail_queued && std::ranges::any_of(*batch, &Reading::acknowledged)) options_.mail_queued();
        if (!more) lease_.reset();
        co_return;
    }
    // Each in a transaction of its own, so that one mail's trouble is not another's; the first trouble is told after
    // everybody had his turn.
    std::exception_ptr trouble;
    for (auto& reading : *batch) {
        try {
            co_await finish_alone(reading);
        } catch (std::exception const&) {
            if (!trouble) trouble = std::current_exception();
        }
    }
    if (trouble) std::rethrow_exception(trouble);
}

// Who noticed the loop has to notice its end, and no mail says so.
asio::awaitable<void> Triage::end_quiet_loops()
{
    constexpr Duration every{60'000};
    auto const now = clock_.now();
    if (now - loops_looked_at_ < every) co_return;
    loops_looked_at_ = now;
    auto const look = [now](store::Connection& c) { return desk::quiet_loops(c, now); };
    auto const quiet = co_await store_.read(look);
    if (quiet.empty()) co_return;
    auto const end = [&quiet, now](store::Connection& c) {
        for (auto const& mailbox : quiet) store::end_alarm(c, desk::loop_alarm, mailbox, now);
    };
    co_await store_.write(end);
}

// The next of the queue, begun and read; none where there is nothing, or another server reads.
asio::awaitable<Triage::Read> Triage::read_next(Batch under_way)
{
    std::set<model::MessageId> in_hand;
    if (under_way)
        for (auto const& reading : *under_way) in_hand.insert(reading.message.id);
    auto const most = options_.batch + static_cast<int>(in_hand.size());
    auto const look = [most](store::Connection& c) { return store::awaiting_triage(c, most); };
    auto queue = co_await store_.read(look);
    bool more = static_cast<int>(queue.size()) >= most;
    std::erase_if(queue, [&in_hand](auto const& message) { return in_hand.contains(message.id); });
    if (queue.empty() || (under_way && queue.front().triage_tries > 0)) co_return Read{};
    auto const messages = next_batch(std::move(queue), more);

    auto const batch = std::make_shared<std::vector<Reading>>();
    co_await begin(messages, batch);
    if (!lease_) co_return Read{};
    auto const load_all = [this, batch](store::Connection& c) { load(c, *batch); };
    co_await store_.read(load_all);
    co_await asio::co_spawn(pool_, read_mails(batch), asio::use_awaitable);
    co_return Read{batch, more};
}

// Another server waits no longer than it must.
asio::awaitable<void> Triage::let_go()
{
    if (!lease_) co_return;
    auto const lease = *std::exchange(lease_, std::nullopt);
    auto const drop = [&lease](store::Connection& c) { store::drop_lease(c, lease); };
    co_await store_.write(drop);
}

// While the store takes what was read, the next is read; but not beside a mail that was begun before: one that kills
// the process must not count as another's end.
asio::awaitable<bool> Triage::round()
{
    co_await end_quiet_loops();
    auto now = std::exchange(ahead_, {});
    if (!now.batch) now = co_await read_next({});
    if (!now.batch) {
        co_await let_go();
        co_return false;
    }
    bool const alone = !now.batch->empty() && now.batch->front().message.triage_tries > 0;
    if (!now.more || stopped_ || alone) {
        co_await finish(now.batch, now.more);
        co_return now.more;
    }
    using asio::experimental::awaitable_operators::operator&&;
    auto finished = to_its_end(finish(now.batch, true));
    auto next = to_its_end(read_next(now.batch));
    ahead_ = co_await (std::move(finished) && std::move(next));
    co_return true;
}

}  // namespace postroom::triage
