// Submission dialogues: Exchange Online's, RFC 5321's, RFC 4954's, and what goes wrong in them.
#include "smtp/session.hpp"

#include "base/text.hpp"
#include "support/script.hpp"

#include <gmock/gmock.h>

namespace postroom::smtp {
namespace {

using test::broken_at_every_step;
using test::Conversation;
using test::expect_played;
using test::play;
using test::read_replay;
using testing::HasSubstr;

std::unique_ptr<sasl::Mechanism> sales_with(std::string const& token)
{
    return std::move(*sasl::xoauth2("sales@contoso.com", Secret(token)));
}

std::string initial_of(std::string const& token)
{
    return to_base64(sales_with(token)->initial()->expose());
}

Envelope to_two()
{
    Envelope envelope;
    envelope.from = "sales@contoso.com";
    envelope.to.push_back({.address = "b@example.com"});
    envelope.to.push_back({.address = "nobody@example.com"});
    envelope.size = 24;
    return envelope;
}

Conversation whole_submission(std::string const& token)
{
    return [token](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport), SessionLimits{.chunks = false});  // as it was recorded
        auto const greeted = co_await session.greet();
        EXPECT_TRUE(greeted.positive());
        auto const plain = co_await session.hello("mail.example.org");
        EXPECT_TRUE(plain.positive());
        EXPECT_TRUE(session.extensions().starttls);
        auto const secure = co_await session.start_tls();
        EXPECT_TRUE(secure.positive());
        EXPECT_TRUE(session.secure());
        EXPECT_FALSE(session.extensions().starttls);
        {
            auto const mechanism = sales_with(token);
            auto const signed_in = co_await session.authenticate(*mechanism);
            EXPECT_TRUE(signed_in.ok()) << signed_in.reply.words();
        }
        auto const envelope = to_two();
        auto const offered = co_await session.offer(envelope);
        EXPECT_TRUE(offered);
        if (!offered) co_return;
        EXPECT_TRUE(offered->go_ahead());
        EXPECT_EQ(offered->accepted(), 1U);
        EXPECT_EQ(offered->recipients.at(1).enhanced, (EnhancedCode{5, 1, 10}));
        co_await session.stream("Subject: a\r");
        co_await session.stream("\n\n.");
        co_await session.stream("\nb");
        auto const reply = co_await session.finish();
        EXPECT_TRUE(reply.positive());
        EXPECT_EQ(echoed_message_id(reply), "<aKj2OhY87X3qWDJs@maxwell>");
        EXPECT_EQ(session.finished(), 1U);
    };
}

