#include "retriever/filing.hpp"

#include "mime/read.hpp"
#include "store/bodies.hpp"
#include "store/messages.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <openssl/evp.h>

namespace postroom::retriever {

namespace {

// The exact bytes' digest, as they come. OpenSSL's, which uses the processor's own instructions: libsodium's took a
// seventh of the time of filing.
class Digesting {
public:
    Digesting() : context_(EVP_MD_CTX_new()) { check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr)); }
    void add(std::string_view bytes) { check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size())); }
    [[nodiscard]] model::Digest finish()
    {
        model::Digest digest{};
        check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
        return digest;
    }

private:
    static void check(int ok)
    {
        if (ok != 1) throw std::bad_alloc();  // nothing else can go wrong with SHA-256
    }
    std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* context) { EVP_MD_CTX_free(context); })> context_;
};

// What one transaction files. Made on the loop, used on the store thread.
struct Entry {
    model::Message message;
    model::LedgerRow row;
    std::vector<store::Chunk> chunks;  // the last one, or the only one: earlier ones are in the store already
};

// True where a message was filed. Everything in here is one transaction: the ledger row can't be there without the
// bytes, nor the bytes without the row, whatever instant the process dies at.
bool file(store::Connection& c, FilingPlace const& place, Entry entry, Instant now)
{
    store::renew_lease(c, place.lease, place.lease_length);
    entry.message.filed = now;
    if (auto const same = store::message_with(c, entry.message.mailbox, entry.message.digest)) {
        entry.row.state = model::LedgerState::duplicate;
        entry.row.message = *same;
        store::add_to_ledger(c, entry.row, now);
        return false;
    }
    for (auto const& chunk : entry.chunks) store::add_chunk(c, entry.message.body, chunk);
    // Another mailbox may have had the very same mail: then its body is this one's too.
    entry.message.body = store::publish_body(c, entry.message.body, entry.message.size, entry.message.digest);
    bool const has_fingerprint = entry.message.fingerprint != model::Digest{};
    entry.message.possible_duplicate =
        has_fingerprint && store::fingerprint_known(c, entry.message.mailbox, entry.message.fingerprint);
    store::add_message(c, entry.message);
    store::add_to_ledger(c, entry.row, now);
    return true;
}

}  // namespace

struct Filing::Mail {
    model::BodyId body;
    Digesting digest;
    std::string head;     // the header, for the fingerprint: at most mime::header_limit
    std::string pending;  // not yet a chunk
    std::int64_t size = 0;
    int chunks = 0;
};

// Commits under way, shared with the coroutines that wait for them: these may outlive the Filing when a connection
// breaks.
struct Filing::Commits {
    explicit Commits(asio::any_io_executor loop) : changed(std::move(loop)) { changed.expires_at(Forever); }
    static constexpr auto Forever = asio::steady_timer::time_point::max();
    asio::steady_timer changed;
    std::size_t writes = 0;
    std::size_t bytes = 0;
    std::size_t filed = 0;
    std::exception_ptr failure;

