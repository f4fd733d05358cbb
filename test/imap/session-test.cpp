// The session's dialogues: sign-in in all its forms, and what the server refuses, invents or breaks.
#include "imap/session.hpp"

#include "imap/support.hpp"

#include <gmock/gmock.h>

namespace postroom::imap {
namespace {

using std::chrono::seconds;
using test::broken_at_every_step;
using test::Conversation;
using test::expect_played;
using test::play;
using test::read_replay;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto greeted =
    "S: * OK ready\n"
    "C: A1 CAPABILITY\n"
    "S: * CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2 UIDPLUS MOVE IDLE LITERAL+ ID\n"
    "S: A1 OK done\n";

Conversation whole_classic_session(std::string const& token, bool sign_out = true)
{
    return [token, sign_out](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        EXPECT_THAT(session.greeting(), HasSubstr("Microsoft Exchange IMAP4 service is ready"));
        EXPECT_FALSE(session.has("MOVE"));
        {
            auto const mechanism = sales_with(token);
            auto const signed_in = co_await session.authenticate(*mechanism);
            EXPECT_TRUE(signed_in.ok()) << signed_in.words();
        }
        EXPECT_TRUE(session.signed_in());
        EXPECT_TRUE(session.has("move"));

        auto const inbox = co_await session.select("INBOX");
        EXPECT_TRUE(inbox);
        if (!inbox) co_return;
        EXPECT_EQ(inbox->uid_validity, 14U);
        EXPECT_EQ(inbox->uid_next, 812U);
        EXPECT_EQ(inbox->exists, 3U);
        EXPECT_FALSE(inbox->read_only);
        EXPECT_EQ(inbox->permanent_flags.size(), 6U);

        SearchFor fresh;
        fresh.from_uid = 809;
        auto const found = co_await session.search(fresh);
        EXPECT_TRUE(found);
        EXPECT_THAT(*found, ElementsAre(809, 811));  // and not 808, which n:* brings along

        Remember sink;
        std::vector<Uid> const wanted{811, 809, 810, 809};
        auto const fetched = co_await session.fetch(wanted, sink);
        EXPECT_EQ(fetched.delivered, 2U);
        EXPECT_THAT(fetched.missing, ElementsAre(810));
        EXPECT_TRUE(fetched.unasked.empty());
        EXPECT_FALSE(fetched.refusal);
        EXPECT_EQ(sink.mails.size(), 2U);
        if (sink.mails.size() != 2) co_return;
        EXPECT_EQ(sink.mails[0].info.uid, 809U);
        EXPECT_EQ(sink.mails[0].info.stated_size, 19189U);
        EXPECT_EQ(sink.mails[0].bytes, "Subject: one\r\n");
        EXPECT_EQ(sink.mails[1].info.uid, 811U);
        EXPECT_EQ(to_rfc3339(*sink.mails[1].info.internal_date), "2026-11-22T09:31:00.000Z");

        auto const before = session.changes();
        std::vector<Uid> const first{809};
        auto const moved = co_await session.move(first, "Archive");
        EXPECT_TRUE(moved);
        EXPECT_THAT(*moved, ElementsAre(CopyUid{21, {{809, 809}}, {{5, 5}}}));
        std::vector<Uid> const second{811};
        std::vector<std::string> const flags{"\\Deleted"};
        auto const stored = co_await session.add_flags(second, flags);
        EXPECT_TRUE(stored.ok());
        auto const expunged = co_await session.expunge(second);
        EXPECT_TRUE(expunged.ok());
        EXPECT_EQ(session.selected()->exists, 1U);
        EXPECT_EQ(session.changes(), before) << "our own doing is no change";

        auto const changed = co_await session.idle(seconds(540));
        EXPECT_EQ(changed, IdleEnd::changed);
        EXPECT_EQ(session.selected()->exists, 2U);
        auto const timeout = co_await session.idle(seconds(540));
        EXPECT_EQ(timeout, IdleEnd::timeout);
        if (sign_out) co_await session.logout();
    };
}

TEST(ImapSession, ExchangeClassicFrontEndWithTokensOfEverySize)
{
    for (std::size_t const size : {1'000U, 3'000U, 6'000U}) {
        std::string const token(size, 't');
        auto const dialogue = read_replay("imap/replay/exchange/classic.txt", {{"initial", initial_of(token)}});
        auto const stage = expect_played(dialogue, whole_classic_session(token));
        EXPECT_THAT(stage.shown, HasSubstr("AUTHENTICATE XOAUTH2 [secret, "));
        EXPECT_EQ(stage.shown.find(initial_of(token).substr(0, 60)), std::string::npos);
    }
}

TEST(ImapSession, ExchangeClassicFrontEndBrokenAtEveryStep)
{
    auto dialogue = read_replay("imap/replay/exchange/classic.txt", {{"initial", initial_of("token")}});
    // Sign-out never throws, so it is left out here.
    dialogue.erase(dialogue.find("C: A12"));
    broken_at_every_step(dialogue, whole_classic_session("token", false));
}

TEST(ImapSession, ExchangeTcpproxyFrontEnd)
{
    Conversation const conversation = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        auto const mechanism = sales_with("token");
        auto const signed_in = co_await session.authenticate(*mechanism);
        EXPECT_TRUE(signed_in.ok());
        EXPECT_TRUE(session.has("IMAP4rev2"));
        auto const folders = co_await session.list();
        EXPECT_FALSE(folders);
        EXPECT_EQ(folders.error().words(), "NO [SERVERBUG] Internal server error");
        auto const inbox = co_await session.select("INBOX");
        EXPECT_TRUE(inbox);
        SearchFor const everything;
        auto const found = co_await session.search(everything);
        EXPECT_TRUE(found && found->empty());
        auto const woken = co_await session.idle(seconds(540));
        EXPECT_EQ(woken, IdleEnd::nudged);
    };
    auto const dialogue = read_replay("imap/replay/exchange/tcpproxy.txt", {{"initial", initial_of("token")}});
    expect_played(dialogue, conversation);
    broken_at_every_step(dialogue, conversation);
}

TEST(ImapSession, TellsThatTheMailboxCanNotBeOpened)
{
    Conversation const conversation = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        auto const mechanism = sales_with("token");
        auto const signed_in = co_await session.authenticate(*mechanism);
        EXPECT_EQ(signed_in.status, Status::bad);
        EXPECT_EQ(signed_in.words(), "BAD User is authenticated but not connected.");
        std::optional<net::Broken> broken;
        try {
            co_await session.noop();
        } catch (net::Broken const& why) {
            broken = why;
        }
        EXPECT_TRUE(broken);
        if (broken) {
            EXPECT_STREQ(broken->what(), "the server ended the session: Connection closed. 14");
        }
    };
    auto dialogue = read_replay("imap/replay/exchange/not-connected.txt", {{"initial", initial_of("token")}});
    dialogue.replace(dialogue.find("S: * BYE"), 0, "C: A4 NOOP\n");
    for (std::size_t const piece : {1U, 3U, 4096U}) EXPECT_FALSE(play(dialogue, conversation, {.piece = piece}).broken);
}

TEST(ImapSession, SaysWhyTheServerLeft)
{
    Conversation const conversation = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        co_await session.idle(seconds(540));
    };
    auto const stage = play(read_replay("imap/replay/exchange/token-expired.txt", {}), conversation);
    ASSERT_TRUE(stage.broken);
    EXPECT_EQ(stage.broken->kind(), Trouble::closed);
    EXPECT_STREQ(stage.broken->what(), "the server ended the session: Session invalidated - AccessTokenExpired");