TEST(SmtpSession, ExchangeSubmissionWithTokensOfEverySize)
{
    for (std::size_t const size : {1'000U, 3'000U, 6'000U}) {
        std::string const token(size, 't');
        auto const dialogue = read_replay("smtp/replay/exchange/submission.txt", {{"initial", initial_of(token)}});
        auto const stage = expect_played(dialogue, whole_submission(token));
        EXPECT_THAT(stage.shown, HasSubstr("AUTH XOAUTH2\r\n[secret, "));
        EXPECT_EQ(stage.shown.find(initial_of(token).substr(60, 40)), std::string::npos);
    }
}

TEST(SmtpSession, ExchangeSubmissionBrokenAtEveryStep)
{
    std::string const token(1'000, 't');
    broken_at_every_step(read_replay("smtp/replay/exchange/submission.txt", {{"initial", initial_of(token)}}),
                         whole_submission(token));
}

constexpr auto greeted =
    "S: 220 ready\n"
    "C: EHLO mail.example.org\n"
    "S: 250-x\n"
    "S: 250-PIPELINING\n"
    "S: 250-AUTH XOAUTH2 PLAIN LOGIN\n"
    "S: 250 SIZE 1000\n";

constexpr auto greeted_plainly =
    "S: 220 ready\n"
    "C: EHLO mail.example.org\n"
    "S: 250 x\n";

Conversation after_hello(std::function<awaitable<void>(Session&)> const& command)
{
    return [&command](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        auto const greeting = co_await session.greet();
        EXPECT_TRUE(greeting.positive());
        co_await session.hello("mail.example.org");
        co_await command(session);
    };
}

// A user name such that "AUTH XOAUTH2 <base64>\r\n" has exactly `line` octets; 13 + 2 octets are not base64.
std::string token_for_line(std::size_t line)
{
    for (std::size_t size = 1; size < 1'000; ++size) {
        std::string token(size, 't');
        if (13 + initial_of(token).size() + 2 >= line) return token;
    }
    return {};
}

TEST(SmtpSession, PutsTheTokenOnTheLineUpTo512Octets)
{
    std::function<awaitable<void>(Session&)> command;
    std::string token;
    command = [&token](Session& session) -> awaitable<void> {
        auto const mechanism = sales_with(token);
        auto const signed_in = co_await session.authenticate(*mechanism);
        EXPECT_TRUE(signed_in.ok());
    };
    // Base64 grows in fours: the longest line that fits has 511 octets, the next 515.
    token = token_for_line(508);
    auto const line = "AUTH XOAUTH2 " + initial_of(token);
    ASSERT_EQ(line.size() + 2, 511U);
    expect_played(std::string(greeted) + "C: " + line + "\nS: 235 ok\n", after_hello(command));
    token = token_for_line(512);
    ASSERT_EQ(13 + initial_of(token).size() + 2, 515U);
    expect_played(std::string(greeted) + "C: AUTH XOAUTH2\nS: 334\nC: " + initial_of(token) + "\nS: 235 ok\n",
                  after_hello(command));
}

TEST(SmtpSession, AnswersTheErrorChallengeAndKeepsIt)
{
    std::string const report = R"({"status":"401","schemes":"bearer","scope":"https://mail.google.com/"})";
    std::function<awaitable<void>(Session&)> const command = [&](Session& session) -> awaitable<void> {
        auto const mechanism = sales_with("token");
        auto const signed_in = co_await session.authenticate(*mechanism);
        EXPECT_FALSE(signed_in.ok());
        EXPECT_EQ(signed_in.reply.words(), "535 5.7.8 Username and Password not accepted.");
        EXPECT_EQ(signed_in.challenge, report);
    };
    auto const dialogue = std::string(greeted) + "C: AUTH XOAUTH2 " + initial_of("token") + "\nS: 334 " +
                          to_base64(report) + "\nC:\nS: 535 5.7.8 Username and Password not accepted.\n";
    expect_played(dialogue, after_hello(command));
    broken_at_every_step(dialogue, after_hello(command));
}

TEST(SmtpSession, Rfc4954Section4)
{
    std::function<awaitable<void>(Session&)> command = [](Session& session) -> awaitable<void> {
        auto const mechanism = std::move(*sasl::plain("test", Secret("1234")));
        auto const signed_in = co_await session.authenticate(*mechanism);
        EXPECT_TRUE(signed_in.ok());
    };
    expect_played(std::string(greeted) + "C: AUTH PLAIN AHRlc3QAMTIzNA==\nS: 235 2.7.0 Authentication successful\n",
                  after_hello(command));
    command = [](Session& session) -> awaitable<void> {
        auto const mechanism = std::move(*sasl::login("test", Secret("1234")));
        auto const signed_in = co_await session.authenticate(*mechanism);
        EXPECT_TRUE(signed_in.ok());
    };
    expect_played(std::string(greeted) +
                      "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: dGVzdA==\nS: 334 UGFzc3dvcmQ6\nC: MTIzNA==\nS: 235 ok\n",
                  after_hello(command));
    // What goes on asking is cancelled; Exchange answers that with 535 rather than 501.
    command = [](Session& session) -> awaitable<void> {
        auto const mechanism = std::move(*sasl::plain("test", Secret("1234")));
        auto const signed_in = co_await session.authenticate(*mechanism);
        EXPECT_EQ(signed_in.reply.code, 535U);
    };
    expect_played(std::string(greeted) + "C: AUTH PLAIN AHRlc3QAMTIzNA==\nS: 334 VXNlcm5hbWU6\nC: *\nS: 535 5.7.3 no\n",
                  after_hello(command));
}

TEST(SmtpSession, RefusesWhatWasSaidAheadOfTls)
{
    Conversation const conversation = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        co_await session.hello("mail.example.org");
        co_await session.start_tls();
        ADD_FAILURE() << "plain text from ahead of TLS was taken";
    };
    std::string const start = std::string(greeted_plainly) + "C: STARTTLS\nS: 220 go\n";
    for (std::string const injected : {"S: 250 injected\n", "S: 2\n"}) {
        auto const stage = play(start + injected + "<tls>\n", conversation);
        ASSERT_TRUE(stage.broken);
        EXPECT_EQ(stage.broken->kind(), Trouble::protocol);
        EXPECT_THAT(stage.broken->what(), HasSubstr("ahead of TLS"));
    }
}

TEST(SmtpSession, TakesARefusedStartTlsForAnAnswer)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        auto const reply = co_await session.start_tls();
        EXPECT_EQ(reply.code, 454U);
        EXPECT_FALSE(session.secure());
    };
    expect_played(std::string(greeted_plainly) + "C: STARTTLS\nS: 454 TLS not available due to temporary reason\n",
                  after_hello(command));
}

