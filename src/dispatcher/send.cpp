// Claimed, offered, streamed; committing, durably; then the final dot; then settled by what the server says. Whatever
// breaks before "committing" gives the mail back; whatever breaks after it leaves the mail in doubt.
#include "base/text.hpp"
#include "dispatcher/account-run.hpp"
#include "dispatcher/notes.hpp"
#include "store/accounts.hpp"
#include "store/cases.hpp"
#include "store/outbound.hpp"
#include "store/sending.hpp"
#include "store/sent-copies.hpp"
#include "store/settings.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <iterator>
#include <random>
#include <tuple>

namespace postroom::dispatcher {

namespace {

constexpr int claimed_at_once = 20;
// How long a mailbox pauses, or is sent from over fewer connections, because its server said that it is too much.
constexpr Duration pause_length{60'000};
constexpr Duration rest_length{15 * 60'000};
constexpr Duration fewer_for{10 * 60'000};
// Renewed while mail is streamed; a server that died recovers its own at its start.
constexpr Duration lease_length{30 * 60'000};

// How long the mail of a mailbox waits that the server did not let in, while that of others goes out.
constexpr Duration shut_out_for{60'000};

double random_fraction()
{
    static thread_local std::minstd_rand generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

bool is_ascii(std::string_view text)
{
    return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

smtp::Envelope envelope_of(model::Outbound const& mail)
{
    smtp::Envelope envelope;
    envelope.from = mail.sender;
    envelope.size = static_cast<std::uint64_t>(mail.size);
    envelope.utf8 = !is_ascii(mail.sender);
    for (auto const& address : mail.recipients) {
        envelope.to.push_back({.address = address});
        envelope.utf8 = envelope.utf8 || !is_ascii(address);
    }
    envelope.eight_bit = envelope.utf8;  // mail is composed in 7 bit otherwise (mime/compose.hpp)
    return envelope;
}

// What became of a mail is known here alone until it is noted: a store that fails is asked again, for some seconds.
constexpr int most_notes = 6;
constexpr Duration between_notes{500};

template <class Work>
net::awaitable<void> note(Ground ground, Work work)
{
    for (int tries = 1;; ++tries) {
        try {
            co_await ground.store->write(work);
            co_return;
        } catch (store::Failure const& failure) {
            if (tries == most_notes) throw;
            spdlog::warn("dispatcher: {}; noted again in a moment", failure.what());
        }
        boost::asio::steady_timer pause(ground.loop, between_notes * tries);
        boost::system::error_code ended;
        co_await pause.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ended));
    }
}

Duration patience_with(store::Connection& c, model::Outbound const& mail)
{
    return store::department_sending(c, store::department_of(c, mail.mailbox)).patience;
}

// What is the account's trouble ends its turn.
Turn turn_after(Ruling const& ruling)
{
    Turn turn{ruling.fate != Fate::account, {}, ruling.slow};
    if (turn.ok) return turn;
    turn.trouble = ruling.words;
    turn.refused = ruling.slow == Slow::no;
    return turn;
}

// Settles one mail by a definite answer.
net::awaitable<void> settle(Ground ground, model::Outbound mail, Ruling ruling, std::string provider_id = {},
                            bool copy_due = false)
{
    auto const now = ground.clock->now();
    auto const next_try = now + wait_before_retry(mail.tries, random_fraction());
    auto work = [mail, ruling, provider_id, next_try, now, copy_due](store::Connection& c) mutable {
        if (ruling.fate == Fate::later && now - mail.created > patience_with(c, mail)) {
            ruling.fate = Fate::failed;
            ruling.words = "given up: its department's patience is over; last, " + ruling.words;
        }
        switch (ruling.fate) {
            case Fate::go_on: break;
            case Fate::sent:
                // What the provider renamed is answered under its new name.
                if (!provider_id.empty() && provider_id != mail.message_id)
                    store::add_message_id(c, mail.activity, provider_id);
                store::settle_sent(c, mail.id, mail.attempt, provider_id, ruling.words);
                if (copy_due) store::sent_copy_due(c, mail.id);
                break;
            case Fate::later: store::settle_later(c, mail.id, mail.attempt, next_try, ruling.words); break;
            case Fate::failed: store::settle_failed(c, mail.id, mail.attempt, ruling.words); break;
            case Fate::account: store::hold_back(c, mail.id, mail.attempt, next_try, ruling.words); break;
        }
    };
    co_await note(ground, std::move(work));
    if (ruling.fate == Fate::sent)
        spdlog::info("dispatcher: sent {} to {} recipient(s): {}", mail.message_id, mail.recipients.size(),
                     ruling.words);
    else
        spdlog::warn("dispatcher: {} was not sent: {}", mail.message_id, ruling.words);
}

// The mails that were claimed together wait for each other, and one of them may take long.
net::awaitable<void> keep_claims(Ground const& ground, model::AccountId account, Instant& renewed)
{
    auto const now = ground.clock->now();
    if (now - renewed < lease_length / 3) co_return;
    auto renew = [account, owner = ground.owner](store::Connection& c) {
        store::renew_claims(c, account, owner, lease_length);
    };
    co_await ground.store->write(std::move(renew));
    renewed = now;
}

net::awaitable<void> give_back(Ground ground, std::vector<model::Outbound> mails, std::string why,
                               Duration wait = Duration(0))
{
    auto const due = ground.clock->now() + wait;
    auto work = [mails, why, due](store::Connection& c) {
        // Those that were settled meanwhile are left alone: only what is still claimed under this attempt goes back.
        for (auto const& mail : mails) store::give_back(c, mail.id, mail.attempt, due, why);
    };
    co_await note(ground, std::move(work));
}

// Claimed, or committing where the store broke off before it said so; the dot has not left, so there is nothing to
// doubt.
net::awaitable<void> give_back_unended(Ground ground, model::Outbound mail, std::string why)
{
    auto work = [mail, why = std::move(why), now = ground.clock->now()](store::Connection& c) {
        store::settle_later(c, mail.id, mail.attempt, now, why);
    };
    co_await note(ground, std::move(work));
}

// The next mail of the same session: its envelope goes with the end of the one before, and its first bytes are at hand.
struct Ahead {
    model::Outbound const* mail = nullptr;  // that it is about; none: nothing was sent ahead
    std::string first;
    bool copies_due = false;  // of what is sent: the server keeps none
};

net::awaitable<bool> commit_to(Ground ground, model::Outbound mail, std::vector<store::Excepted> excepted,
                               Instant next_try)
{
    auto commit = [id = mail.id, attempt = mail.attempt, excepted = std::move(excepted),
                   next_try](store::Connection& c) {
        if (excepted.empty()) return store::begin_committing(c, id, attempt);
        return store::begin_committing(c, id, attempt, excepted, next_try);
    };
    co_return co_await ground.store->write(std::move(commit));
}

// When recipients are tried again that were refused while others were accepted: at once where they were only too many.
Instant next_try_of(Ground const& ground, model::Outbound const& mail, std::vector<store::Excepted> const& excepted)
{
    auto const now = ground.clock->now();
    bool const only_too_many =
        std::ranges::all_of(excepted, [](auto const& each) { return !each.later || each.words.empty(); });
    return only_too_many ? now : now + wait_before_retry(mail.tries, random_fraction());
}

net::awaitable<Result<smtp::Offered>> offer(smtp::Session& session, model::Outbound const& mail, bool ahead)
{
    if (!ahead) co_return co_await session.offer(envelope_of(mail));
    co_return co_await session.offered();
}

// Returns with the mail's end known, and its note under way. `renewed` is when the claims last were; `next` is what
// goes out next over the same session, if that is known.
net::awaitable<Turn> send_noting(Ground ground, smtp::Session& session, model::Outbound mail, Notes notes,
                                 Instant& renewed, Ahead& ahead, model::Outbound const* next)
{
    bool const was_ahead = ahead.mail != nullptr;
    if (was_ahead && ahead.mail->id != mail.id) {
        session.abandon();
        throw net::Broken(Trouble::internal, "another mail was to go out next");
    }
    auto chunk = std::exchange(ahead.first, {});
    ahead.mail = nullptr;
    co_await keep_claims(ground, mail.account, renewed);
    auto const offered = co_await offer(session, mail, was_ahead);
    if (!offered) {
        co_await settle(ground, std::move(mail), {Fate::failed, offered.error().message});
        co_return Turn{};
    }
    auto const ruling = rule_on_offer(*offered, mail);
    if (ruling.fate != Fate::go_on) {
        // The server waits for a message that must not come, where it accepted some of the recipients.
        if (offered->data.code == 354) session.abandon();
        auto const turn = turn_after(ruling);
        co_await settle(ground, std::move(mail), ruling);
        // A sender that was accepted stays so (RFC 5321 section 4.1.4): the next mail's MAIL would be refused for
        // good, as nested.
        if (turn.ok && offered->mail.positive() && !session.gone()) {
            auto const forgotten = co_await session.reset();
            if (!forgotten.positive()) session.abandon();
        }
        co_return turn;
    }

    // All but the last chunk; then committing becomes durable while that one is on its way. Past the end of it the mail
    // may be out there. If the lease ran out meanwhile, somebody else has it: the end must not leave.
    Beside<bool> commit(ground.loop);
    std::exception_ptr broke_off;
    std::optional<smtp::Reply> refused;
    bool begun = false;
    try {
        auto left = mail.size;
        for (int number = 0; left > 0; ++number) {
            if (number > 0) {
                co_await keep_claims(ground, mail.account, renewed);
                chunk.clear();
            }
            if (chunk.empty()) chunk = co_await chunk_of(ground, mail, number);
            left -= static_cast<std::int64_t>(chunk.size());
            if (left <= 0) {
                begun = true;
                commit.begin(commit_to(ground, mail, ruling.excepted, next_try_of(ground, mail, ruling.excepted)));
            }
            co_await session.stream(chunk);
        }
        if (next != nullptr && session.may_follow(envelope_of(*next)))
            ahead.first = co_await chunk_of(ground, *next, 0);
        refused = co_await session.streamed();
    } catch (...) {
        broke_off = std::current_exception();
    }
    if (!begun)
        std::rethrow_exception(
            broke_off ? broke_off : std::make_exception_ptr(net::Broken(Trouble::internal, "the mail has no bytes")));
    bool ours = false;
    std::optional<store::Failure> unsaid;
    try {
        ours = co_await commit.end();
    } catch (store::Failure const& failure) {
        unsaid = failure;
    }
    if (unsaid || broke_off) {
        session.abandon();
        ahead.first.clear();
        std::string const why = unsaid ? unsaid->what() : "the connection broke before the end of the message had left";
        co_await give_back_unended(ground, std::move(mail), why);
        if (unsaid) throw store::Failure(*unsaid);
        std::rethrow_exception(broke_off);
    }
    if (!ours) {
        session.abandon();
        ahead.first.clear();
        spdlog::warn("dispatcher: {} was taken back before it was sent; this attempt is dropped", mail.message_id);
        co_return Turn{};
    }
    if (refused) {  // a chunk, and so the whole; the end of it never left
        auto const end = rule_on_end(*refused);
        auto const turn = turn_after(end);
        ahead.first.clear();
        co_await settle(ground, std::move(mail), end);
        auto const forgotten = co_await session.reset();
        if (!forgotten.positive()) session.abandon();
        co_return turn;
    }
    std::string broke;
    smtp::Reply reply;
    try {
        if (ahead.first.empty()) {
            reply = co_await session.finish();
        } else {
            auto const envelope = envelope_of(*next);
            ahead.mail = next;
            reply = co_await session.finish(&envelope);
        }
        // "Go on" is no decision: it neither says that the mail was taken nor allows another try.
        if (reply.intermediate()) broke = "it said " + reply.words();
    } catch (net::Broken const& broken) {
        broke = broken.what();
    }
    if (!broke.empty()) {
        auto read = [](store::Connection& c) { return store::setting(c, "doubt-delays"); };
        auto const delays = co_await ground.store->read(std::move(read));
        auto const look = ground.clock->now() + next_look_after(delays, 0).value_or(Duration(0));
        auto const words = "the message was sent, and the server did not say what became of it: " + broke;
        auto work = [mail, look, words](store::Connection& c) { store::doubt(c, mail.id, mail.attempt, look, words); };
        co_await note(ground, std::move(work));
        spdlog::warn("dispatcher: {} is in doubt: {}", mail.message_id, words);
        co_return Turn{false, words};
    }
    auto end = rule_on_end(reply);
    if (end.fate == Fate::sent && !ruling.words.empty()) end.words += "; but " + ruling.words;
    auto id = smtp::echoed_message_id(reply).value_or("");
    if (id.size() > 2) id = id.substr(1, id.size() - 2);
    auto turn = turn_after(end);
    auto note = settle(ground, std::move(mail), std::move(end), std::move(id), ahead.copies_due);
    notes.begin(std::move(note));
    co_return turn;
}

// Whom the server counts a mail for.
Uuid const& pacer_of(bool by_mailbox, model::Outbound const& mail)
{
    return by_mailbox ? mail.mailbox.value : mail.account.value;
}

net::awaitable<void> slow_down(Ground ground, Uuid pacer, Slow slow, std::int64_t connections, std::string words)
{
    auto work = [pacer, slow, connections, words, now = ground.clock->now()](store::Connection& c) {
        if (slow != Slow::fewer)
            store::pause_sending(c, pacer, now + (slow == Slow::rest ? rest_length : pause_length), words);
        else
            store::send_by_fewer(c, pacer, std::max<std::int64_t>(1, connections - 1), now + fewer_for, words);
    };
    co_await note(ground, std::move(work));
    spdlog::info("dispatcher: the server wants less at once: {}", words);
}

}  // namespace

// The session that mail goes out by: one for all of the account's, or, where the server is told the mailbox, one for
// each, after the other.
class Line {
public:
    Line(Ground const& ground, model::Account account) : ground_(ground), account_(std::move(account)) {}

    [[nodiscard]] bool is_open() const { return session_ && !session_->gone(); }

    [[nodiscard]] model::AccountId account() const { return account_.id; }
    [[nodiscard]] bool for_each_mailbox() const { return grants::submits_as_mailbox(account_); }

    net::awaitable<Result<void>> open(std::optional<model::Mailbox> mailbox)
    {
        auto signed_in = co_await grants::sign_in_smtp(ground_.roads, account_, std::move(mailbox));
        if (!signed_in) co_return std::unexpected(signed_in.error());
        session_ = std::move(signed_in->session);
        co_return Result<void>();
    }

    // So that what follows goes out as `id`. Errors: the mailbox's trouble, and nobody else's.
    net::awaitable<Result<void>> change_to(model::MailboxId id)
    {
        if (session_ && open_for_ == id) co_return Result<void>();
        co_await quit();
        auto read = [id](store::Connection& c) { return store::mailbox(c, id); };
        auto mailbox = co_await ground_.store->read(std::move(read));
        if (!mailbox) co_return failure(Trouble::not_found, "the mailbox is not there any more");
        auto const opened = co_await open(std::move(mailbox));
        open_for_ = id;
        co_return opened;
    }

    [[nodiscard]] smtp::Session& session() { return *session_; }

    net::awaitable<void> quit()
    {
        if (session_) co_await session_->quit();
        session_.reset();
    }

private:
    Ground ground_;
    model::Account account_;
    std::unique_ptr<smtp::Session> session_;
    std::optional<model::MailboxId> open_for_;
};

namespace {

std::tuple<model::MailboxId, Instant, model::OutboundId> by_mailbox(model::Outbound const& mail)
{
    return {mail.mailbox, mail.created, mail.id};
}

// True where the line is open for the mail. What can't go out goes back, for a while.
net::awaitable<bool> ready_for(Ground const& ground, Line& line, model::Outbound const& mail, Turn& so_far)
{
    if (!line.for_each_mailbox()) co_return true;
    auto shut_out = so_far.shut_out.find(mail.mailbox);
    if (shut_out == so_far.shut_out.end()) {
        auto const changed = co_await line.change_to(mail.mailbox);
        if (changed) {
            so_far.let_in.insert(mail.mailbox);
            co_return true;
        }
        if (ground.roads.stop && ground.roads.stop->is_now()) throw net::Broken(changed.error());
        shut_out = so_far.shut_out.emplace(mail.mailbox, changed.error().message).first;
    }
    std::vector<model::Outbound> back{mail};
    co_await give_back(ground, std::move(back), shut_out->second, shut_out_for);
    co_return false;
}

// Recipients beyond what the server takes of one message become another part. False: the claim was lost.
net::awaitable<bool> cut_to(Ground const& ground, model::Outbound& mail, std::size_t most)
{
    if (mail.recipients.size() <= most) co_return true;
    auto work = [id = mail.id, attempt = mail.attempt, most](store::Connection& c) {
        return store::split_off(c, id, attempt, most);
    };
    bool const ours = co_await ground.store->write(std::move(work));
    mail.recipients.resize(most);
    co_return ours;
}

// All that is due; what is claimed when there is trouble is given back.
net::awaitable<Turn> send_all(Ground ground, Line& line, model::AccountSending sending,
                              std::shared_ptr<bool const> stopped, Notes notes)
{
    Turn all;
    store::Pacing const pacing{line.for_each_mailbox(),
                               {sending.messages_a_minute.value_or(0), sending.recipients_a_day.value_or(0)}};
    auto const at_once = static_cast<std::size_t>(sending.recipients_a_message.value_or(500));
    while (!*stopped) {
        auto claim = [account = line.account(), owner = ground.owner, pacing](store::Connection& c) {
            return store::claim(c, account, owner, claimed_at_once, lease_length, pacing);
        };
        auto mails = co_await ground.store->write(std::move(claim));
        if (mails.empty()) break;
        if (line.for_each_mailbox()) std::ranges::sort(mails, {}, by_mailbox);
        auto renewed = ground.clock->now();
        Turn turn;
        Ahead ahead{.copies_due = sending.append_sent};
        std::exception_ptr store_failed;
        for (std::size_t i = 0; i < mails.size(); ++i) {
            if (*stopped) break;
            auto& mail = mails[i];
            try {
                bool const ready = co_await ready_for(ground, line, mail, all);
                if (!ready) continue;
                bool const ours = co_await cut_to(ground, mail, at_once);
                if (!ours) continue;
                // One that needs another session, or is to be cut, is not sent ahead.
                auto const* next = i + 1 < mails.size() ? &mails[i + 1] : nullptr;
                if (next != nullptr &&
                    ((line.for_each_mailbox() && next->mailbox != mail.mailbox) || next->recipients.size() > at_once))
                    next = nullptr;
                turn = co_await send_noting(ground, line.session(), mail, notes, renewed, ahead, next);
            } catch (net::Broken const& broken) {
                turn = {false, broken.what()};
            } catch (store::Failure const& failure) {
                turn = {false, failure.what()};
                store_failed = std::current_exception();
            }
            if (turn.slow != Slow::no)
                co_await slow_down(ground, pacer_of(line.for_each_mailbox(), mail), turn.slow,
                                   sending.connections.value_or(1), turn.trouble);
            if (turn.refused && line.for_each_mailbox()) {  // that one's trouble: the others have sessions of their own
                all.shut_out.insert_or_assign(mail.mailbox, turn.trouble);
                line.session().abandon();
                ahead = {.copies_due = sending.append_sent};
                turn = {};
                continue;
            }
            if (turn.ok && line.session().gone()) turn = {false, "the server ended the session"};
            if (!turn.ok) break;
        }
        // What was sent ahead is not followed by a message any more.
        if (ahead.mail != nullptr) line.session().abandon();
        if (!turn.ok || *stopped) {
            co_await give_back(ground, mails, turn.trouble);
            if (store_failed) std::rethrow_exception(store_failed);
            all.ok = turn.ok;
            all.trouble = turn.trouble;
            all.slow = turn.slow;
            co_return all;
        }
    }
    co_return all;
}

}  // namespace

net::awaitable<Turn> send_one(Ground ground, smtp::Session& session, model::Outbound mail)
{
    Notes notes(ground.loop);
    auto renewed = ground.clock->now();
    Ahead ahead;
    auto turn = co_await send_noting(ground, session, std::move(mail), notes, renewed, ahead, nullptr);
    co_await notes.end();
    co_return turn;
}

net::awaitable<Turn> send_due(Ground ground, model::Account account, model::AccountSending sending,
                              std::shared_ptr<bool const> stopped, std::shared_ptr<Line>& kept)
{
    auto line = std::exchange(kept, {});
    if (line && !line->for_each_mailbox()) {
        // A server may have ended it meanwhile, without a word to us so far.
        bool alive = false;
        try {
            auto const answer = co_await line->session().noop();
            alive = answer.positive();
        } catch (net::Broken const&) {
        }
        if (!alive) line.reset();
    }
    if (!line) {
        line = std::make_shared<Line>(ground, account);
        if (!line->for_each_mailbox()) {
            auto const opened = co_await line->open(std::nullopt);
            if (!opened) {
                auto const slow = slow_of(opened.error().message);
                if (slow != Slow::no)
                    co_await slow_down(ground, account.id.value, slow, sending.connections.value_or(1),
                                       opened.error().message);
                co_return Turn{false, opened.error().message, slow};
            }
        }
    }
    Notes notes(ground.loop);
    Turn turn;
    std::exception_ptr failed;
    try {
        turn = co_await send_all(ground, *line, std::move(sending), std::move(stopped), notes);
    } catch (store::Failure const&) {
        failed = std::current_exception();
    }
    co_await notes.end();
    if (failed) std::rethrow_exception(failed);
    if (turn.ok && line->is_open()) kept = std::move(line);
    co_return turn;
}

net::awaitable<void> hang_up(std::shared_ptr<Line> line)
{
    co_await line->quit();
}

}  // namespace postroom::dispatcher