    auto const silent =
        play(std::string(greeted) + "C: A2 IDLE\nS: + go\nS: * Server Unavailable. 15\n<close>\n", conversation);
    ASSERT_TRUE(silent.broken);
    EXPECT_THAT(silent.broken->what(), HasSubstr("its last words: SERVER Unavailable. 15"));
}

TEST(ImapSession, Rfc3501Section8)
{
    Conversation const conversation = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        EXPECT_TRUE(session.signed_in());
        auto const inbox = co_await session.select("INBOX");
        EXPECT_TRUE(inbox);
        EXPECT_EQ(inbox->uid_validity, 3857529045U);
        EXPECT_FALSE(inbox->uid_next);
        std::vector<Uid> const twelve{12};
        auto const infos = co_await session.fetch_info(twelve);
        EXPECT_TRUE(infos && infos->size() == 1);
        EXPECT_EQ(infos->front().stated_size, 4286U);
        Remember sink;
        auto const fetched = co_await session.fetch(twelve, sink);
        EXPECT_EQ(fetched.delivered, 1U);
        std::vector<std::string> const flags{"\\Deleted"};
        auto const stored = co_await session.add_flags(twelve, flags);
        EXPECT_TRUE(stored.ok());
        co_await session.logout();
    };
    expect_played(read_replay("imap/replay/rfc/rfc3501-section-8.txt", {}), conversation);
}

