// All of an account's mail that is due, one after another over one session, until nothing is left or there is trouble.
#include "dispatcher/line.hpp"
#include "dispatcher/run.hpp"
#include "dispatcher/settling.hpp"
#include "store/outbound.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace postroom::dispatcher {

namespace {

// How long a mailbox pauses, or is sent from over fewer connections, because its server said that it is too much.
constexpr Duration pause_length{60'000};
constexpr Duration rest_length{15 * 60'000};
constexpr Duration fewer_for{10 * 60'000};
// How long the mail of a mailbox waits that the server did not let in, while that of others goes out.
constexpr Duration shut_out_for{60'000};
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
                run.pop();
                continue;
            }
            auto* const next = goes_with(run.claims.upcoming(1), mail);
            std::size_t behind = 0;
            while (behind < Run::most_ahead && goes_with(run.claims.upcoming(behind + 1), mail) != nullptr) ++behind;
            turn = co_await send_noting(run, line.session(), outgoing, next, behind);
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
                run.pop();
                co_await run.withdraw_committing(turn.trouble);
                turn = {};
                continue;
            }
        } catch (store::Failure const& failure) {
            turn = {false, failure.what()};
            store_failed = std::current_exception();
            break;
        }
        if (turn.ok && line.session().gone()) turn = {false, "the server ended the session"};
        if (turn.ok) run.pop();
    }
    // What was sent ahead is not followed by a message any more.
    if (run.offered != nullptr) line.session().abandon();
    try {
        co_await run.withdraw_committing(turn.trouble);
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

net::awaitable<Turn> send_due(Ground ground, std::shared_ptr<Daybook> book, model::Account account,
                              model::AccountSending sending, std::shared_ptr<bool const> stopped,
                              std::shared_ptr<Line>& kept)
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
    Run run{ground, std::move(book), Notes(ground.loop), Claims(ground, account.id, pacing)};
    run.copies_due = sending.append_sent;
    Turn turn;
    std::exception_ptr failed;
    try {
        turn = co_await send_all(run, *line, std::move(sending), std::move(stopped));
    } catch (store::Failure const&) {
        failed = std::current_exception();
    }
    run.commitments.flush();
    co_await run.notes.end();
    if (failed) std::rethrow_exception(failed);
    if (turn.ok && line->is_open()) kept = std::move(line);
    co_return turn;
}

}  // namespace postroom::dispatcher