TEST(SmtpSession, FallsBackToHelo)
{
    Conversation const conversation = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        auto const reply = co_await session.hello("bad name\r\nRSET");
        EXPECT_TRUE(reply.positive());
        EXPECT_FALSE(session.extensions().esmtp);
    };
    expect_played("S: 220 x\nC: EHLO [127.0.0.1]\nS: 502 what?\nC: HELO [127.0.0.1]\nS: 250 x\n", conversation);
}

// RFC 5321 appendix D.1, as this client says it: without PIPELINING one command at a time.
Conversation appendix_d1()
{
    return [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        auto const greeting = co_await session.greet();
        EXPECT_EQ(greeting.words(), "220 foo.com Simple Mail Transfer Service Ready");
        co_await session.hello("bar.com");
        Envelope envelope;
        envelope.from = "Smith@bar.com";
        for (auto const name : {"Jones", "Green", "Brown"})
            envelope.to.push_back({.address = name + std::string("@foo.com")});
        auto const offered = co_await session.offer(envelope);
        EXPECT_TRUE(offered && offered->go_ahead());
        if (!offered) co_return;
        EXPECT_EQ(offered->accepted(), 2U);
        EXPECT_EQ(offered->recipients.at(1).words(), "550 No such user here");
        co_await session.stream("Blah blah blah...\r\n");
        co_await session.stream("...etc. etc. etc.\r\n");
        auto const reply = co_await session.finish();
        EXPECT_TRUE(reply.positive());
        co_await session.quit();
    };
}

TEST(SmtpSession, Rfc5321AppendixD1)
{
    expect_played(
        "S: 220 foo.com Simple Mail Transfer Service Ready\n"
        "C: EHLO bar.com\n"
        "S: 250-foo.com greets bar.com\n"
        "S: 250-8BITMIME\n"
        "S: 250-SIZE\n"
        "S: 250-DSN\n"
        "S: 250 HELP\n"
        "C: MAIL FROM:<Smith@bar.com>\n"
        "S: 250 OK\n"
        "C: RCPT TO:<Jones@foo.com>\n"
        "S: 250 OK\n"
        "C: RCPT TO:<Green@foo.com>\n"
        "S: 550 No such user here\n"
        "C: RCPT TO:<Brown@foo.com>\n"
        "S: 250 OK\n"
        "C: DATA\n"
        "S: 354 Start mail input; end with <CRLF>.<CRLF>\n"
        "C: Blah blah blah...\n"
        "C: ....etc. etc. etc.\n"
        "C: .\n"
        "S: 250 OK\n"
        "C: QUIT\n"
        "S: 221 foo.com Service closing transmission channel\n",
        appendix_d1());
}

