// Exactly once, on the way out. Seen to fail under these one-line mutations of src/dispatcher/send.cpp:
//   - begin_committing moved behind session.finish(): TheDotLeavesOnlyAfterCommittingIsDurable
//   - the `if (!ours)` branch left out: AClaimThatWasLostSendsNothing
//   - a Broken from finish() given back in place of doubt(): NothingIsSentAgainWhateverBreaks
//   - session.reset() left out: ARefusedMailDoesNotRefuseTheNext
//   - settle() writing once, whatever comes: AnAnswerIsNotedThoughTheStoreFailsForAMoment
//   - note() giving up after some times, whatever comes: AnAnswerIsHeldForAsLongAsTheStoreStandsStill
//   - give_back_unended() left out: WhatPerhapsIsCommittingAndWasNotEndedGoesBackToTheQueue
#include "dispatcher/account-run.hpp"

#include "dispatcher/queue-test.hpp"
#include "store/sending.hpp"
#include "store/settings.hpp"
#include "support/loop.hpp"
#include "support/script.hpp"

namespace postroom::dispatcher {
namespace {

using model::OutboundState;
using store::Connection;

std::string const greeting = R"(
    S: 220 ready
    C: EHLO here
    S: 250-there
    S: 250-SIZE 157286400
    S: 250 PIPELINING
)";
std::string const offer = R"(
    C: MAIL FROM:<sales@contoso.com> SIZE=26
    C: RCPT TO:<customer@example.com>
    C: DATA
    S: 250 2.1.0 Sender OK
)";
std::string const accepted = R"(
    S: 250 2.1.5 Recipient OK
    S: 354 Start mail input; end with <CRLF>.<CRLF>
)";
std::string const octets = R"(
    C: Subject: hello
    C:
    C: Dear you
    C: .
)";
std::string const dialogue = greeting + offer + accepted + octets + "S: 250 2.0.0 OK <new@provider> [Hostname=X]\n";

// Passes everything on to the script, and calls `before_dot` when the end of a message is about to leave.
class Watched final : public net::Transport {
public:
    Watched(std::unique_ptr<net::Transport> inner, std::function<void()> before_dot)
        : inner_(std::move(inner)), before_dot_(std::move(before_dot))
    {
    }
    net::awaitable<bool> read_more(std::string& into) override { co_return co_await inner_->read_more(into); }
    net::awaitable<void> write(Wire const& wire) override
    {
        tail_ += wire.bytes();
        if (tail_.size() > 5) tail_.erase(0, tail_.size() - 5);
        if (tail_ == "\r\n.\r\n") before_dot_();
        co_await inner_->write(wire);
    }
    net::awaitable<void> start_tls() override { co_await inner_->start_tls(); }
    void expire_after(Duration limit) override { inner_->expire_after(limit); }
    net::awaitable<net::Woken> wait(Duration limit) override { co_return co_await inner_->wait(limit); }
    void nudge() override { inner_->nudge(); }
    void close() noexcept override { inner_->close(); }
    std::string const& peer() const override { return inner_->peer(); }

private:
    std::unique_ptr<net::Transport> inner_;
    std::function<void()> before_dot_;
    std::string tail_;
};

class SendTest : public QueueTest {
protected:
    struct Played {
        test::Stage stage;
        bool dot_left = false;
        bool broken = false;
        std::size_t operations = 0;
    };
    // Greets, says hello and sends the mails, with the connection cut at the given operation.
    Played send(
        std::vector<model::Outbound> const& mails, test::Playing how, std::string_view script = dialogue,
        std::function<void()> before_dot = [] {})
    {
        Played played;
        auto stage = std::make_shared<test::Stage>();
        boost::asio::io_context loop;
        auto watched =
            std::make_unique<Watched>(std::make_unique<test::Script>(test::to_dialogue(script), how, stage), [&] {
                played.dot_left = true;
                before_dot();
            });
        auto session = std::make_unique<smtp::Session>(std::move(watched));
        Ground ground{&failing, {}, loop.get_executor(), "here", &clock, Duration(1)};
        ground.roads.stop = stop;
        auto work = [&]() -> net::awaitable<void> {
            auto const greeting = co_await session->greet();
            EXPECT_EQ(greeting.code, 220U);
            auto const hello = co_await session->hello("here");
            EXPECT_TRUE(hello.positive());
            for (auto const& mail : mails) co_await send_one(ground, *session, mail);
        };
        try {
            test::run(loop, work());
        } catch (net::Broken const&) {
            played.broken = true;
        } catch (store::Failure const&) {
            played.broken = true;
        }
        session.reset();
        played.stage = *stage;
        played.operations = stage->operations;
        return played;
    }