Conversation signs_in(std::string token, std::function<void(Reply const&)> check)
{
    return [token, check](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        auto const mechanism = sales_with(token);
        auto const reply = co_await session.authenticate(*mechanism);
        check(reply);
    };
}

TEST(ImapSession, SignsInWithoutAnInitialResponse)
{
    for (std::size_t const size : {1'000U, 3'000U, 6'000U}) {
        std::string const token(size, 'k');
        auto const dialogue =
            "S: * OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] ready\n"
            "C: A1 AUTHENTICATE XOAUTH2\n"
            "S: +\n"
            "C: " +
            initial_of(token) +
            "\n"
            "S: * CAPABILITY IMAP4rev1 IDLE\n"
            "S: A1 OK Logged in\n"
            "C: A2 CAPABILITY\n"
            "S: * CAPABILITY IMAP4rev1 IDLE\n"
            "S: A2 OK done\n";
        auto const conversation = signs_in(token, [](Reply const& reply) { EXPECT_TRUE(reply.ok()); });
        auto const stage = expect_played(dialogue, conversation);
        EXPECT_EQ(stage.shown.find("kkkk"), std::string::npos);
        EXPECT_EQ(stage.shown.find(initial_of(token).substr(50, 40)), std::string::npos);
        broken_at_every_step(dialogue, conversation);
    }
}

TEST(ImapSession, AnswersTheErrorChallengeAndKeepsIt)
{
    // As Google and Dovecot do it.
    std::string const report = R"({"status":"401","schemes":"bearer","scope":"mail"})";
    auto const dialogue = std::string(greeted) + "C: A2 AUTHENTICATE XOAUTH2 " + initial_of("token") + "\nS: + " +
                          to_base64(report) + "\nC:\nS: A2 NO [AUTHENTICATIONFAILED] Authentication failed.\n";
    auto const conversation = signs_in("token", [&](Reply const& reply) {
        EXPECT_EQ(reply.words(), "NO [AUTHENTICATIONFAILED] Authentication failed.");
        EXPECT_EQ(reply.challenge, report);
    });
    expect_played(dialogue, conversation);
    broken_at_every_step(dialogue, conversation);
}

TEST(ImapSession, CancelsWhatGoesOnAsking)
{
    auto const dialogue = std::string(greeted) + "C: A2 AUTHENTICATE XOAUTH2 " + initial_of("token") +
                          "\nS: + e30=\nC:\nS: + e30=\nC: *\nS: A2 BAD cancelled\n";
    expect_played(dialogue, signs_in("token", [](Reply const& reply) {
                      EXPECT_EQ(reply.status, Status::bad);
                      EXPECT_THAT(reply.text, HasSubstr("goes on asking"));
                  }));
    auto const stage = play(std::string(greeted) + "C: A2 AUTHENTICATE XOAUTH2 " + initial_of("token") +
                                "\nS: + e30=\nC:\nS: + e30=\nC: *\nS: + e30=\n",
                            signs_in("token", [](Reply const&) { ADD_FAILURE(); }));
    ASSERT_TRUE(stage.broken);
    EXPECT_EQ(stage.broken->kind(), Trouble::protocol);
}

TEST(ImapSession, KeepsARefusalsWords)
{
    for (std::string const words : {"NO AUTHENTICATE failed.",
                                    "BAD Request is throttled. Suggested Backoff Time: "
                                    "299961 milliseconds",
                                    "NO Server Unavailable. 15"})
        expect_played(
            std::string(greeted) + "C: A2 AUTHENTICATE XOAUTH2 " + initial_of("t") + "\nS: A2 " + words + "\n",
            signs_in("t", [&](Reply const& reply) { EXPECT_EQ(reply.words(), words); }));
}

TEST(ImapSession, RefusesAnUnfitGreeting)
{
    Conversation const greets = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        ADD_FAILURE() << "that was no greeting";
    };
    std::tuple<std::string, Trouble, std::string> const cases[] = {
        {"S: * BYE Too many connections", Trouble::closed, "Too many connections"},
        {"S: HTTP/1.1 400 Bad Request", Trouble::protocol, "HTTP/1.1 400"},
        {"S: 220 smtp.office365.com ESMTP", Trouble::protocol, "220 smtp"},
        {"S: +OK POP3 ready", Trouble::protocol, "POP3"},
        {"S: * 3 EXISTS", Trouble::protocol, "no IMAP greeting"},
        {"<close>", Trouble::closed, "before it greeted"},
        {"S: " + std::string(300'000, 'x'), Trouble::limit, "without end"},
    };
    for (auto const& [dialogue, kind, words] : cases) {
        auto const stage = play(dialogue, greets);
        ASSERT_TRUE(stage.broken) << dialogue.substr(0, 60);
        EXPECT_EQ(stage.broken->kind(), kind) << stage.broken->what();
        EXPECT_THAT(stage.broken->what(), HasSubstr(words));
    }
}

// Runs one command after the greeting.
Conversation after_greeting(std::function<awaitable<void>(Session&)> const& command)
{
    return [&command](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        co_await command(session);
    };
}

TEST(ImapSession, SearchesByEveryCriterion)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        SearchFor what;
        what.uids = UidRange{5, 9};
        what.since = Instant(seconds(837596665));
        what.message_id = "<a\"b@example.com>";
        auto const found = co_await session.search(what);
        EXPECT_THAT(*found, ElementsAre(5, 7));
        SearchFor odd;
        odd.message_id = "<\xc3\xa9@example.com>";
        auto const refused = co_await session.search(odd);
        EXPECT_EQ(refused.error().code, (Code{"BADCHARSET", "(US-ASCII)"}));
    };
    expect_played(std::string(greeted) +
                      "C: A2 UID SEARCH UID 5:9 SINCE 17-Jul-1996 HEADER Message-ID \"<a\\\"b@example.com>\"\n"
                      "S: * SEARCH 7 5 7\n"
                      "S: * SEARCH 12\n"
                      "S: A2 OK done\n"
                      "C: A3 UID SEARCH HEADER Message-ID {16+}\n"
                      "C: <\xc3\xa9@example.com>\n"
                      "S: A3 NO [BADCHARSET (US-ASCII)] The specified charset is not supported.\n",
                  after_greeting(command));
}

