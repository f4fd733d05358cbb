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

struct Outcome {
    imap::Fetched fetched;
    std::vector<imap::Uid> given;
    bool at_end = false;
};
Outcome fetch(std::string const& dialogue, std::vector<imap::Uid> uids)
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
            outcome.fetched = co_await fetch_each(session, uids, sink);
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
    EXPECT_EQ(outcome.fetched.unasked, (std::vector<imap::Uid>{6}));
    ASSERT_TRUE(outcome.fetched.refusal);
    EXPECT_EQ(outcome.fetched.refusal->words(), "NO can't give 6");
}

TEST(FetchEach, AServerThatRefusesEverythingIsLeftAlone)
{
    auto const outcome = fetch(refused(1, 5) + refused(2, 6) + refused(3, 7), {5, 6, 7, 8, 9});
    EXPECT_TRUE(outcome.at_end);
    EXPECT_TRUE(outcome.given.empty());
    EXPECT_EQ(outcome.fetched.unasked, (std::vector<imap::Uid>{5, 6, 7, 8, 9}));
    EXPECT_EQ(outcome.fetched.refusal->words(), "NO can't give 5");
}

TEST(FetchEach, WhatIsGivenInBetweenEndsTheRow)
{
    auto const outcome = fetch(
        refused(1, 1) + refused(2, 2) + given(3, 3) + refused(4, 4) + refused(5, 5) + given(6, 6), {1, 2, 3, 4, 5, 6});
    EXPECT_TRUE(outcome.at_end);
    EXPECT_EQ(outcome.given, (std::vector<imap::Uid>{3, 6}));
    EXPECT_EQ(outcome.fetched.unasked, (std::vector<imap::Uid>{1, 2, 4, 5}));
}

}  // namespace
}  // namespace postroom::retriever
