#include "retriever/filing.hpp"

#include "mime/read.hpp"
#include "retriever/packing.hpp"
#include "store/bodies.hpp"
#include "store/figures.hpp"
#include "store/messages.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace postroom::retriever {

namespace {

bool holds_end_of_header(std::string_view bytes)
{
    return bytes.find("\n\r\n") != std::string_view::npos || bytes.find("\n\n") != std::string_view::npos;
}

// What one transaction takes at most. Many small mails share what a commit costs; large ones gain nothing by it, and
// hold up whoever else wants to write.
constexpr std::size_t most_together = 200;
constexpr std::size_t most_bytes_together = 2 * 1024 * 1024;
// And while more is coming, for how long it waits for how much: a commit writes as many pages of indexes for ten mails
// as for a hundred.
constexpr std::size_t enough_together = 100;
constexpr std::size_t enough_bytes_together = 1024 * 1024;
constexpr std::chrono::milliseconds wait_for_more{10};
// About what a mail's rows take, beside its bytes.
constexpr std::size_t row_bytes = 512;
// What is made room for because the server says that so much comes; more of it once it came.
constexpr std::uint64_t room_at_once = 64 * 1024;
// How often a fetch tells how far it is.
constexpr auto told_every = std::chrono::seconds(1);

}  // namespace

// The mail that comes.
struct Filing::Mail {
    model::BodyId body;
    std::string head;     // of a mail of several chunks: its header, for the fingerprint
    std::string pending;  // not yet a chunk
    std::int64_t size = 0;
    int chunks = 0;
    bool head_ended = false;

    void begin(model::BodyId its_body)
    {
        body = its_body;
        head.clear();
        pending.clear();
        size = 0;
        chunks = 0;
        head_ended = false;
    }
    void keep_head(std::string_view bytes)
    {
        if (head_ended) return;
        head.append(bytes.substr(0, mime::header_limit - head.size()));
        head_ended = head.size() == mime::header_limit || holds_end_of_header(bytes);
    }
};

// A mail, or a chunk of a large one. Made on the loop, used on the store thread.
struct Filing::Entry {
    model::BodyId body;
    std::shared_ptr<Parcel> parcel{};       // a mail's last one, or its only one; earlier ones are entries of their own
    std::optional<model::LedgerRow> row{};  // the mail has come to its end
    model::Message message{};
    Instant now{};
    std::size_t bytes = row_bytes;
    BodyBudget::Share share{};

    std::int64_t size = 0;  // of the whole mail
    std::optional<model::LookProgress> progress{};
    model::MailboxId progress_of{};

    [[nodiscard]] std::size_t stored_bytes() const { return row_bytes + (parcel ? parcel->chunk.packed.size() : 0); }
    /// What it counts for.
    [[nodiscard]] model::Figures file(store::Connection& c) const;
};

// Everything in here is one transaction: the ledger row can't be there without the
// bytes, nor the bytes without the row, whatever instant the process dies at.
model::Figures Filing::Entry::file(store::Connection& c) const
{
    if (progress) store::show_progress(c, progress_of, *progress);
    if (parcel && parcel->trouble) std::rethrow_exception(parcel->trouble);
    if (!row) {
        // Published only by the transaction that files the message; until then it is an orphan that a sweep may take.
        // It may be lost and that transaction come through: publish_body() counts the octets.
        store::add_chunk(c, body, parcel->chunk);
        return {};
    }
    if (row->state == model::LedgerState::skipped) {
        store::add_to_ledger(c, *row, now);
        return {.retrieved = 1, .skipped = 1, .octets = size};
    }
    auto filed = message;
    filed.digest = parcel->digest;
    // Another mailbox may have had the very same mail: then its body is this one's too.
    auto const known = store::body_with(c, filed.digest);
    if (known) {
        if (auto const same = store::message_with(c, message.mailbox, filed.digest)) {
            auto duplicate = *row;
            duplicate.state = model::LedgerState::duplicate;
            duplicate.message = *same;
            store::add_to_ledger(c, duplicate, now);
            return {.retrieved = 1, .duplicates = 1, .octets = size};
        }
    }
    bool const whole = parcel->number == 0;
    if (whole && known) {
        filed.body = *known;
    } else if (whole) {
        store::add_body(c, body, parcel->chunk, filed.digest);
    } else {
        store::add_chunk(c, body, parcel->chunk);
        filed.body = store::publish_body(c, body, message.size, filed.digest);
    }
    bool const has_fingerprint = message.fingerprint != model::Digest{};
    filed.possible_duplicate = has_fingerprint && store::fingerprint_known(c, message.mailbox, message.fingerprint);
    store::add_message(c, filed);
    store::add_to_ledger(c, *row, now);
    return {.retrieved = 1, .filed = 1, .octets = size};
}

