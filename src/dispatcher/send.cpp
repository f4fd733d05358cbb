// Claimed, offered, streamed; committing, durably; then the final dot; then settled by what the server says. Whatever
// breaks before "committing" gives the mail back; whatever breaks after it leaves the mail in doubt.
#include "dispatcher/run.hpp"
#include "dispatcher/settling.hpp"
#include "store/outbound.hpp"
#include "store/settings.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace postroom::dispatcher {

namespace {

using Steady = std::chrono::steady_clock;

// Where the server takes longer, a commit is a small part of the time that a mail takes.
constexpr std::chrono::milliseconds quick{20};

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

net::awaitable<Result<smtp::Offered>> offer(smtp::Session& session, model::Outbound const& mail, bool ahead)
{
    if (!ahead) co_return co_await session.offer(envelope_of(mail));
    co_return co_await session.offered();
}

// Settled by an answer before its end had left.
net::awaitable<void> settle_unended(Run& run, model::Outbound mail, Ruling ruling)
{
    co_await run.drop_commitment(mail.id);
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

}  // namespace

net::awaitable<Turn> send_noting(Run& run, smtp::Session& session, Outgoing& outgoing, Outgoing* next,
                                 std::size_t behind)
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
    auto const ended = Steady::now();
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
    auto const took = Steady::now() - ended;
    run.pace = run.pace == Steady::duration{} ? took : (run.pace * 7 + took) / 8;
    auto end = rule_on_end(reply);
    if (end.fate == Fate::sent && !ruling.words.empty()) end.words += "; but " + ruling.words;
    auto id = smtp::echoed_message_id(reply).value_or("");
    if (id.size() > 2) id = id.substr(1, id.size() - 2);
    auto turn = turn_after(end);
    bool const at_once = end.fate == Fate::sent && run.offered != nullptr && took < quick;
    auto settlement = settlement_of(ground, mail, std::move(end), std::move(id), run.copies_due);
    run.answered(std::move(settlement), at_once, behind);
    co_return turn;
}

net::awaitable<Turn> send_one(Ground ground, smtp::Session& session, model::Outbound mail)
{
    Run run{ground, std::make_shared<Daybook>(ground), Notes(ground.loop), Claims(ground, mail.account, {})};
    Outgoing outgoing{std::move(mail)};
    auto turn = co_await send_noting(run, session, outgoing, nullptr, 0);
    co_await run.notes.end();
    co_return turn;
}

}  // namespace postroom::dispatcher
