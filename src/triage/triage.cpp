#include "triage/triage.hpp"

#include "base/text.hpp"
#include "desk/acknowledgement.hpp"
#include "desk/desk.hpp"
#include "desk/threading.hpp"
#include "mime/test-mail.hpp"
#include "store/bodies.hpp"
#include "store/mailboxes.hpp"
#include "store/messages.hpp"
#include "store/round-trips.hpp"
#include "store/screens.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <random>
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
    while (!stopped_ || read_ || begun_next_) {
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
std::vector<model::Message> Triage::next_batch(std::vector<model::Message> queue) const
{
    std::vector<model::Message> batch;
    std::int64_t bytes = 0;
    for (auto& message : queue) {
        bool const alone = message.triage_tries > 0;
        bytes += message.size;
        if (!batch.empty() && (alone || bytes > options_.batch_bytes)) break;
        batch.push_back(std::move(message));
        if (alone) break;
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

// Takes the queue and counts the tries, in a transaction that is committed before anything of it is parsed. What is in
// hand was taken before; beside it nothing is begun that was begun already.
bool Triage::take(store::Connection& c, Taken const& taken, Batch const& into)
{
    into->clear();
    auto queue = store::awaiting_triage(c, options_.batch + static_cast<int>(taken.in_hand.size()));
    std::erase_if(queue, [&taken](auto const& message) { return taken.in_hand.contains(message.id); });
    if (queue.empty()) return false;
    if (!taken.in_hand.empty() && queue.front().triage_tries > 0) return true;
    lease_ = store::take_lease(c, "triage", options_.owner, lease_length);
    if (!lease_) return false;
    for (auto& message : next_batch(std::move(queue))) {
        bool const known = taken.counted.contains(message.id);
        if (!known && message.triage_tries >= options_.tries) {
            store::triage_failed(c, message.id,
                                 fmt::format("its reading was begun {} times and never finished; it is set aside "
                                             "so that the mails behind it get their turn",
                                             message.triage_tries));
            continue;
        }
        if (!known && !store::begin_triage(c, message.id)) continue;
        into->push_back({.message = std::move(message)});
    }
    return true;
}

// Looked up on the loop, where what a batch comes to changes it.
Triage::Taken Triage::in_hand(Batch const& batch) const
{
    Taken taken;
    if (batch)
        for (auto const& reading : *batch) taken.in_hand.insert(reading.message.id);
    for (auto const& [id, refusals] : begun_) taken.counted.insert(id);
    return taken;
}

void Triage::note_begun(Batch const& batch)
{
    for (auto const& reading : *batch) begun_.try_emplace(reading.message.id, 0);
}

bool Triage::is_alone(Batch const& batch)
{
    return batch && !batch->empty() && batch->front().message.triage_tries > 0;
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

// Brings `now` to its end, and in the same transaction begins what comes after `next`. False where there is nothing.
asio::awaitable<bool> Triage::finish(Batch now, Batch next, Batch after)
{
    std::size_t bytes = 0;
    bool together = true;
    for (auto const& reading : *now) {
        bytes += reading.mail ? reading.mail->text.size() + 1024 : 1024;
        together = together && reading.damage.empty();
    }
    bool const looks = !stopped_ && !is_alone(now) && !is_alone(next);
    bool more = true;
    if (together) {
        bool const last = !next && (stopped_ || looks);
        auto const taken = in_hand(next);
        auto const work = [&](store::Connection& c) {
            auto const terms = desk::terms_of(c);
            for (auto& reading : *now) settle(c, reading, terms);
            more = !looks || take(c, taken, after);
            if (last && lease_ && (!looks || !more)) store::drop_lease(c, *lease_);
        };
        try {
            co_await store_.write(work, bytes);
        } catch (std::exception const&) {
            together = false;
        }
        if (together && last && (!looks || !more)) lease_.reset();
    }
    if (together) {
        for (auto const& reading : *now) begun_.erase(reading.message.id);
        note_begun(after);
        if (options_.mail_queued && std::ranges::any_of(*now, &Reading::acknowledged)) options_.mail_queued();
        co_return more;
    }
    after->clear();
    // Each in a transaction of its own, so that one mail's trouble is not another's; the first trouble is told after
    // everybody had his turn.
    std::exception_ptr trouble;
    for (auto& reading : *now) {
        try {
            co_await finish_alone(reading);
        } catch (std::exception const&) {
            if (!trouble) trouble = std::current_exception();
        }
    }
    if (trouble) std::rethrow_exception(trouble);
    co_return true;
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

// Nothing is written where nothing waits.
asio::awaitable<bool> Triage::begin(Batch before, Batch into)
{
    auto const look = [](store::Connection& c) { return store::awaiting_triage(c, 1); };
    auto const waiting = co_await store_.read(look);
    if (waiting.empty()) co_return false;
    auto const taken = in_hand(before);
    auto const work = [&](store::Connection& c) { return take(c, taken, into); };
    bool const any = co_await store_.write(work);
    note_begun(into);
    co_return any;
}

asio::awaitable<void> Triage::read(Batch batch)
{
    auto const load_all = [this, batch](store::Connection& c) { load(c, *batch); };
    co_await store_.read(load_all);
    co_await asio::co_spawn(pool_, read_mails(batch), asio::use_awaitable);
}

// Another server waits no longer than it must.
asio::awaitable<void> Triage::let_go()
{
    if (!lease_) co_return;
    auto const lease = *std::exchange(lease_, std::nullopt);
    auto const drop = [&lease](store::Connection& c) { store::drop_lease(c, lease); };
    co_await store_.write(drop);
}

// While the store takes what was read, the next is read, whose tries were counted with what the store took before. But
// nothing goes on beside a mail that was begun before: one that kills the process must not count as another's end.
asio::awaitable<bool> Triage::turn()
{
    using asio::experimental::awaitable_operators::operator&&;
    co_await end_quiet_loops();
    if (!read_) {
        auto first = std::exchange(begun_next_, nullptr);
        if (!first) {
            first = std::make_shared<std::vector<Reading>>();
            bool const any = co_await begin({}, first);
            if (!any) co_await let_go();
            if (first->empty()) co_return any;
        }
        auto const second = std::make_shared<std::vector<Reading>>();
        auto reading = to_its_end(read(first));
        if (std::cmp_less(first->size(), options_.batch) || is_alone(first) || stopped_) {
            co_await std::move(reading);
        } else {
            auto beginning = to_its_end(begin(first, second));
            co_await (std::move(reading) && std::move(beginning));
        }
        read_ = std::move(first);
        if (!second->empty()) begun_next_ = second;
    }
    auto const now = std::exchange(read_, nullptr);
    auto const next = std::exchange(begun_next_, nullptr);
    auto const after = std::make_shared<std::vector<Reading>>();
    auto finished = to_its_end(finish(now, next, after));
    bool more = false;
    if (next) {
        auto reading = to_its_end(read(next));
        more = co_await (std::move(finished) && std::move(reading));
    } else {
        more = co_await std::move(finished);
    }
    read_ = next;
    if (!after->empty()) begun_next_ = after;
    co_return more || read_ || begun_next_;
}

// Of two troubles that came side by side, the first says what it is.
asio::awaitable<bool> Triage::round()
{
    try {
        co_return co_await turn();
    } catch (asio::multiple_exceptions const& several) {
        std::rethrow_exception(several.first_exception());
    }
}

}  // namespace postroom::triage
