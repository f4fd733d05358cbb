// Bodies: pipelined, streamed, and whatever a server may do to them.
#include "imap/session.hpp"
#include "imap/support.hpp"

#include <gmock/gmock.h>

namespace postroom::imap {
namespace {

using test::Conversation;
using test::expect_played;
using test::play;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto greeted = "S: * OK [CAPABILITY IMAP4rev1] ready\n";
constexpr auto items = " (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])\n";

struct Outcome {
    Fetched fetched;
    std::vector<Remember::Mail> mails;
    std::size_t discarded = 0;
};

Conversation fetching(std::vector<Uid> uids, FetchWindow window, Outcome& outcome)
{
    return [uids, window, &outcome](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        Remember sink;
        auto fetched = co_await session.fetch(uids, sink, window);
        outcome = {std::move(fetched), std::move(sink.mails), sink.discarded};
    };
}

TEST(Fetch, KeepsSeveralCommandsInFlight)
{
    Outcome outcome;
    auto const script = std::string(greeted) + "C: A1 UID FETCH 1:2" + items + "C: A2 UID FETCH 3:4" + items +
                        "S: * 1 FETCH (UID 1 BODY[] \"one\")\n"
                        "S: * 3 FETCH (UID 3 BODY[] \"three\")\n"
                        "S: A1 OK done\n"
                        "C: A3 UID FETCH 5" +
                        items +
                        "S: * 9 EXISTS\n"
                        "S: * 4 FETCH (BODY[] {3}\n"
                        "S: 4\n"
                        "S:  UID 4)\n"
                        "S: A3 OK done\n"
                        "S: A2 OK done\n";
    expect_played(script, fetching({1, 2, 3, 4, 5}, {.commands = 2, .mails_per_command = 2}, outcome));
    EXPECT_EQ(outcome.fetched.delivered, 3U);
    EXPECT_THAT(outcome.fetched.missing, ElementsAre(2, 5));
    ASSERT_EQ(outcome.mails.size(), 3U);
    EXPECT_EQ(outcome.mails[2].info.uid, 4U);
    EXPECT_EQ(outcome.mails[2].bytes, "4\r\n");
}

TEST(Fetch, ForgetsWhatWasNotAskedForOrComesTwice)
{
    Outcome outcome;
    auto const script = std::string(greeted) + "C: A1 UID FETCH 1" + items +
                        "S: * 7 FETCH (FLAGS (\\Seen))\n"
                        "S: * 1 FETCH (UID 99 BODY[] {2}\n"
                        "S:\n"
                        "S: )\n"
                        "S: * 1 FETCH (BODY[] {2}\n"
                        "S:\n"
                        "S: )\n"
                        "S: * 1 FETCH (UID 1 BODY[] {2}\n"
                        "S:\n"
                        "S: )\n"
                        "S: * 1 FETCH (UID 1 BODY[] {2}\n"
                        "S:\n"
                        "S: )\n"
                        "S: * 1 FETCH (UID 1 BODY[] \"again\")\n"
                        "S: A1 OK done\n";
    expect_played(script, fetching({1}, {}, outcome));
    EXPECT_EQ(outcome.fetched.delivered, 1U);
    EXPECT_EQ(outcome.mails.size(), 1U);
    EXPECT_EQ(outcome.discarded, 3U);
    EXPECT_TRUE(outcome.fetched.missing.empty());
}

TEST(Fetch, TakesNilAndEmptyForNoMail)
{
    Outcome outcome;
    auto const script = std::string(greeted) + "C: A1 UID FETCH 1:3" + items +
                        "S: * 1 FETCH (UID 1 BODY[] NIL)\n"
                        "S: * 2 FETCH (UID 2 BODY[] {0}\n"
                        "S:  FLAGS ())\n"
                        "S: * 3 FETCH (UID 3 BODY[] \"\")\n"
                        "S: A1 OK FETCH completed.\n";
    expect_played(script, fetching({1, 2, 3}, {}, outcome));
    EXPECT_THAT(outcome.fetched.missing, ElementsAre(1, 2, 3));
    EXPECT_TRUE(outcome.mails.empty());
    EXPECT_EQ(outcome.discarded, 1U);
}

TEST(Fetch, AsksForNothingMoreAfterARefusal)
{
    Outcome outcome;
    auto const script = std::string(greeted) + "C: A1 UID FETCH 1:2" + items +
                        "S: * 1 FETCH (UID 1 BODY[] \"one\")\n"
                        "S: A1 NO Request is throttled. Suggested Backoff Time: 299961 milliseconds\n";
    expect_played(script, fetching({1, 2, 3, 4}, {.commands = 1, .mails_per_command = 2}, outcome));
    EXPECT_EQ(outcome.fetched.delivered, 1U);
    EXPECT_TRUE(outcome.fetched.missing.empty()) << "a refusal says nothing of the mail";
    EXPECT_THAT(outcome.fetched.unasked, ElementsAre(2, 3, 4));
    ASSERT_TRUE(outcome.fetched.refusal);
    EXPECT_THAT(outcome.fetched.refusal->words(), HasSubstr("299961 milliseconds"));
}

TEST(Fetch, IsBrokenAtEveryStep)
{
    Outcome outcome;
    auto const script = std::string(greeted) + "C: A1 UID FETCH 1" + items + "C: A2 UID FETCH 3" + items +
                        "S: * 1 FETCH (UID 1 BODY[] {14}\n"
                        "S: Subject: one\n"
                        "S: )\n"
                        "S: A1 OK done\n"
                        "S: A2 OK done\n";
    test::broken_at_every_step(script, fetching({1, 3}, {.commands = 2, .mails_per_command = 1}, outcome));
}

TEST(Fetch, EndsNonsense)
{
    std::pair<std::string, Trouble> const cases[] = {
        {"S: * 1 FETCH (UID 1 BODY[] {4294967296}", Trouble::limit},
        {"S: * 1 FETCH (UID 1 X (BODY[] {3}\nS: a\nS: ))", Trouble::protocol},  // a body where none can stand
        {"S: * 1 FETCH (UID 1 BODY[] {3}\nS: a\nS:  BODY[] \"x\")", Trouble::protocol},
        {"S: * 1 FETCH (UID 1 BODY[] {9}\nS: a\n<close>", Trouble::closed},
        {"S: * 1 FETCH (UID 1 ENVELOPE (" + std::string(300'000, 'x'), Trouble::limit},
        {"S: A9 OK done", Trouble::protocol},
        {"S: * BYE Session invalidated - AccessTokenExpired", Trouble::closed},
    };
    for (auto const& [answer, kind] : cases) {
        Outcome outcome;
        auto const stage =
            play(std::string(greeted) + "C: A1 UID FETCH 1" + items + answer + '\n', fetching({1}, {}, outcome));
        ASSERT_TRUE(stage.broken) << answer.substr(0, 60);
        EXPECT_EQ(stage.broken->kind(), kind) << stage.broken->what();
    }
}

TEST(Fetch, KeepsCommandLinesShort)
{
    std::vector<Uid> odd;
    for (Uid uid = 4'000'000'001; uid < 4'000'006'000; uid += 2) odd.push_back(uid);
    Outcome outcome;
    std::string script = greeted;
    unsigned tag = 0;
    for (auto const& set : to_uid_sets(odd)) {
        auto const name = "A" + std::to_string(++tag);
        auto const line = name + " UID FETCH " + set.text + items;
        EXPECT_LE(line.size(), longest_command_line);
        script += "C: " + line + "S: " + name + " OK done\n";
    }
    EXPECT_GT(tag, 3U);
    play(script, fetching(odd, {.commands = 1, .mails_per_command = 100'000}, outcome));
    EXPECT_EQ(outcome.fetched.missing.size(), odd.size());
}

TEST(FetchInfo, GathersWhatComesInParts)
{
    Conversation const conversation = [](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        std::vector<Uid> const uids{2, 1, 3};
        auto const infos = co_await session.fetch_info(uids);
        EXPECT_TRUE(infos);
        EXPECT_EQ(infos->size(), 2U);
        EXPECT_EQ(infos->at(0).uid, 1U);
        EXPECT_EQ(infos->at(0).stated_size, 10U);
        EXPECT_THAT(infos->at(0).flags, ElementsAre("\\Seen"));
        EXPECT_FALSE(infos->at(0).internal_date);
    };
    expect_played(std::string(greeted) +
                      "C: A1 UID FETCH 1:3 (UID FLAGS INTERNALDATE RFC822.SIZE)\n"
                      "S: * 1 FETCH (RFC822.SIZE 10 UID 1)\n"
                      "S: * 1 FETCH (UID 1 FLAGS (\\Seen))\n"
                      "S: * 3 FETCH (UID 3 FLAGS () RFC822.SIZE 5 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\n"
                      "S: * 4 FETCH (UID 4 FLAGS ())\n"
                      "S: A1 OK done\n",
                  conversation);
}

}  // namespace
}  // namespace postroom::imap