TEST(ImapSession, WaitsWithALiteralWhereTheServerWantsThat)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        SearchFor what;
        what.message_id = "\xc3\xa9";
        auto const found = co_await session.search(what);
        EXPECT_TRUE(found);
        auto const refused = co_await session.search(what);
        EXPECT_EQ(refused.error().text, "no");
    };
    auto const dialogue =
        "S: * OK [CAPABILITY IMAP4rev1] ready\n"
        "C: A1 UID SEARCH HEADER Message-ID {2}\n"
        "S: * 4 EXISTS\n"
        "S: + go\n"
        "C: \xc3\xa9\n"
        "S: + needless\n"
        "S: A1 OK done\n"
        "C: A2 UID SEARCH HEADER Message-ID {2}\n"
        "S: A2 BAD no\n";
    expect_played(dialogue, after_greeting(command));
    broken_at_every_step(dialogue, after_greeting(command));
}

TEST(ImapSession, ListsFoldersWithTheirUse)
{
    // RFC 6154 section 5.1, as answered by a server that has LIST-EXTENDED.
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        auto const folders = co_await session.list();
        EXPECT_EQ(folders->size(), 3U);
        EXPECT_EQ(folders->at(0).name, "Éléments envoyés");
        EXPECT_TRUE(folders->at(0).has("\\sent"));
        EXPECT_EQ(folders->at(0).wire_name, "&AMk-l&AOk-ments envoy&AOk-s");
        EXPECT_EQ(folders->at(1).delimiter, '/');
        EXPECT_EQ(folders->at(2).name, "Sync Issues");
    };
    expect_played(
        "S: * OK [CAPABILITY IMAP4rev1 LIST-EXTENDED SPECIAL-USE] ready\n"
        "C: A1 LIST \"\" \"*\" RETURN (SPECIAL-USE)\n"
        "S: * LIST (\\Marked \\HasNoChildren \\Sent) \"/\" \"&AMk-l&AOk-ments envoy&AOk-s\"\n"
        "S: * LIST () \"/\" INBOX\n"
        "S: * LIST () \"/\" Sync Issues\n"
        "S: A1 OK done\n",
        after_greeting(command));
}

