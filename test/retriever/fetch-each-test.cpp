#include "retriever/fetch-each.hpp"

#include "support/script.hpp"

#include "support/loop.hpp"

namespace postroom::retriever {
namespace {

class Uids final : public imap::BodySink {
public:
    imap::awaitable<void> begin(std::uint64_t) override { co_return; }
    imap::awaitable<void> chunk(std::string_view) override { co_return; }
    imap::awaitable<void> end(imap::MailInfo info) override
    {
        given.push_back(info.uid);
        co_return;
    }
    imap::awaitable<void> discard() override { co_return; }

    std::vector<imap::Uid> given;
};

std::string asked(int tag, int uid)
{
    return "C: A" + std::to_string(tag) + " UID FETCH " + std::to_string(uid) +
           " (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])\n";
}
std::string given(int tag, int uid)
{
    auto const number = std::to_string(uid);
    return asked(tag, uid) + "S: * " + number + " FETCH (UID " + number + " BODY[] {4}\nS: ab\nS: )\nS: A" +
           std::to_string(tag) + " OK done\n";
}
std::string refused(int tag, int uid)
{
    return asked(tag, uid) + "S: A" + std::to_string(tag) + " NO can't give " + std::to_string(uid) + "\n";
}

// The lot of a batch.
std::string asked_together(int tag, std::string const& set)
{
    return "C: A" + std::to_string(tag) + " UID FETCH " + set + " (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])\n";
}
std::string body(int uid)
{
    auto const number = std::to_string(uid);
    return "S: * " + number + " FETCH (UID " + number + " BODY[] {4}\nS: ab\nS: )\n";
}

using Way = imap::awaitable<FetchedPast> (*)(imap::Session&, std::vector<imap::Uid>, imap::BodySink&);
imap::awaitable<FetchedPast> one_by_one(imap::Session& session, std::vector<imap::Uid> uids, imap::BodySink& sink)
{
    return fetch_each(session, std::move(uids), sink);
}

struct Outcome {
    FetchedPast fetched;
    std::vector<imap::Uid> given;
    bool at_end = false;
};
Outcome fetch(std::string const& dialogue, std::vector<imap::Uid> uids, Way way = one_by_one)
{
    Outcome outcome;
    auto stage = std::make_shared<test::Stage>();
    boost::asio::io_context loop;
    {
        auto script = std::make_unique<test::Script>(
            test::to_dialogue("S: * OK [CAPABILITY IMAP4rev1] ready\n" + dialogue), test::Playing{}, stage);
        imap::Session session(std::move(script));
        Uids sink;
        auto work = [&]() -> net::awaitable<void> {
            co_await session.greet();
            outcome.fetched = co_await way(session, uids, sink);
        };
        test::run(loop, work());
        outcome.given = sink.given;
    }
    outcome.at_end = stage->at_end;
    return outcome;
}

TEST(FetchEach, AMailThatIsRefusedHoldsUpNoOther)
{
    auto const outcome = fetch(given(1, 5) + refused(2, 6) + given(3, 7) + given(4, 8), {5, 6, 7, 8});
    EXPECT_TRUE(outcome.at_end);
    EXPECT_EQ(outcome.given, (std::vector<imap::Uid>{5, 7, 8}));
    EXPECT_EQ(outcome.fetched.delivered, 3U);
    EXPECT_EQ(outcome.fetched.refused, (std::vector<imap::Uid>{6}));
    EXPECT_TRUE(outcome.fetched.left.empty());
    ASSERT_TRUE(outcome.fetched.refusal);
    EXPECT_EQ(outcome.fetched.refusal->words(), "NO can't give 6");
}

TEST(FetchEach, AServerThatRefusesEverythingIsLeftAlone)
{
    auto const outcome = fetch(refused(1, 5) + refused(2, 6) + refused(3, 7), {5, 6, 7, 8, 9});
    EXPECT_TRUE(outcome.at_end);
    EXPECT_TRUE(outcome.given.empty());
    EXPECT_EQ(outcome.fetched.refused, (std::vector<imap::Uid>{5, 6, 7}));
    EXPECT_EQ(outcome.fetched.left, (std::vector<imap::Uid>{8, 9}));
    EXPECT_EQ(outcome.fetched.refusal->words(), "NO can't give 5");
}

TEST(FetchEach, WhatIsGivenInBetweenEndsTheRow)
{
    auto const outcome = fetch(
        refused(1, 1) + refused(2, 2) + given(3, 3) + refused(4, 4) + refused(5, 5) + given(6, 6), {1, 2, 3, 4, 5, 6});
    EXPECT_TRUE(outcome.at_end);
    EXPECT_EQ(outcome.given, (std::vector<imap::Uid>{3, 6}));
    EXPECT_EQ(outcome.fetched.refused, (std::vector<imap::Uid>{1, 2, 4, 5}));
}

TEST(FetchEach, AServerThatNamesATimeIsLeftAloneAtOnce)
{
    auto const outcome =
        fetch(asked(1, 1) + "S: A1 NO Request is throttled. Suggested Backoff Time: 1000 milliseconds\n", {1, 2, 3});
    EXPECT_TRUE(outcome.at_end);
    EXPECT_EQ(outcome.fetched.refused, (std::vector<imap::Uid>{1}));
    EXPECT_EQ(outcome.fetched.left, (std::vector<imap::Uid>{2, 3}));
}

TEST(FetchEach, OfABatchOnlyWhatARefusedCommandOwesIsAskedForByItself)
{
    auto const outcome = fetch(
        asked_together(1, "5:8") + body(5) + "S: A1 NO can't give that\n" + refused(2, 6) + given(3, 7) + given(4, 8),
        {5, 6, 7, 8}, fetch_past_refusals);
    EXPECT_TRUE(outcome.at_end);
    EXPECT_EQ(outcome.given, (std::vector<imap::Uid>{5, 7, 8}));
    EXPECT_EQ(outcome.fetched.delivered, 3U);
    EXPECT_EQ(outcome.fetched.refused, (std::vector<imap::Uid>{6}));
    EXPECT_TRUE(outcome.fetched.left.empty());
    EXPECT_EQ(outcome.fetched.refusal->words(), "NO can't give that");
}

TEST(FetchEach, TheMailsOfWhichNoDateIsToldAreFoundAndLeftOut)
{
    std::vector<imap::MailInfo> infos;
    auto const ask = [](int tag, std::string const& set) {
        return "C: A" + std::to_string(tag) + " UID FETCH " + set + " (UID FLAGS INTERNALDATE RFC822.SIZE)\n";
    };
    auto const tell = [](int uid) {
        auto const number = std::to_string(uid);
        return "S: * " + number + " FETCH (UID " + number + " RFC822.SIZE 9)\n";
    };
    auto const dialogue = ask(1, "1:4") + "S: A1 BAD no\n" + ask(2, "1:2") + tell(1) + tell(2) + "S: A2 OK\n" +
                          ask(3, "3:4") + "S: A3 BAD no\n" + ask(4, "3") + "S: A4 BAD no\n" + ask(5, "4") + tell(4) +
                          "S: A5 OK\n";
    auto stage = std::make_shared<test::Stage>();
    boost::asio::io_context loop;
    {
        auto script = std::make_unique<test::Script>(
            test::to_dialogue("S: * OK [CAPABILITY IMAP4rev1] ready\n" + dialogue), test::Playing{}, stage);
        imap::Session session(std::move(script));
        auto work = [&]() -> net::awaitable<void> {
            co_await session.greet();
            std::vector<imap::Uid> uids{1, 2, 3, 4};
            auto told = co_await info_past_refusals(session, std::move(uids));
            infos = std::move(told.value());
        };
        test::run(loop, work());
    }
    ASSERT_EQ(infos.size(), 3U);
    EXPECT_EQ(infos[2].uid, 4U);
    EXPECT_TRUE(stage->at_end);
}

}  // namespace
}  // namespace postroom::retriever