// What awaits its commit, shared with the coroutine that commits: that may outlive the Filing when a connection breaks.
struct Filing::Commits {
    Commits(asio::any_io_executor const& loop, asio::any_io_executor const& pool)
        : packing(pool), more(loop), changed(loop)
    {
        changed.expires_at(Forever);
    }
    static constexpr auto Forever = asio::steady_timer::time_point::max();
    Packing packing;
    std::deque<Entry> waiting;
    std::size_t waiting_bytes = 0;
    bool running = false;
    bool settling = false;  // somebody waits for all of it
    bool held_up = false;   // nothing more comes before some of it is committed
    asio::steady_timer more;
    asio::steady_timer changed;
    std::size_t writes = 0;
    std::size_t bytes = 0;
    model::Figures counted;
    std::exception_ptr failure;

    net::awaitable<void> wait()
    {
        boost::system::error_code woken;
        co_await changed.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }

    void hold_up()
    {
        held_up = true;
        more.cancel();
    }

    [[nodiscard]] bool enough() const
    {
        return settling || held_up || waiting.size() >= enough_together || waiting_bytes >= enough_bytes_together;
    }

    net::awaitable<void> wait_for_enough()
    {
        if (enough()) co_return;
        boost::system::error_code woken;
        more.expires_after(wait_for_more);
        co_await more.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }

    [[nodiscard]] std::vector<Entry> take()
    {
        std::vector<Entry> batch;
        std::size_t total = 0;
        while (!waiting.empty() && batch.size() < most_together &&
               (batch.empty() || total + waiting.front().bytes <= most_bytes_together)) {
            total += waiting.front().bytes;
            waiting_bytes -= waiting.front().bytes;
            batch.push_back(std::move(waiting.front()));
            waiting.pop_front();
        }
        return batch;
    }

    void done(std::vector<Entry> batch, std::exception_ptr why)
    {
        if (!failure) failure = std::move(why);
        writes -= batch.size();
        for (auto const& entry : batch) bytes -= entry.bytes;
        batch.clear();
        changed.cancel();
        changed.expires_at(Forever);
    }
};

Filing::Filing(store::Store& store, Clock const& clock, asio::any_io_executor loop, asio::any_io_executor const& pool,
               FilingPlace place, Bounds bounds)
    : store_(store),
      clock_(clock),
      loop_(loop),
      place_(std::make_shared<FilingPlace const>(std::move(place))),
      bounds_(bounds),
      mail_(std::make_unique<Mail>()),
      commits_(std::make_shared<Commits>(loop, pool)),
      progress_{.wanted = static_cast<std::int64_t>(place_->wanted), .begun = clock.now()},
      tell_(std::chrono::steady_clock::now() + told_every)
{
}

Filing::~Filing() = default;

std::size_t Filing::filed() const
{
    return static_cast<std::size_t>(commits_->counted.filed);
}

model::Figures const& Filing::counted() const
{
    return commits_->counted;
}

std::optional<model::LookProgress> Filing::progress_due()
{
    auto const now = std::chrono::steady_clock::now();
    if (now < tell_) return std::nullopt;
    tell_ = now + told_every;
    return progress_;
}

void Filing::begin(std::uint64_t size)
{
    mail_->begin(model::BodyId::make(clock_));
    mail_->pending.reserve(std::min(size, room_at_once));
}

net::awaitable<void> Filing::chunk(std::string_view bytes)
{
    auto& mail = *mail_;
    mail.size += static_cast<std::int64_t>(bytes.size());
    progress_.octets += static_cast<std::int64_t>(bytes.size());
    mail.pending.append(bytes);
    while (mail.pending.size() > store::chunk_bytes) {
        auto octets = mail.pending.substr(0, store::chunk_bytes);
        mail.pending.erase(0, store::chunk_bytes);
        mail.keep_head(octets);
        Entry entry{.body = mail.body,
                    .parcel = std::make_shared<Parcel>(Parcel{.number = mail.chunks, .octets = std::move(octets)})};
        ++mail.chunks;
        co_await hand_over(std::move(entry));
    }
}

void Filing::discard()
{
    mail_->begin({});
}