TEST(SmtpSession, StopsWhereTheSenderIsRefused)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        auto const envelope = to_two();
        auto const offered = co_await session.offer(envelope);
        EXPECT_FALSE(offered->go_ahead());
        EXPECT_EQ(offered->mail.code, 550U);
        auto const reset = co_await session.reset();
        EXPECT_TRUE(reset.positive());
    };
    expect_played(std::string(greeted_plainly) +
                      "C: MAIL FROM:<sales@contoso.com>\n"
                      "S: 550 5.7.60 SMTP; Client does not have permissions to send as this sender\n"
                      "C: RSET\n"
                      "S: 250 2.0.0 Resetting\n",
                  after_hello(command));
    // With PIPELINING everything has been said by then.
    expect_played(std::string(greeted) +
                      "C: MAIL FROM:<sales@contoso.com> SIZE=24\nC: RCPT TO:<b@example.com>\n"
                      "C: RCPT TO:<nobody@example.com>\nC: DATA\n"
                      "S: 550 5.7.60 SMTP; Client does not have permissions to send as this sender\n"
                      "S: 503 5.5.2 Need mail command\nS: 503 5.5.2 Need mail command\nS: 503 5.5.2 Need rcpt command\n"
                      "C: RSET\nS: 250 2.0.0 Resetting\n",
                  after_hello(command));
}

TEST(SmtpSession, SendsNothingWhereNobodyIsAccepted)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        auto const envelope = to_two();
        auto const offered = co_await session.offer(envelope);
        EXPECT_FALSE(offered->go_ahead());
        EXPECT_EQ(offered->accepted(), 0U);
        EXPECT_EQ(session.finished(), 0U);
    };
    // RFC 2920 section 3.1: a server may say 354 even so.
    expect_played(std::string(greeted) +
                      "C: MAIL FROM:<sales@contoso.com> SIZE=24\nC: RCPT TO:<b@example.com>\n"
                      "C: RCPT TO:<nobody@example.com>\nC: DATA\n"
                      "S: 250 ok\nS: 550 no\nS: 550 no\nS: 354 go\nC: .\nS: 554 5.5.1 no valid recipients\n",
                  after_hello(command));
    expect_played(std::string(greeted_plainly) +
                      "C: MAIL FROM:<sales@contoso.com>\nS: 250 ok\nC: RCPT TO:<b@example.com>\nS: 550 no\n"
                      "C: RCPT TO:<nobody@example.com>\nS: 550 no\n",
                  after_hello(command));
}

TEST(SmtpSession, KnowsThatTheServerHasGoneAfter421)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        auto const envelope = to_two();
        auto const offered = co_await session.offer(envelope);
        EXPECT_FALSE(offered->go_ahead());
        EXPECT_EQ(offered->recipients.front().code, 421U);
        EXPECT_TRUE(session.gone());
        co_await session.noop();
        ADD_FAILURE() << "nobody is there to answer";
    };
    for (std::string const start : {greeted, greeted_plainly}) {
        bool const pipelining = start == greeted;
        auto const stage = play(start + "C: MAIL FROM:<sales@contoso.com>" +
                                    (pipelining ? " SIZE=24\n" : "\nS: 250 ok\n") + "C: RCPT TO:<b@example.com>\n" +
                                    (pipelining ? "C: RCPT TO:<nobody@example.com>\nC: DATA\nS: 250 ok\n" : "") +
                                    "S: 421 4.3.2 Service not available\n<close>\n",
                                after_hello(command));
        ASSERT_TRUE(stage.broken);
        EXPECT_EQ(stage.broken->kind(), Trouble::closed);
    }
}