/// A mail in these pieces; what is beyond them is lost.
class Given final : public BodySource {
public:
    Given(std::uint64_t size, std::vector<std::string> pieces) : size_(size), pieces_(std::move(pieces)) {}
    [[nodiscard]] std::uint64_t size() const override { return size_; }
    [[nodiscard]] awaitable<std::string> next() override
    {
        if (asked == pieces_.size()) throw std::runtime_error("the rest is lost");
        co_return pieces_[asked++];
    }
    std::size_t asked = 0;

private:
    std::uint64_t size_;
    std::vector<std::string> pieces_;
};

TEST(ImapSession, AnAppendWhoseBytesGiveOutEndsTheConnection)
{
    std::vector<std::pair<std::vector<std::string>, std::string>> const cases{
        {{"a: b\r\n"}, "the rest is lost"},
        {{"a: b\r\n", ""}, "another size"},
        {{"a: b\r\n", "too much"}, "another size"},
    };
    for (auto const& [pieces, words] : cases) {
        Given source(8, pieces);
        std::string said;
        std::function<awaitable<void>(Session&)> const command = [&](Session& session) -> awaitable<void> {
            std::vector<std::string> const flags;
            try {
                (void)co_await session.append("Sent", flags, std::nullopt, source);
            } catch (std::exception const& failure) {
                said = failure.what();
            }
        };
        auto const dialogue = std::string(greeted) + "C: A2 APPEND \"Sent\" {8}\nS: + ready\nC: a: b\n";
        auto const stage = play(dialogue, after_greeting(command));
        EXPECT_THAT(said, HasSubstr(words));
        EXPECT_TRUE(stage.closed);
        EXPECT_TRUE(stage.at_end);
    }
}

TEST(ImapSession, AppendsAndCreates)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        std::vector<std::string> const flags{"\\Seen"};
        Given bytes(6, {"a: ", "b\r\n"});
        auto const appended = co_await session.append("Sent Items", flags, Instant(seconds(837596665)), bytes);
        EXPECT_EQ(*appended, (AppendUid{38505, 3955}));
        std::vector<std::string> const none;
        Given unasked(6, {"a: b\r\n"});
        auto const refused = co_await session.append("Sent Items", none, std::nullopt, unasked);
        EXPECT_EQ(refused.error().code.name, "TRYCREATE");
        EXPECT_EQ(unasked.asked, 0U);
        auto const created = co_await session.create("Envoyés");
        EXPECT_TRUE(created.ok());
        auto const reserved = co_await session.create("Files");
        EXPECT_EQ(reserved.words(), "NO Folder name is reserved");
        auto const unfit = co_await session.create("\xff");
        EXPECT_EQ(unfit.status, Status::bad);
    };
    auto const dialogue = std::string(greeted) +
                          "C: A2 APPEND \"Sent Items\" (\\Seen) \"17-Jul-1996 09:44:25 +0000\" {6}\n"
                          "S: + Ready for literal data\n"
                          "C: a: b\n"
                          "C:\n"
                          "S: * 4 EXISTS\n"
                          "S: A2 OK [APPENDUID 38505 3955] APPEND completed\n"
                          "C: A3 APPEND \"Sent Items\" {6}\n"
                          "S: A3 NO [TRYCREATE] no such folder\n"
                          "C: A4 CREATE \"Envoy&AOk-s\"\n"
                          "S: A4 OK done\n"
                          "C: A5 CREATE \"Files\"\n"
                          "S: A5 NO Folder name is reserved\n";
    expect_played(dialogue, after_greeting(command));
    broken_at_every_step(dialogue, after_greeting(command));
}