net::awaitable<void> Filing::end(Came came)
{
    auto& mail = *mail_;
    Entry entry{.body = mail.body, .row = model::LedgerRow{}, .now = clock_.now()};
    auto& row = *entry.row;
    row.place = {place_->mailbox.id, place_->mailbox.folder, place_->uid_validity, came.uid};
    row.unique_id = std::move(came.unique_id);
    entry.size = mail.size;
    ++progress_.come;
    if (mail.chunks > 0) mail.keep_head(mail.pending);
    auto const head = mail.chunks > 0 ? std::string_view(mail.head) : std::string_view(mail.pending);
    if (!came.received) came.received = mime::received(head);
    auto const received = came.received.value_or(entry.now);
    if (received < place_->mailbox.baseline) {
        row.state = model::LedgerState::skipped;
    } else {
        auto& message = entry.message;
        message.id = model::MessageId::make(clock_);
        message.mailbox = place_->mailbox.id;
        message.body = mail.body;
        message.size = mail.size;
        message.fingerprint = mime::fingerprint(head);
        message.received = received;
        message.filed = entry.now;
        row.state = model::LedgerState::filed;
        row.message = message.id;
        row.due = place_->mailbox.after;
        entry.parcel = std::make_shared<Parcel>(Parcel{.number = mail.chunks, .octets = std::move(mail.pending)});
    }
    co_await hand_over(std::move(entry));
}

net::awaitable<void> Filing::hand_over(Entry entry)
{
    if (place_->stir) place_->stir();
    entry.progress = progress_due();
    entry.progress_of = place_->mailbox.id;
    if (entry.parcel) entry.bytes += entry.parcel->octets.size();
    auto const commits = commits_;
    while (!commits->failure && (commits->writes >= bounds_.writes || commits->bytes >= bounds_.bytes)) {
        commits->hold_up();
        co_await commits->wait();
    }
    if (place_->bodies->free() < entry.bytes) commits->hold_up();
    entry.share = co_await place_->bodies->take(entry.bytes);
    commits->held_up = false;
    if (commits->failure) std::rethrow_exception(commits->failure);

    ++commits->writes;
    commits->bytes += entry.bytes;
    commits->waiting_bytes += entry.bytes;
    if (entry.parcel) commits->packing.pack(entry.parcel);
    commits->waiting.push_back(std::move(entry));
    if (commits->enough()) commits->more.cancel();
    if (std::exchange(commits->running, true)) co_return;
    asio::co_spawn(loop_, commit(&store_, place_, commits), asio::detached);
}

// Until nothing waits. What comes meanwhile is the next batch.
net::awaitable<void> Filing::commit(store::Store* store, std::shared_ptr<FilingPlace const> place,
                                    std::shared_ptr<Commits> commits)
{
    while (!commits->waiting.empty()) {
        co_await commits->wait_for_enough();
        auto batch = commits->take();
        std::exception_ptr why;
        bool each_alone = false;
        std::size_t bytes = 0;
        co_await commits->packing.packed();
        for (auto const& entry : batch) bytes += entry.stored_bytes();
        auto const together = [&](store::Connection& c) {
            store::renew_lease(c, place->lease, place->lease_length);
            model::Figures counted;
            for (auto const& entry : batch) counted += entry.file(c);
            return counted;
        };
        try {
            auto const counted = co_await store->write(together, bytes);
            commits->counted += counted;
        } catch (store::Failure const& failure) {
            why = std::current_exception();
            each_alone = batch.size() > 1 && !failure.is_standstill();
        } catch (...) {
            why = std::current_exception();
        }
        // What the store refuses for one of them, it may take of the others.
        if (each_alone) why = nullptr;
        for (std::size_t at = 0; each_alone && at < batch.size(); ++at) {
            auto const alone = [&](store::Connection& c) {
                store::renew_lease(c, place->lease, place->lease_length);
                return batch[at].file(c);
            };
            try {
                auto const counted = co_await store->write(alone, batch[at].stored_bytes());
                commits->counted += counted;
            } catch (...) {
                if (!why) why = std::current_exception();
            }
        }
        commits->done(std::move(batch), std::move(why));
    }
    commits->running = false;
}

net::awaitable<void> Filing::settle()
{
    auto const commits = commits_;
    commits->settling = true;
    commits->more.cancel();
    while (commits->writes > 0) co_await commits->wait();
    commits->settling = false;
    if (commits->failure) std::rethrow_exception(commits->failure);
}

}  // namespace postroom::retriever