TEST(SmtpSession, ChecksAheadOfSending)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        auto envelope = to_two();
        envelope.size = 1'001;
        auto const large = co_await session.offer(envelope);
        EXPECT_EQ(large.error().kind, Trouble::limit);
        envelope.size = 10;
        envelope.to[1].address = "a@b>\r\nDATA";
        auto const unfit = co_await session.offer(envelope);
        EXPECT_EQ(unfit.error().kind, Trouble::invalid);
        envelope.to.clear();
        auto const nobody = co_await session.offer(envelope);
        EXPECT_EQ(nobody.error().kind, Trouble::invalid);
    };
    expect_played(greeted, after_hello(command));
}

TEST(SmtpSession, OffersManyRecipientsInGroups)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        Envelope envelope;
        envelope.from = "a@b";
        for (int i = 0; i < 250; ++i) envelope.to.push_back({.address = std::to_string(i) + "@c"});
        auto const offered = co_await session.offer(envelope);
        EXPECT_EQ(offered->accepted(), 250U);
        EXPECT_TRUE(offered->go_ahead());
        session.abandon();
        EXPECT_TRUE(session.gone());
    };
    std::string dialogue = std::string(greeted) + "C: MAIL FROM:<a@b>\n";
    std::string replies = "S: 250 sender\n";
    for (int i = 0; i < 250; ++i) {
        dialogue += "C: RCPT TO:<" + std::to_string(i) + "@c>\n";
        replies += "S: 250 ok\n";
        if (i % 100 == 99) {
            dialogue += replies;
            replies.clear();
        }
    }
    dialogue += "C: DATA\n" + replies + "S: 354 go\n";
    auto const stage = play(dialogue, after_hello(command));
    EXPECT_TRUE(stage.at_end);
    EXPECT_TRUE(stage.closed);
    EXPECT_FALSE(stage.broken);
}

TEST(SmtpSession, LeavesInDoubtOnlyWhatHadItsDot)
{
    // Which call threw is what tells "not sent" from "in doubt".
    enum class Stage { before, offering, streaming, finishing };
    Stage stage{};
    std::function<awaitable<void>(Session&)> const command = [&](Session& session) -> awaitable<void> {
        Envelope envelope;
        envelope.from = "a@b";
        envelope.to.push_back({.address = "c@d"});
        stage = Stage::offering;
        auto const offered = co_await session.offer(envelope);
        EXPECT_TRUE(offered->go_ahead());
        stage = Stage::streaming;
        co_await session.stream("x\r\n");
        stage = Stage::finishing;
        co_await session.finish();
    };
    std::string const envelope = std::string(greeted) + "C: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\n";
    auto const silent = play(envelope + "S: 250 ok\nS: 250 ok\n<close>\n", after_hello(command));
    EXPECT_TRUE(silent.broken);
    EXPECT_EQ(stage, Stage::offering);
    auto const gone = play(envelope + "S: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .\n<close>\n", after_hello(command));
    EXPECT_TRUE(gone.broken);
    EXPECT_TRUE(gone.at_end);
    EXPECT_EQ(stage, Stage::finishing);
}

TEST(SmtpSession, RefusesAnUnfitGreeting)
{
    Conversation const greets = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        auto const reply = co_await session.greet();
        EXPECT_EQ(reply.code, 554U);
    };
    for (std::string const words : {"* OK IMAP4 ready", "+OK POP3", "HTTP/1.1 400 Bad Request"}) {
        auto const stage = play("S: " + words + '\n', greets);
        ASSERT_TRUE(stage.broken);
        EXPECT_EQ(stage.broken->kind(), Trouble::protocol);
        EXPECT_THAT(stage.broken->what(), HasSubstr(words));
    }
    auto const endless = play("S: 220 " + std::string(10'000, 'x') + '\n', greets);
    EXPECT_EQ(endless.broken->kind(), Trouble::limit);
    EXPECT_FALSE(play("S: 554 5.7.1 no\n", greets).broken);
}

TEST(SmtpSession, QuitNeverThrows)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        co_await session.quit();
    };
    for (std::string const end : {"S: 221 2.0.0 Service closing transmission channel\n", "<close>\n", "S: garbage\n"}) {
        auto const stage = play(std::string(greeted) + "C: QUIT\n" + end, after_hello(command));
        EXPECT_FALSE(stage.broken);
        EXPECT_TRUE(stage.closed);
    }
}

