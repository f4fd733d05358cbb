// Dialogues with Exchange Online, of RFC 1939, RFC 2449 and RFC 5034, and what goes wrong in them.
#include "pop3/session.hpp"

#include "base/text.hpp"
#include "support/script.hpp"

#include <gmock/gmock.h>

namespace postroom::pop3 {
namespace {

using test::broken_at_every_step;
using test::Conversation;
using test::expect_played;
using test::play;
using testing::ElementsAre;
using testing::HasSubstr;

struct Gathering final : MailSink {
    awaitable<void> begin(std::uint32_t number) override
    {
        mails.emplace_back(number, "");
        co_return;
    }
    awaitable<void> chunk(std::string_view bytes) override
    {
        EXPECT_FALSE(bytes.empty());
        mails.back().second += bytes;
        co_return;
    }
    awaitable<void> end() override
    {
        ++ended;
        co_return;
    }
    std::vector<std::pair<std::uint32_t, std::string>> mails;
    std::size_t ended = 0;
};

std::unique_ptr<sasl::Mechanism> sales()
{
    return std::move(*sasl::xoauth2("sales@contoso.com", Secret(std::string(2'000, 't'))));
}

std::string exchange()
{
    return "S: +OK The Microsoft Exchange POP3 service is ready. [QQBNAA==]\n"
           "C: CAPA\nS: +OK\nS: TOP\nS: UIDL\nS: SASL PLAIN XOAUTH2\nS: USER\nS: .\n"
           "C: AUTH XOAUTH2\nS: +\nC: " +
           to_base64(sales()->initial()->expose()) +
           "\nS: +OK User successfully authenticated.\n"
           "C: STAT\nS: +OK 2 49200\n"
           "C: UIDL\nS: +OK\nS: 1 11\nS: nonsense\nS: 2 12\nS: .\n"
           "C: LIST\nS: +OK\nS: 2 49000\nS: 1 x\nS: 3 200\nS: .\n"
           "C: TOP 1 0\nS: +OK\nS: Subject: a\nS: \nS: .\n"
           "C: RETR 1\nS: +OK\nS: Subject: a\nS: \nS: ..\nS: .\n"
           "C: RETR 2\nS: -ERR no such message\n"
           "C: RETR 3\nS: -ERR [SYS/TEMP] the store is away\n"
           "C: RETR 4\nS: -ERR [in-use] locked\n"
           "C: RETR 5\nS: -ERR Server Unavailable. 21\n"
           "C: DELE 1\nS: +OK\n"
           "C: QUIT\nS: +OK Microsoft Exchange Server POP3 server signing off.\n";
}

Conversation retrieving()
{
    return [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        auto const greeted = co_await session.greet();
        EXPECT_TRUE(greeted.ok());
        co_await session.ask_capabilities();
        EXPECT_TRUE(session.has("UIDL"));
        EXPECT_TRUE(session.has_auth("XOAUTH2"));
        EXPECT_FALSE(session.has_auth("OAUTHBEARER"));
        EXPECT_FALSE(session.has("PIPELINING"));
        {
            auto const mechanism = sales();
            auto const signed_in = co_await session.authenticate(*mechanism);
            EXPECT_TRUE(signed_in.ok());
        }
        auto const mailbox = co_await session.status();
        EXPECT_EQ(mailbox.value().mails, 2U);
        EXPECT_EQ(mailbox.value().octets, 49'200U);
        auto const ids = co_await session.unique_ids();
        EXPECT_THAT(ids.value().mails, ElementsAre(Listed{1, "11"}, Listed{2, "12"}));
        EXPECT_EQ(ids.value().unreadable, 1U);
        auto const sizes = co_await session.sizes();
        EXPECT_THAT(sizes.value(), ElementsAre(Size{2, 49'000}, Size{3, 200}));
        auto const top = co_await session.top(1, 0);
        EXPECT_EQ(top.value(), "Subject: a\r\n\r\n");
        Gathering sink;
        auto const got = co_await session.retrieve({1, 2, 3, 4, 5}, sink);
        EXPECT_EQ(got.delivered, 1U);
        EXPECT_THAT(got.refused, ElementsAre(2U));
        EXPECT_THAT(got.put_off, ElementsAre(3U, 4U, 5U));
        EXPECT_EQ(got.refusal->words(), "-ERR no such message");
        EXPECT_THAT(sink.mails, ElementsAre(std::pair(1U, std::string("Subject: a\r\n\r\n.\r\n"))));
        EXPECT_EQ(sink.ended, 1U);
        auto const marked = co_await session.remove({1});
        EXPECT_TRUE(marked.ok());
        auto const gone = co_await session.quit();
        EXPECT_TRUE(gone.ok());
    };
}

TEST(Pop3Session, AWholeSessionWithExchange)
{
    auto const stage = expect_played(exchange(), retrieving());
    EXPECT_TRUE(stage.closed);
    EXPECT_THAT(stage.shown, HasSubstr("AUTH XOAUTH2\r\n[secret, "));
    EXPECT_EQ(stage.shown.find(to_base64(sales()->initial()->expose()).substr(60, 40)), std::string::npos);
}

TEST(Pop3Session, BrokenAtEveryStep)
{
    broken_at_every_step(exchange(), retrieving());
}

Conversation signing_in(std::string words, std::string challenge)
{
    return [words, challenge](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        auto const mechanism = sales();
        auto const refused = co_await session.authenticate(*mechanism);
        EXPECT_FALSE(refused.ok());
        EXPECT_EQ(refused.reply.words(), words);
        EXPECT_EQ(refused.challenge, challenge);
    };
}

TEST(Pop3Session, ARefusedSignInKeepsTheServersWords)
{
    auto const begin = "S: +OK\nC: AUTH XOAUTH2\nS: +\nC: " + to_base64(sales()->initial()->expose()) + "\n";
    expect_played(begin + "S: -ERR Authentication failure: unknown user name or bad password.\n",
                  signing_in("-ERR Authentication failure: unknown user name or bad password.", ""));
    expect_played(begin + "S: + " + to_base64(R"({"status":"401"})") + "\nC: \nS: -ERR [AUTH] no\n",
                  signing_in("-ERR [AUTH] no", R"({"status":"401"})"));
    expect_played("S: +OK\nC: AUTH XOAUTH2\nS: -ERR Protocol error. 14\n", signing_in("-ERR Protocol error. 14", ""));
}

TEST(Pop3Session, PipelinesWhereTheServerSaysSo)
{
    auto const work = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        co_await session.ask_capabilities();
        Gathering sink;
        auto const got = co_await session.retrieve({1, 2, 3, 4, 5}, sink, 4);
        EXPECT_EQ(got.delivered, 5U);
        EXPECT_EQ(sink.mails.back(), std::pair(5U, std::string("e\r\n")));
        auto const marked = co_await session.remove({1, 2, 3}, 2);
        EXPECT_EQ(marked.words(), "-ERR [SYS/TEMP] not now");
        auto const gone = co_await session.quit();
        EXPECT_FALSE(gone.ok());
    };
    // Half a window ahead, then the other half.
    expect_played(
        "S: +OK\nC: CAPA\nS: +OK\nS: pipelining\nS: .\n"
        "C: RETR 1\nC: RETR 2\nC: RETR 3\nC: RETR 4\n"
        "S: +OK 3 octets\nS: a\nS: .\nS: +OK\nS: b\nS: .\nC: RETR 5\n"
        "S: +OK\nS: c\nS: .\nS: +OK\nS: d\nS: .\nS: +OK\nS: e\nS: .\n"
        "C: DELE 1\nC: DELE 2\nS: +OK\nS: -ERR [SYS/TEMP] not now\nC: DELE 3\nS: +OK\n"
        "C: QUIT\nS: -ERR some were not removed\n",
        work);
}

TEST(Pop3Session, WhatIsSaidAheadOfTlsIsRefused)
{
    auto const work = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        auto const secure = co_await session.start_tls();
        EXPECT_TRUE(secure.ok());
    };
    expect_played("S: +OK\nC: STLS\nS: +OK\n<tls>\nC: CAPA\nS: -ERR what?\n", work);
    auto const stage = play("S: +OK\nC: STLS\nS: +OK\nS: +OK you are in\n<tls>\n", work);
    ASSERT_TRUE(stage.broken);
    EXPECT_EQ(stage.broken->kind(), Trouble::protocol);
}

TEST(Pop3Session, BoundsWhatAServerMaySay)
{
    auto const listing = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport), {.listed = 2});
        co_await session.greet();
        auto const ids = co_await session.unique_ids();
        EXPECT_TRUE(ids);
    };
    auto const topping = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        auto const top = co_await session.top(1, 0, 10);
        EXPECT_TRUE(top);
    };
    for (auto const& [dialogue, work] :
         {std::pair<std::string, Conversation>{"S: +OK\nC: UIDL\nS: +OK\nS: 1 a\nS: 2 b\nS: 3 c\nS: 4 d\n", listing},
          {"S: +OK\nC: TOP 1 0\nS: +OK\nS: 0123456789abcdef\n", topping},
          {"S: +" + std::string(5'000, 'x') + "\n", listing}}) {
        auto const stage = play(dialogue, work, {.piece = 4});
        ASSERT_TRUE(stage.broken);
        EXPECT_EQ(stage.broken->kind(), Trouble::limit) << stage.broken->what();
    }
}

TEST(Pop3Session, SignsInWithUserAndPass)
{
    auto const logging_in = [](std::string words) -> Conversation {
        return [words](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
            Session session(std::move(transport));
            co_await session.greet();
            auto const signed_in = co_await session.login("sales", Secret("password"));
            EXPECT_EQ(signed_in.reply.words(), words);
        };
    };
    std::string const dialogue = "S: +OK\nC: USER sales\nS: +OK\nC: PASS password\n";
    auto const stage = expect_played(dialogue + "S: +OK in\n", logging_in("+OK in"));
    EXPECT_THAT(stage.shown, HasSubstr("PASS [secret, 8 bytes]"));
    expect_played(dialogue + "S: -ERR [AUTH] no\n", logging_in("-ERR [AUTH] no"));
    expect_played("S: +OK\nC: USER sales\nS: -ERR who?\n", logging_in("-ERR who?"));
    auto const asked = play(dialogue + "S: + more\n", logging_in(""));
    EXPECT_EQ(asked.broken.value().kind(), Trouble::protocol);
    broken_at_every_step(dialogue + "S: +OK in\n", logging_in("+OK in"));
}

}  // namespace
}  // namespace postroom::pop3