TEST(ImapSession, SendsNothingThatTheServerDoesNotOffer)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        std::vector<Uid> const one{1};
        auto const expunged = co_await session.expunge(one);
        EXPECT_EQ(expunged.status, Status::bad);
        EXPECT_THAT(expunged.text, HasSubstr("UIDPLUS"));
        auto const moved = co_await session.move(one, "x");
        EXPECT_THAT(moved.error().text, HasSubstr("MOVE"));
        co_await session.identify("Postroom", "1");
    };
    expect_played("S: * OK [CAPABILITY IMAP4rev1] ready\n", after_greeting(command));
}

TEST(ImapSession, IdentifiesItself)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        co_await session.identify("Postroom", "0.1.0");
    };
    expect_played(std::string(greeted) +
                      "C: A2 ID (\"name\" \"Postroom\" \"version\" \"0.1.0\")\n"
                      "S: * ID (\"name\" \"Microsoft.Exchange.Imap4.Imap4Server\" \"version\" \"15.20\")\n"
                      "S: A2 OK ID completed\n",
                  after_greeting(command));
}

TEST(ImapSession, EndsWhatItDidNotAskFor)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        co_await session.noop();
        ADD_FAILURE() << "that was no answer";
    };
    for (std::string const answer : {"A7 OK done", "* 1 FETCH (UID x)", "garbage"}) {
        auto const stage = play(std::string(greeted) + "C: A2 NOOP\nS: " + answer + '\n', after_greeting(command));
        ASSERT_TRUE(stage.broken);
        EXPECT_EQ(stage.broken->kind(), Trouble::protocol);
    }
}

TEST(ImapSession, IdleEndsAsTheServerWishes)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        auto const refused = co_await session.idle(seconds(1));
        EXPECT_EQ(refused.error().words(), "BAD Command received in Invalid state.");
        auto const ended = co_await session.idle(seconds(1));
        EXPECT_EQ(ended, IdleEnd::changed);
        auto const expunged = co_await session.idle(seconds(60));
        EXPECT_EQ(expunged, IdleEnd::changed);
        auto const late = co_await session.idle(seconds(60));
        EXPECT_EQ(late, IdleEnd::changed) << "what comes with the end counts too";
    };
    auto const dialogue = std::string(greeted) +
                          "C: A2 IDLE\n"
                          "S: A2 BAD Command received in Invalid state.\n"
                          "C: A3 IDLE\n"
                          "S: + idling\n"
                          "S: A3 OK IDLE completed.\n"
                          "C: A4 IDLE\n"
                          "S: + idling\n"
                          "S: * OK Still here\n"
                          "S: * 1 FETCH (FLAGS (\\Seen))\n"
                          "S: * 1 EXPUNGE\n"
                          "C: DONE\n"
                          "S: A4 OK done\n"
                          "C: A5 IDLE\n"
                          "S: + idling\n"
                          "<timeout>\n"
                          "C: DONE\n"
                          "S: * 9 EXISTS\n"
                          "S: A5 OK done\n";
    expect_played(dialogue, after_greeting(command));
    broken_at_every_step(dialogue, after_greeting(command));
}

TEST(ImapSession, WaitsForLiteralsAsTheServerWantsThem)
{
    Conversation const conversation = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        auto const signed_in = co_await session.login("sales", Secret("\xc3\xa9"));
        EXPECT_TRUE(signed_in.ok());
    };
    auto const end = "S: A1 OK [CAPABILITY IMAP4rev1] in\nC: A2 CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: A2 OK\n";
    for (std::string const offered : {"LITERAL+", "LITERAL-"})
        expect_played("S: * OK [CAPABILITY IMAP4rev1 " + offered +
                          "] ready\nC: A1 LOGIN \"sales\" {2+}\nC: \xc3\xa9\n" +
                          // Exchange says "+" all the same (MailKit #852).
                          "S: + go on\n" + end,
                      conversation);
    expect_played(std::string("S: * OK [CAPABILITY IMAP4rev1] ready\nC: A1 LOGIN \"sales\" {2}\nS: + go on\n"
                              "C: \xc3\xa9\n") +
                      end,
                  conversation);
}