    std::shared_ptr<net::Stop> stop;
};

TEST_F(SendTest, SendsOneMailAndSettlesIt)
{
    auto const id = enqueue();
    auto const played = send({claim()}, {});
    EXPECT_FALSE(played.broken);
    auto const mail = *read([&](Connection& c) { return store::outbound(c, id); });
    EXPECT_EQ(mail.state, OutboundState::sent);
    EXPECT_EQ(mail.provider_message_id, "new@provider");
    EXPECT_EQ(mail.attempt, 1);
}

TEST_F(SendTest, TheDotLeavesOnlyAfterCommittingIsDurable)
{
    auto const id = enqueue();
    std::optional<OutboundState> at_the_dot;
    send({claim()}, {}, dialogue, [&] { at_the_dot = state(id); });
    EXPECT_EQ(at_the_dot, OutboundState::committing);
}

TEST_F(SendTest, NothingIsSentAgainWhateverBreaks)
{
    enqueue();
    auto const operations = send({claim()}, {.piece = 40}).operations;
    ASSERT_GT(operations, 8U);
    int doubts = 0;
    int given_up = 0;
    for (std::size_t at = 0; at < operations; ++at) {
        for (bool const orderly : {false, true}) {
            SCOPED_TRACE("cut at operation " + std::to_string(at));
            auto const id = enqueue();
            auto const played = send({claim()}, {.piece = 40, .break_at = at, .orderly = orderly});
            auto const now = state(id);
            if (played.dot_left) {
                EXPECT_EQ(now, OutboundState::in_doubt);
                ++doubts;
            } else {
                EXPECT_TRUE(played.broken);
                // Claimed still, or given back where it was committing and its end had not left.
                EXPECT_TRUE(now == OutboundState::claimed || now == OutboundState::queued);
                ++given_up;
            }
            // However long ago its lease ran out, what may be out there is not claimed again.
            clock.advance(Duration(3'600'000));
            write([&](Connection& c) { return store::recover_outbound(c, clock.now()); });
            auto const again =
                write([&](Connection& c) { return store::claim(c, house.account.id, "there", 10, Duration(60'000)); });
            EXPECT_EQ(again.size(), played.dot_left ? 0U : 1U);
            for (auto const& mail : again)
                write([&](Connection& c) { store::settle_failed(c, mail.id, mail.attempt, "out of the way"); });
        }
    }
    EXPECT_GT(doubts, 0);
    EXPECT_GT(given_up, 0);
}

TEST_F(SendTest, AMailWhoseBytesAreLostOrDamagedFailsAndIsNotTriedForEver)
{
    for (std::string_view const harm :
         {"UPDATE body_chunk SET size = size + 1 WHERE body = ?", "DELETE FROM body_chunk WHERE body = ?"}) {
        auto const id = enqueue();
        auto const mail = claim();
        write([&](Connection& c) { EXPECT_GT(c.execute(harm, mail.body), 0) << harm; });
        auto const played = send({mail}, {}, greeting + offer + accepted);
        EXPECT_FALSE(played.broken) << harm;
        EXPECT_FALSE(played.dot_left) << harm;
        EXPECT_EQ(state(id), OutboundState::failed) << harm;
    }
}

TEST_F(SendTest, ARefusedMailDoesNotRefuseTheNext)
{
    auto const bad = enqueue();
    auto const good = enqueue();
    // Postfix, without RSET: "503 5.5.1 Error: nested MAIL command".
    auto const played = send({claim(), claim()}, {}, greeting + offer + R"(
        S: 550 5.1.1 No such user
        S: 503 5.5.1 No valid recipients
        C: RSET
        S: 250 2.0.0 Resetting
    )" + offer + accepted + octets + "S: 250 2.0.0 OK\n");
    EXPECT_TRUE(played.stage.at_end);
    EXPECT_EQ(state(bad), OutboundState::failed);
    EXPECT_EQ(state(good), OutboundState::sent);
}

TEST_F(SendTest, TheAccountsTroubleAfterTheEndKeepsTheMailAndCountsNoTry)
{
    auto const id = enqueue();
    auto full = dialogue;
    full.replace(full.find("250 2.0.0 OK <new"), 9, "554 5.2.2");
    send({claim()}, {}, full);
    auto const mail = *read([&](Connection& c) { return store::outbound(c, id); });
    EXPECT_EQ(mail.state, OutboundState::queued);
    EXPECT_EQ(mail.tries, 0);
    EXPECT_GT(mail.next_try, clock.now());
}

TEST_F(SendTest, AMailIsGivenUpByItsDepartmentsPatienceFromItsFirstRefusal)
{
    write([&](Connection& c) {
        store::set_department_sending(c, {.department = house.department.id, .patience = Duration(60 * 60'000)});
    });
    auto busy = dialogue;
    busy.replace(busy.find("250 2.0.0 OK <new"), 9, "451 4.3.0");
    auto const id = enqueue();
    auto const refused = [&] {
        send({claim()}, {}, busy);
        auto const mail = *read([&](Connection& c) { return store::outbound(c, id); });
        clock.advance(Duration(31 * 60'000));
        return mail;
    };
    // It has waited for its time for a week.
    clock.advance(Duration(7 * 24 * 3'600'000LL));
    EXPECT_EQ(refused().state, OutboundState::queued);
    EXPECT_EQ(refused().state, OutboundState::queued);
    auto const given_up = refused();
    EXPECT_EQ(given_up.state, OutboundState::failed);
    EXPECT_EQ(given_up.tries, 2);
    EXPECT_NE(given_up.reason.find("patience is over; last, the message was refused: 451 4.3.0"), std::string::npos)
        << given_up.reason;
    // A person has it sent again, and it is tried for as long as before.
    write([&](Connection& c) { EXPECT_TRUE(store::resolve_resend(c, id, "decided")); });
    EXPECT_EQ(refused().state, OutboundState::queued);
    EXPECT_EQ(refused().state, OutboundState::queued);
    EXPECT_EQ(refused().state, OutboundState::failed);
}

TEST_F(SendTest, AnAnswerIsNotedThoughTheStoreFailsForAMoment)
{
    auto const id = enqueue();
    send({claim()}, {}, dialogue, [&] { failing.failures = 1; });
    EXPECT_EQ(failing.failures, 0);
    EXPECT_EQ(state(id), OutboundState::sent);
}

TEST_F(SendTest, AnAnswerIsHeldForAsLongAsTheStoreStandsStill)
{
    auto const id = enqueue();
    stop = std::make_shared<net::Stop>();
    auto const played = send({claim()}, {}, dialogue, [&] { failing.failures = 30; });
    EXPECT_FALSE(played.broken);
    EXPECT_EQ(failing.failures, 0);
    EXPECT_EQ(state(id), OutboundState::sent);
}

TEST_F(SendTest, AnAnswerIsNotHeldForEverWhereTheStoreRefusesItOrTheServerStops)
{
    enqueue();
    EXPECT_TRUE(send({claim()}, {}, dialogue, [&] { failing.refuses = true; }).broken);
    failing.refuses = false;
    auto const id = enqueue();
    stop = std::make_shared<net::Stop>();
    auto const mail = claim();
    auto const played = send({mail}, {}, dialogue, [&] {
        stop->now();
        failing.failures = 30;
    });
    EXPECT_TRUE(played.broken);
    EXPECT_EQ(failing.failures, 24) << "six times";
    EXPECT_EQ(state(id), OutboundState::committing);
}

TEST_F(SendTest, WhatPerhapsIsCommittingAndWasNotEndedGoesBackToTheQueue)
{
    auto const id = enqueue();
    auto const mail = claim();
    failing.unsaid = 1;
    auto const played = send({mail}, {});
    EXPECT_EQ(failing.unsaid, 0);
    EXPECT_FALSE(played.dot_left);
    EXPECT_TRUE(played.stage.closed);
    EXPECT_EQ(state(id), OutboundState::queued);
}

TEST_F(SendTest, WhatIsNoAnswerLeavesDoubt)
{
    auto const id = enqueue();
    auto odd = dialogue;
    odd.replace(odd.find("250 2.0.0 OK <new"), 3, "354");
    send({claim()}, {}, odd);
    EXPECT_EQ(state(id), OutboundState::in_doubt);
}

TEST_F(SendTest, AClaimThatWasLostSendsNothing)
{
    auto const id = enqueue();
    auto const stale = claim();
    // The server was paused for longer than its lease, and another one took the mail over.
    clock.advance(Duration(61'000));
    write([&](Connection& c) { return store::recover_outbound(c, clock.now()); });
    auto const fresh =
        write([&](Connection& c) { return store::claim(c, house.account.id, "there", 1, Duration(60'000)); });
    ASSERT_EQ(fresh.size(), 1U);
    auto const played = send({stale}, {});
    EXPECT_FALSE(played.dot_left);
    EXPECT_TRUE(played.stage.closed);
    EXPECT_EQ(state(id), OutboundState::claimed);
}

}  // namespace
}  // namespace postroom::dispatcher