// What was not streamed goes in one write with the end of the message, and the next envelope behind it.
TEST(SmtpSession, EndsWithWhatWasNotStreamed)
{
    auto const conversation = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        co_await session.hello("here");
        Envelope envelope;
        envelope.from = "a@b.example";
        envelope.to = {{.address = "c@d.example"}};
        auto const first = co_await session.offer(envelope);
        EXPECT_TRUE(first->go_ahead());
        auto const refused = co_await session.streamed();
        EXPECT_FALSE(refused.has_value());
        auto const reply = co_await session.finish(&envelope, "S: x\n.\ny");
        EXPECT_EQ(reply.code, 250U);
        auto const second = co_await session.offered();
        EXPECT_TRUE(second.go_ahead());
    };
    expect_played(R"(
        S: 220 ready
        C: EHLO here
        S: 250-there
        S: 250-PIPELINING
        S: 250 CHUNKING
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<c@d.example>
        S: 250 ok
        S: 250 ok
        C: BDAT 12 LAST
        C: S: x
        C: .
        C: y
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<c@d.example>
        S: 250 taken
        S: 250 ok
        S: 250 ok
    )",
                  conversation);
    expect_played(R"(
        S: 220 ready
        C: EHLO here
        S: 250-there
        S: 250 PIPELINING
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<c@d.example>
        C: DATA
        S: 250 ok
        S: 250 ok
        S: 354 go
        C: S: x
        C: ..
        C: y
        C: .
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<c@d.example>
        C: DATA
        S: 250 taken
        S: 250 ok
        S: 250 ok
        S: 354 go
    )",
                  conversation);
}

// RFC 3030 with RFC 2920: no DATA, dots are dots, and the next envelope travels with the last chunk.
TEST(SmtpSession, SendsInChunksAndTheNextEnvelopeAhead)
{
    auto const conversation = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        co_await session.hello("here");
        Envelope envelope;
        envelope.from = "a@b.example";
        envelope.to = {{.address = "c@d.example"}};
        auto const first = co_await session.offer(envelope);
        EXPECT_TRUE(first->go_ahead());
        EXPECT_EQ(first->data.code, 0U);
        co_await session.stream("S: x\n.\n\r\n");
        auto const taken = co_await session.streamed();
        EXPECT_FALSE(taken.has_value());
        EXPECT_TRUE(session.may_follow(envelope));
        auto const reply = co_await session.finish(&envelope);
        EXPECT_EQ(reply.code, 250U);
        auto const second = co_await session.offered();
        EXPECT_TRUE(second.go_ahead());
        co_await session.stream("S: y\r\n\r\n");
        auto const refused = co_await session.streamed();
        EXPECT_EQ(refused.value_or(Reply{}).code, 552U);
        auto const reset = co_await session.reset();
        EXPECT_TRUE(reset.positive());
        auto const third = co_await session.offer(envelope);
        EXPECT_FALSE(third->go_ahead());
    };
    expect_played(R"(
        S: 220 ready
        C: EHLO here
        S: 250-there
        S: 250-PIPELINING
        S: 250 CHUNKING
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<c@d.example>
        S: 250 ok
        S: 250 ok
        C: BDAT 9
        C: S: x
        C: .
        S: 250 chunk
        C: BDAT 2 LAST
        C:
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<c@d.example>
        S: 250 taken
        S: 250 ok
        S: 250 ok
        C: BDAT 6
        C: S: y
        S: 552 5.3.4 too large
        C: RSET
        S: 250 ok
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<c@d.example>
        S: 250 ok
        S: 550 no
    )",
                  conversation);
}

}  // namespace
}  // namespace postroom::smtp