TEST(ImapSession, LogoutNeverThrows)
{
    std::function<awaitable<void>(Session&)> const command = [](Session& session) -> awaitable<void> {
        co_await session.logout();
    };
    for (std::string const end : {"<close>", "S: * BYE bye\n<close>", "S: garbage"}) {
        auto const stage = play(std::string(greeted) + "C: A2 LOGOUT\n" + end + '\n', after_greeting(command));
        EXPECT_FALSE(stage.broken);
        EXPECT_TRUE(stage.closed);
    }
}

TEST(ImapSession, StartsTlsAndForgetsWhatWasSaidBefore)
{
    Conversation const conversation = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        EXPECT_TRUE(session.has("AUTH=PLAIN"));
        auto const secured = co_await session.start_tls();
        EXPECT_TRUE(secured.ok());
        EXPECT_FALSE(session.has("AUTH=PLAIN")) << "was said by whoever stood between";
        EXPECT_FALSE(session.has("LOGINDISABLED"));
        auto const refused = co_await session.login("sales", Secret("pass\"word"));
        EXPECT_EQ(refused.words(), "NO [AUTHENTICATIONFAILED] no");
        EXPECT_FALSE(session.signed_in());
        auto const signed_in = co_await session.login("sales", Secret("password"));
        EXPECT_TRUE(signed_in.ok());
        EXPECT_TRUE(session.signed_in());
        EXPECT_TRUE(session.has("IDLE"));
    };
    std::string const dialogue =
        "S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED AUTH=PLAIN] ready\n"
        "C: A1 STARTTLS\nS: A1 OK go\n<tls>\n"
        "C: A2 CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: A2 OK\n"
        "C: A3 LOGIN \"sales\" \"pass\\\"word\"\nS: A3 NO [AUTHENTICATIONFAILED] no\n"
        "C: A4 LOGIN \"sales\" \"password\"\nS: A4 OK\n"
        "C: A5 CAPABILITY\nS: * CAPABILITY IMAP4rev1 IDLE\nS: A5 OK\n";
    auto const stage = expect_played(dialogue, conversation);
    EXPECT_THAT(stage.shown, HasSubstr("A4 LOGIN \"sales\" [secret, 10 bytes]"));
    EXPECT_EQ(stage.shown.find("password"), std::string::npos);
    broken_at_every_step(dialogue, conversation);
}

TEST(ImapSession, StartsNoTlsWhereSomebodyElseMaySpeak)
{
    Conversation const conversation = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        co_await session.start_tls();
        ADD_FAILURE() << "went on";
    };
    std::string const greeting = "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready\nC: A1 STARTTLS\n";
    for (std::string const injected : {"S: A1 OK go\nS: * CAPABILITY IMAP4rev1 AUTH=PLAIN\n", "S: A1 OK go\nS: \n"}) {
        auto const stage = play(greeting + injected + "<tls>\n", conversation);
        EXPECT_EQ(stage.broken.value().kind(), Trouble::protocol) << injected;
        EXPECT_FALSE(stage.at_end) << "the handshake was not begun";
    }
    auto const stage = play("S: * PREAUTH [CAPABILITY IMAP4rev1] you are in\n", conversation);
    EXPECT_EQ(stage.broken.value().kind(), Trouble::protocol);
}

TEST(ImapSession, ARefusedStartTlsIsAReply)
{
    Conversation const conversation = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        auto const reply = co_await session.start_tls();
        EXPECT_EQ(reply.words(), "BAD what?");
    };
    expect_played("S: * OK [CAPABILITY IMAP4rev1] ready\nC: A1 STARTTLS\nS: A1 BAD what?\n", conversation);
}

}  // namespace
}  // namespace postroom::imap
