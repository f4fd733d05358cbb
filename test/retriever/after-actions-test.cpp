#include "retriever/after-actions.hpp"

#include "support/loop.hpp"
#include "support/script.hpp"

namespace postroom::retriever {
namespace {

std::vector<Done> carry_out_one(model::AfterAction action, std::string const& dialogue)
{
    model::LedgerRow row;
    row.place.uid = 7;
    row.due = action;
    std::vector<Done> done;
    auto stage = std::make_shared<test::Stage>();
    boost::asio::io_context loop;
    {
        imap::Session session(std::make_unique<test::Script>(test::to_dialogue(dialogue), test::Playing{}, stage));
        auto work = [&]() -> net::awaitable<void> {
            co_await session.greet();
            done = co_await carry_out(session, {row}, "Done");
        };
        test::run(loop, work());
    }
    EXPECT_TRUE(stage->at_end);
    return done;
}

TEST(AfterActions, MovesByCopyingOnlyWhereItCanDeleteAfterwards)
{
    auto const refused = carry_out_one(model::AfterAction::move, "S: * OK [CAPABILITY IMAP4rev1] ready\n");
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_NE(refused[0].refusal.find("UIDPLUS"), std::string::npos);

    auto const done = carry_out_one(model::AfterAction::move, R"(
        S: * OK [CAPABILITY IMAP4rev1 UIDPLUS] ready
        C: A1 UID COPY 7 "Done"
        S: A1 OK done
        C: A2 UID STORE 7 +FLAGS.SILENT (\Deleted)
        S: A2 OK done
        C: A3 UID EXPUNGE 7
        S: * 1 EXPUNGE
        S: A3 OK done
    )");
    ASSERT_EQ(done.size(), 1U);
    EXPECT_EQ(done[0].refusal, "");
}

TEST(AfterActions, MakesTheFolderWhereMovingIsRefused)
{
    auto const done = carry_out_one(model::AfterAction::move, R"(
        S: * OK [CAPABILITY IMAP4rev1 MOVE UIDPLUS] ready
        C: A1 UID MOVE 7 "Done"
        S: A1 NO no such folder
        C: A2 CREATE "Done"
        S: A2 OK made
        C: A3 UID MOVE 7 "Done"
        S: A3 OK moved
    )");
    ASSERT_EQ(done.size(), 1U);
    EXPECT_EQ(done[0].refusal, "");
}

TEST(AfterActions, NeverExpungesOthersMail)
{
    auto const refused = carry_out_one(model::AfterAction::remove, "S: * OK [CAPABILITY IMAP4rev1 MOVE] ready\n");
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_NE(refused[0].refusal, "");
}

}  // namespace
}  // namespace postroom::retriever