    net::awaitable<void> wait()
    {
        boost::system::error_code woken;
        co_await changed.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
};

Filing::Filing(store::Store& store, Clock const& clock, asio::any_io_executor loop, FilingPlace place, Bounds bounds)
    : store_(store),
      clock_(clock),
      loop_(loop),
      place_(std::make_shared<FilingPlace const>(std::move(place))),
      bounds_(bounds),
      commits_(std::make_shared<Commits>(loop))
{
}

Filing::~Filing() = default;

std::size_t Filing::filed() const
{
    return commits_->filed;
}

void Filing::begin()
{
    mail_ = std::make_unique<Mail>();
    mail_->body = model::BodyId::make(clock_);
}

net::awaitable<void> Filing::chunk(std::string_view bytes)
{
    auto& mail = *mail_;
    mail.digest.add(bytes);
    mail.size += static_cast<std::int64_t>(bytes.size());
    if (mail.head.size() < mime::header_limit) mail.head.append(bytes.substr(0, mime::header_limit - mail.head.size()));
    mail.pending.append(bytes);
    while (mail.pending.size() > store::chunk_bytes) {
        // Published only by the transaction that files the message; until then it is an orphan that a sweep may take.
        auto cut = store::make_chunk(mail.chunks, std::string_view(mail.pending).substr(0, store::chunk_bytes));
        ++mail.chunks;
        mail.pending.erase(0, store::chunk_bytes);
        auto const weight = cut.zstd.size();
        auto add = [place = place_, body = mail.body, cut = std::move(cut)](store::Connection& c) {
            store::renew_lease(c, place->lease, place->lease_length);
            store::add_chunk(c, body, cut);
            return false;
        };
        // It may be lost and the transaction that files the message come through: publish_body() counts the octets.
        co_await hand_over(std::move(add), weight);
    }
}

void Filing::discard()
{
    mail_.reset();
}

net::awaitable<void> Filing::end(Came came)
{
    auto const mail = std::move(mail_);
    Entry entry;
    entry.row.place = {place_->mailbox.id, place_->mailbox.folder, place_->uid_validity, came.uid};
    entry.row.unique_id = std::move(came.unique_id);
    auto const now = clock_.now();
    if (!came.received) came.received = mime::received(mail->head);
    auto const received = came.received.value_or(now);
    bool const skip = received < place_->mailbox.baseline;
    if (skip) {
        entry.row.state = model::LedgerState::skipped;
    } else {
        entry.message.id = model::MessageId::make(clock_);
        entry.message.mailbox = place_->mailbox.id;
        entry.message.body = mail->body;
        entry.message.size = mail->size;
        entry.message.digest = mail->digest.finish();
        entry.message.fingerprint = mime::fingerprint(mail->head);
        entry.message.received = received;
        entry.row.state = model::LedgerState::filed;
        entry.row.message = entry.message.id;
        entry.row.due = place_->mailbox.after;
        if (!mail->pending.empty() || mail->chunks == 0)
            entry.chunks.push_back(store::make_chunk(mail->chunks, mail->pending));
    }
    std::size_t const weight = 512 + (entry.chunks.empty() ? 0 : entry.chunks.front().zstd.size());
    auto add = [place = place_, entry = std::move(entry), skip, now](store::Connection& c) mutable {
        if (!skip) return file(c, *place, std::move(entry), now);
        store::renew_lease(c, place->lease, place->lease_length);
        store::add_to_ledger(c, entry.row, now);
        return false;
    };
    co_await hand_over(std::move(add), weight);
}

net::awaitable<void> Filing::hand_over(Write write, std::size_t bytes)
{
    while (!commits_->failure && (commits_->writes >= bounds_.writes || commits_->bytes >= bounds_.bytes))
        co_await commits_->wait();
    if (commits_->failure) std::rethrow_exception(commits_->failure);

    ++commits_->writes;
    commits_->bytes += bytes;
    auto commit = [](store::Store* store, std::shared_ptr<Commits> commits, Write what,
                     std::size_t weight) -> net::awaitable<void> {
        try {
            bool const filed = co_await store->write(std::move(what), weight);
            if (filed) ++commits->filed;
        } catch (...) {
            if (!commits->failure) commits->failure = std::current_exception();
        }
        --commits->writes;
        commits->bytes -= weight;
        commits->changed.cancel();
        commits->changed.expires_at(Commits::Forever);
    };
    auto running = commit(&store_, commits_, std::move(write), bytes);
    asio::co_spawn(loop_, std::move(running), asio::detached);
}

net::awaitable<void> Filing::settle()
{
    while (commits_->writes > 0) co_await commits_->wait();
    if (commits_->failure) std::rethrow_exception(commits_->failure);
}

}  // namespace postroom::retriever
