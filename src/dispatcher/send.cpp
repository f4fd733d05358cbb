// Claimed, offered, streamed; committing, durably; then the final dot; then settled by what the server says. Whatever
// breaks before "committing" gives the mail back; whatever breaks after it leaves the mail in doubt.
#include "dispatcher/account-run.hpp"
#include "dispatcher/claims.hpp"
#include "dispatcher/commitments.hpp"
#include "dispatcher/notes.hpp"
#include "dispatcher/settling.hpp"
#include "store/accounts.hpp"
#include "store/outbound.hpp"
#include "store/settings.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <iterator>

namespace postroom::dispatcher {

namespace {

// How long a mailbox pauses, or is sent from over fewer connections, because its server said that it is too much.
constexpr Duration pause_length{60'000};
constexpr Duration rest_length{15 * 60'000};
constexpr Duration fewer_for{10 * 60'000};
// How long the mail of a mailbox waits that the server did not let in, while that of others goes out.
constexpr Duration shut_out_for{60'000};

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

// What is the account's trouble ends its turn.
Turn turn_after(Ruling const& ruling)
{
    Turn turn{ruling.fate != Fate::account, {}, ruling.slow};
    if (turn.ok) return turn;
    turn.trouble = ruling.words;
    turn.refused = ruling.slow == Slow::no;
    return turn;
}

// What lasts from mail to mail of one session.
struct Run {
    Ground ground;
    Notes notes;
    Claims claims;
    Commitments commitments{};
    bool copies_due = false;            // of what is sent: the server keeps none
    Outgoing const* offered = nullptr;  // whose envelope went with the end of the mail before
};

net::awaitable<Result<smtp::Offered>> offer(smtp::Session& session, model::Outbound const& mail, bool ahead)
{
    if (!ahead) co_return co_await session.offer(envelope_of(mail));
    co_return co_await session.offered();
}

// Until the transaction that it is committing by has ended, nothing else can be written of a mail.
net::awaitable<void> drop_commitment(Run& run, model::OutboundId id)
{
    if (!run.commitments.has(id)) co_return;
    try {
        (void)co_await run.commitments.of(id);
    } catch (store::Failure const& failure) {
        // Claimed, or committing: what is written now is the same for both.
        spdlog::debug("dispatcher: nobody knows whether it was committed to: {}", failure.what());
    }
    run.commitments.drop(id);
}

// Settled by an answer before its end had left.
net::awaitable<void> settle_unended(Run& run, model::Outbound mail, Ruling ruling)
{
    co_await drop_commitment(run, mail.id);
    auto settlement = settlement_of(run.ground, std::move(mail), std::move(ruling));
    co_await settle(run.ground, std::move(settlement));
}

// Committing already; those who are not among its recipients after all are written down before its end leaves.
net::awaitable<bool> committed_to(Run& run, model::Outbound const& mail, Ruling const& ruling)
{
    bool ours = co_await run.commitments.of(mail.id);
    if (ours && !ruling.excepted.empty()) ours = co_await except_from(run.ground, mail, ruling.excepted);
    co_return ours;
}

// The next mail's envelope may go with the end of the one before, and its first octets are at hand.
net::awaitable<bool> follows(Run& run, smtp::Session& session, Outgoing* next)
{
    if (next == nullptr || !session.may_follow(envelope_of(next->mail))) co_return false;
    try {
        if (next->first.empty()) next->first = co_await chunk_of(run.ground, next->mail, 0);
    } catch (store::Failure const&) {
        co_return false;  // it says so when its turn comes, and at nobody else's cost
    }
    co_return true;
}

// What is committing beside the settlement of the mail before: the next one, whose end can follow at once, and the one
// behind it, which then waits for no commit. Where the server takes its time a commit is a small part of it, and a
// crash should leave no more in doubt than it must.
constexpr std::chrono::milliseconds quick{20};

std::vector<model::Outbound> to_commit(Run const& run, std::initializer_list<Outgoing const*> upcoming)
{
    std::vector<model::Outbound> mails;
    for (auto const* each : upcoming) {
        if (each == nullptr || !each->is_whole()) break;
        if (!run.commitments.has(each->mail.id)) mails.push_back(each->mail);
    }
    return mails;
}

// Returns with the mail's end known, and its note under way. `next` and `after` go out next over the same session, if
// that is known.
net::awaitable<Turn> send_noting(Run& run, smtp::Session& session, Outgoing& outgoing, Outgoing* next,
                                 Outgoing const* after)
{
    auto const& ground = run.ground;
    auto const& mail = outgoing.mail;
    auto const* const was_offered = std::exchange(run.offered, nullptr);
    if (was_offered != nullptr && was_offered != &outgoing) {
        session.abandon();
        throw net::Broken(Trouble::internal, "another mail was to go out next");
    }
    co_await run.claims.keep();
    auto const offered = co_await offer(session, mail, was_offered != nullptr);
    if (!offered) {
        Ruling const never{Fate::failed, offered.error().message};
        co_await settle_unended(run, mail, never);
        co_return Turn{};
    }
    auto const ruling = rule_on_offer(*offered, mail);
    if (ruling.fate != Fate::go_on) {
        // The server waits for a message that must not come, where it accepted some of the recipients.
        if (offered->data.code == 354) session.abandon();
        auto const turn = turn_after(ruling);
        co_await settle_unended(run, mail, ruling);
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
    bool const is_committing = run.commitments.has(mail.id);
    Beside<bool> commit(ground.loop);
    std::exception_ptr broke_off;
    std::string damage;
    std::optional<smtp::Reply> refused;
    bool begun = is_committing;
    bool next_follows = false;
    try {
        auto left = is_committing ? 0 : mail.size;
        for (int number = 0; left > 0; ++number) {
            std::string chunk;
            if (number == 0) chunk = std::move(outgoing.first);
            if (number > 0) co_await run.claims.keep();
            if (chunk.empty()) chunk = co_await chunk_of(ground, mail, number);
            left -= static_cast<std::int64_t>(chunk.size());
            if (left <= 0) {
                begun = true;
                commit.begin(commit_to(ground, mail, ruling.excepted, next_try_of(ground, mail, ruling.excepted)));
            }
            co_await session.stream(chunk);
        }
        next_follows = co_await follows(run, session, next);
        refused = co_await session.streamed();
    } catch (DamagedMail const& damaged) {
        damage = damaged.what();
    } catch (...) {
        broke_off = std::current_exception();
    }
    if (!begun && !broke_off) {
        // No try will find its bytes again: the agent is told, and the mails behind it go out.
        if (damage.empty()) damage = "the store has no bytes of " + mail.message_id;
        spdlog::error("dispatcher: {} can't be sent: {}", mail.message_id, damage);
        session.abandon();
        Ruling const never{Fate::failed, damage};
        co_await settle_unended(run, mail, never);
        co_return Turn{};
    }
    if (!begun) std::rethrow_exception(broke_off);
    bool ours = false;
    std::optional<store::Failure> unsaid;
    try {
        if (is_committing)
            ours = co_await committed_to(run, mail, ruling);
        else
            ours = co_await commit.end();
    } catch (store::Failure const& failure) {
        unsaid = failure;
    }
    run.commitments.drop(mail.id);
    if (unsaid || broke_off) {
        session.abandon();
        std::string const why = unsaid ? unsaid->what() : "the connection broke before the end of the message had left";
        co_await give_back_unended(ground, mail, why);
        if (unsaid) throw store::Failure(*unsaid);
        std::rethrow_exception(broke_off);
    }
    if (!ours) {
        session.abandon();
        spdlog::warn("dispatcher: {} was taken back before it was sent; this attempt is dropped", mail.message_id);
        co_return Turn{};
    }
    if (refused) {  // a chunk, and so the whole; the end of it never left
        auto const end = rule_on_end(*refused);
        auto const turn = turn_after(end);
        co_await settle_unended(run, mail, end);
        auto const forgotten = co_await session.reset();
        if (!forgotten.positive()) session.abandon();
        co_return turn;
    }
    std::string broke;
    smtp::Reply reply;
    auto const ended = std::chrono::steady_clock::now();
    try {
        std::string const rest = is_committing ? std::move(outgoing.first) : std::string();
        if (next_follows) {
            auto const envelope = envelope_of(next->mail);
            run.offered = next;
            reply = co_await session.finish(&envelope, rest);
        } else {
            reply = co_await session.finish(nullptr, rest);
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
    bool const is_quick = std::chrono::steady_clock::now() - ended < quick;
    auto end = rule_on_end(reply);
    if (end.fate == Fate::sent && !ruling.words.empty()) end.words += "; but " + ruling.words;
    auto id = smtp::echoed_message_id(reply).value_or("");
    if (id.size() > 2) id = id.substr(1, id.size() - 2);
    auto turn = turn_after(end);
    std::vector<model::Outbound> with;
    if (is_quick && end.fate == Fate::sent && run.offered != nullptr) with = to_commit(run, {next, after});
    auto settlement = settlement_of(ground, mail, std::move(end), std::move(id), run.copies_due);
    if (with.empty())
        run.notes.begin(settle(ground, std::move(settlement)));
    else
        run.commitments.begin(ground, run.notes, std::move(settlement), std::move(with));
    co_return turn;
}

// Less than a place among the connections is held for, with a mail's longest way out.
constexpr Duration turn_length{3 * 60'000};

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

// What is committing and not ended goes back to the queue, and out of this turn.
net::awaitable<void> withdraw_committing(Run& run, std::string why)
{
    std::vector<model::Outbound> back;
    for (auto const& each : run.claims.queued())
        if (run.commitments.has(each.mail.id)) back.push_back(each.mail);
    if (back.empty()) co_return;
    for (auto const& mail : back) co_await drop_commitment(run, mail.id);
    std::erase_if(run.claims.queued(), [&](Outgoing const& each) {
        return std::ranges::find(back, each.mail.id, &model::Outbound::id) != back.end();
    });
    co_await hold_back(run.ground, std::move(back), std::move(why));
}

// All that is due; what is claimed when there is trouble is given back.
net::awaitable<Turn> send_all(Run& run, Line& line, model::AccountSending sending, std::shared_ptr<bool const> stopped)
{
    auto const& ground = run.ground;
    Turn all;
    auto const at_once = static_cast<std::size_t>(sending.recipients_a_message.value_or(500));
    // One that needs another session, or is to be cut, is not sent ahead.
    auto const goes_with = [&](Outgoing* each, model::Outbound const& mail) {
        bool const goes = each != nullptr && each->mail.recipients.size() <= at_once &&
                          (!line.for_each_mailbox() || each->mail.mailbox == mail.mailbox);
        return goes ? each : nullptr;
    };
    Turn turn;
    std::exception_ptr store_failed;
    // Its place among the connections is held for somewhat longer, and renewed when the next turn begins.
    auto const until = ground.clock->now() + turn_length;
    while (turn.ok && !*stopped && ground.clock->now() < until) {
        try {
            bool const any = co_await run.claims.wait();
            if (!any) co_return all;
            auto& outgoing = run.claims.queued().front();
            auto& mail = outgoing.mail;
            bool go = co_await ready_for(ground, line, mail, all);
            if (go) go = co_await cut_to(ground, mail, at_once);
            if (!go) {
                run.claims.queued().pop_front();
                continue;
            }
            auto* const next = goes_with(run.claims.upcoming(1), mail);
            auto const* const after = next != nullptr ? goes_with(run.claims.upcoming(2), mail) : nullptr;
            turn = co_await send_noting(run, line.session(), outgoing, next, after);
        } catch (net::Broken const& broken) {
            turn = {false, broken.what()};
        } catch (store::Failure const& failure) {
            turn = {false, failure.what()};
            store_failed = std::current_exception();
            break;
        }
        auto const& mail = run.claims.queued().front().mail;
        try {
            if (turn.slow != Slow::no)
                co_await slow_down(ground, pacer_of(line.for_each_mailbox(), mail), turn.slow,
                                   sending.connections.value_or(1), turn.trouble);
            if (turn.refused && line.for_each_mailbox()) {  // that one's trouble: the others have sessions of their own
                all.shut_out.insert_or_assign(mail.mailbox, turn.trouble);
                line.session().abandon();
                run.offered = nullptr;
                run.claims.queued().pop_front();
                co_await withdraw_committing(run, turn.trouble);
                turn = {};
                continue;
            }
        } catch (store::Failure const& failure) {
            turn = {false, failure.what()};
            store_failed = std::current_exception();
            break;
        }
        if (turn.ok && line.session().gone()) turn = {false, "the server ended the session"};
        if (turn.ok) run.claims.queued().pop_front();
    }
    // What was sent ahead is not followed by a message any more.
    if (run.offered != nullptr) line.session().abandon();
    try {
        co_await withdraw_committing(run, turn.trouble);
    } catch (store::Failure const&) {
        // They stay committing, and are in doubt once their claim has run out: nobody can tell any more.
        if (!store_failed) store_failed = std::current_exception();
    }
    auto rest = co_await run.claims.take_rest();
    co_await give_back(ground, std::move(rest), turn.trouble);
    if (store_failed) std::rethrow_exception(store_failed);
    all.ok = turn.ok;
    all.trouble = turn.trouble;
    all.slow = turn.slow;
    co_return all;
}

}  // namespace

net::awaitable<Turn> send_one(Ground ground, smtp::Session& session, model::Outbound mail)
{
    Run run{ground, Notes(ground.loop), Claims(ground, mail.account, {})};
    Outgoing outgoing{std::move(mail)};
    auto turn = co_await send_noting(run, session, outgoing, nullptr, nullptr);
    co_await run.notes.end();
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
            alive = false;
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
    store::Pacing const pacing{line->for_each_mailbox(),
                               {sending.messages_a_minute.value_or(0), sending.recipients_a_day.value_or(0)}};
    Run run{ground, Notes(ground.loop), Claims(ground, account.id, pacing)};
    run.copies_due = sending.append_sent;
    Turn turn;
    std::exception_ptr failed;
    try {
        turn = co_await send_all(run, *line, std::move(sending), std::move(stopped));
    } catch (store::Failure const&) {
        failed = std::current_exception();
    }
    co_await run.notes.end();
    if (failed) std::rethrow_exception(failed);
    if (turn.ok && line->is_open()) kept = std::move(line);
    co_return turn;
}

net::awaitable<void> hang_up(std::shared_ptr<Line> line)
{
    co_await line->quit();
}

}  // namespace postroom::dispatcher
