#include "retriever/after-actions.hpp"

#include "support/loop.hpp"
#include "support/script.hpp"

namespace postroom::retriever {
namespace {

std::vector<Done> carry_out_these(std::vector<imap::Uid> uids, model::AfterAction action, std::string const& dialogue,
                                  std::string folder = "Done", std::string read_folder = "INBOX")
{
    std::vector<model::LedgerRow> rows;
    for (auto const uid : uids) {
        rows.emplace_back().place.uid = uid;
        rows.back().due = action;
    }
    Destination to{.wanted = std::move(folder), .read_folder = std::move(read_folder)};
    std::vector<Done> done;
    auto stage = std::make_shared<test::Stage>();
    boost::asio::io_context loop;
    {
        imap::Session session(std::make_unique<test::Script>(test::to_dialogue(dialogue), test::Playing{}, stage));
        auto work = [&]() -> net::awaitable<void> {
            co_await session.greet();
            done = co_await carry_out(session, rows, to);
        };
        test::run(loop, work());
    }
    EXPECT_TRUE(stage->at_end);
    return done;
}

std::vector<Done> carry_out_one(model::AfterAction action, std::string const& dialogue)
{
    return carry_out_these({7}, action, dialogue);
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

TEST(AfterActions, CopiesOnceWhatCanNotBeDeletedThen)
{
    auto const done = carry_out_these({7, 8}, model::AfterAction::move, R"(
        S: * OK [CAPABILITY IMAP4rev1 UIDPLUS] ready
        C: A1 UID COPY 7:8 "Done"
        S: A1 OK done
        C: A2 UID STORE 7:8 +FLAGS.SILENT (\Deleted)
        S: A2 NO not now
        C: A3 UID STORE 7 +FLAGS.SILENT (\Deleted)
        S: A3 OK done
        C: A4 UID EXPUNGE 7
        S: A4 OK done
        C: A5 UID STORE 8 +FLAGS.SILENT (\Deleted)
        S: A5 NO never
    )");
    ASSERT_EQ(done.size(), 2U);
    EXPECT_EQ(done[0].refusal, "");
    EXPECT_FALSE(done[0].copied);
    EXPECT_EQ(done[1].refusal, "deleting was refused: NO never");
    EXPECT_TRUE(done[1].copied) << "and is never copied again";
}

TEST(AfterActions, TriesEachByItselfWhereTheyAreRefusedTogether)
{
    auto const done = carry_out_these({7, 8, 9}, model::AfterAction::mark_seen, R"(
        S: * OK [CAPABILITY IMAP4rev1] ready
        C: A1 UID STORE 7:9 +FLAGS.SILENT (\Seen)
        S: A1 NO one of them
        C: A2 UID STORE 7 +FLAGS.SILENT (\Seen)
        S: A2 OK done
        C: A3 UID STORE 8 +FLAGS.SILENT (\Seen)
        S: A3 NO this one
        C: A4 UID STORE 9 +FLAGS.SILENT (\Seen)
        S: A4 OK done
    )");
    ASSERT_EQ(done.size(), 3U);
    EXPECT_EQ(done[0].refusal, "");
    EXPECT_EQ(done[1].refusal, "marking as seen was refused: NO this one");
    EXPECT_EQ(done[2].refusal, "");
}

TEST(AfterActions, LeavesItAfterSomeRefusalsInARow)
{
    auto const done = carry_out_these({1, 2, 3, 4, 5}, model::AfterAction::mark_seen, R"(
        S: * OK [CAPABILITY IMAP4rev1] ready
        C: A1 UID STORE 1:5 +FLAGS.SILENT (\Seen)
        S: A1 NO read-only
        C: A2 UID STORE 1 +FLAGS.SILENT (\Seen)
        S: A2 NO read-only
        C: A3 UID STORE 2 +FLAGS.SILENT (\Seen)
        S: A3 NO read-only
        C: A4 UID STORE 3 +FLAGS.SILENT (\Seen)
        S: A4 NO read-only
    )");
    ASSERT_EQ(done.size(), 5U);
    for (auto const& each : done) EXPECT_EQ(each.refusal, "marking as seen was refused: NO read-only");
}

TEST(AfterActions, FindsTheFolderInTheServersSpelling)
{
    auto const done = carry_out_one(model::AfterAction::move, R"(
        S: * OK [CAPABILITY IMAP4rev1 MOVE UIDPLUS NAMESPACE] ready
        C: A1 UID MOVE 7 "Done"
        S: A1 NO [TRYCREATE] no such folder
        C: A2 CREATE "Done"
        S: A2 NO Invalid mailbox name.
        C: A3 LIST "" "*"
        S: * LIST () "." INBOX
        S: A3 OK listed
        C: A4 NAMESPACE
        S: * NAMESPACE (("INBOX." ".")) NIL NIL
        S: A4 OK told
        C: A5 CREATE "INBOX.Done"
        S: A5 OK made
        C: A6 UID MOVE 7 "INBOX.Done"
        S: A6 OK moved
    )");
    ASSERT_EQ(done.size(), 1U);
    EXPECT_EQ(done[0].refusal, "");
}

TEST(AfterActions, MovesByUse)
{
    auto const done = carry_out_these({7}, model::AfterAction::move, R"(
        S: * OK [CAPABILITY IMAP4rev1 MOVE] ready
        C: A1 LIST "" "*"
        S: * LIST () "/" INBOX
        S: * LIST () "/" "Gel&APY-schte Elemente"
        S: A1 OK listed
        C: A2 UID MOVE 7 "Gel&APY-schte Elemente"
        S: A2 OK moved
    )",
                                      "\\Trash");
    ASSERT_EQ(done.size(), 1U);
    EXPECT_EQ(done[0].refusal, "");
}

TEST(AfterActions, MovesNothingIntoTheFolderThatIsRead)
{
    // It would come again under another UID, and be moved again, for ever.
    auto const done = carry_out_these({7}, model::AfterAction::move, "S: * OK [CAPABILITY IMAP4rev1 MOVE] ready\n",
                                      "Support", "Support");
    ASSERT_EQ(done.size(), 1U);
    EXPECT_NE(done[0].refusal.find("the folder that is read"), std::string::npos);
    auto const inbox =
        carry_out_these({7}, model::AfterAction::move, "S: * OK [CAPABILITY IMAP4rev1 MOVE] ready\n", "Inbox");
    EXPECT_NE(inbox[0].refusal, "");
}

TEST(AfterActions, SaysWhyTheFolderIsNotThere)
{
    auto const done = carry_out_one(model::AfterAction::move, R"(
        S: * OK [CAPABILITY IMAP4rev1 MOVE] ready
        C: A1 UID MOVE 7 "Done"
        S: A1 NO Done doesn't exist.
        C: A2 CREATE "Done"
        S: A2 NO Folder name is reserved
        C: A3 LIST "" "*"
        S: * LIST () "/" INBOX
        S: A3 OK listed
        C: A4 CREATE "Done"
        S: A4 NO Folder name is reserved
    )");
    ASSERT_EQ(done.size(), 1U);
    EXPECT_EQ(done[0].refusal,
              "moving to the folder Done was refused: NO Done doesn't exist.; making it was refused: NO "
              "Folder name is reserved");
}

}  // namespace
}  // namespace postroom::retriever
