// Folders by name, in whatever spelling, and by special use; and what is said of one that is not there.
#include "imap/folders.hpp"

#include "imap/support.hpp"

#include <gmock/gmock.h>

namespace postroom::imap {
namespace {

using test::broken_at_every_step;
using test::Conversation;
using test::expect_played;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<Folder> named(std::initializer_list<char const*> names, char delimiter = '/')
{
    std::vector<Folder> folders;
    for (auto const* const name : names)
        folders.push_back({.name = name, .wire_name = name, .attributes = {}, .delimiter = delimiter});
    return folders;
}

std::string name_of(Folder const* folder)
{
    return folder == nullptr ? "(none)" : folder->name;
}

TEST(Folders, AreFoundByTheirMarkBeforeTheirName)
{
    auto folders = named({"INBOX", "Junk Email", "Rubbish"});
    EXPECT_EQ(name_of(with_use(folders, "\\Junk")), "Junk Email");
    folders[2].attributes = {"\\HasNoChildren", "\\junk"};
    EXPECT_EQ(name_of(with_use(folders, "\\Junk")), "Rubbish");
    folders[2].attributes.emplace_back("\\Noselect");
    EXPECT_EQ(name_of(with_use(folders, "\\Junk")), "Junk Email") << "what can't be opened is no folder";
    EXPECT_EQ(name_of(with_use(folders, "\\All")), "(none)");
    EXPECT_EQ(name_of(with_use(folders, "\\Archive")), "(none)");
}

TEST(Folders, AreFoundByTheNamesThatExchangeGivesThem)
{
    EXPECT_EQ(name_of(with_use(named({"Spam of others", "junk e-mail"}), "\\Junk")), "junk e-mail");
    EXPECT_EQ(name_of(with_use(named({"Courrier indésirable"}), "\\Junk")), "Courrier indésirable");
    EXPECT_EQ(name_of(with_use(named({"البريد غير الهام"}), "\\Junk")), "البريد غير الهام");
    EXPECT_EQ(name_of(with_use(named({"Ongewenste e-mail"}), "\\Junk")), "Ongewenste e-mail");
    EXPECT_EQ(name_of(with_use(named({"Lixo Eletrônico"}), "\\Junk")), "Lixo Eletrônico");
    EXPECT_EQ(name_of(with_use(named({"INBOX", "INBOX.Spam"}, '.'), "\\Junk")), "INBOX.Spam");
    EXPECT_EQ(name_of(with_use(named({"Gelöschte Elemente"}), "\\Trash")), "Gelöschte Elemente");
    EXPECT_EQ(name_of(with_use(named({"Éléments envoyés"}), "\\Sent")), "Éléments envoyés");
}

TEST(Folders, AreMeantWhateverTheServersSeparatorAndPrefix)
{
    auto const folders = named({"INBOX", "INBOX.Support", "INBOX.Support.Done"}, '.');
    Namespace const courier{.prefix = "INBOX.", .delimiter = '.'};
    EXPECT_EQ(name_of(meant_by(folders, "Support/Done", courier)), "INBOX.Support.Done");
    EXPECT_EQ(name_of(meant_by(folders, "INBOX/Support", courier)), "INBOX.Support");
    EXPECT_EQ(name_of(meant_by(folders, "INBOX.Support", courier)), "INBOX.Support");
    EXPECT_EQ(name_of(meant_by(folders, "Done", courier)), "(none)");
    EXPECT_EQ(spelled("Support/New", courier), "INBOX.Support.New");
    EXPECT_EQ(spelled("INBOX/New", courier), "INBOX.New");
    EXPECT_EQ(spelled("inbox", courier), "inbox");
    EXPECT_EQ(spelled("Support/New", Namespace{}), "Support/New");
}

TEST(Folders, TellsTheNamesThatComeNear)
{
    auto const folders = named({"INBOX", "Support", "Support/Done", "Sales", "Sent Items", "Archive"});
    EXPECT_THAT(near(folders, "suport"), ElementsAre("Support"));
    EXPECT_THAT(near(folders, "SUPPORT"), ElementsAre("Support", "Support/Done"));
    EXPECT_THAT(near(folders, "Done"), ElementsAre("Support/Done"));
    EXPECT_THAT(near(folders, "Quarantine"), IsEmpty());
    EXPECT_THAT(near(folders, std::string(100'000, 'x')), IsEmpty());
    EXPECT_THAT(near(folders, "Sales", 1), ElementsAre("Sales"));
    EXPECT_THAT(near(named({"INBOX", "INBOX.Geprüft"}, '.'), "Gepruft"), ElementsAre("INBOX.Geprüft"));
}

constexpr auto ready = "S: * OK [CAPABILITY IMAP4rev1 NAMESPACE] ready\n";

Conversation opening(std::string folder, std::string expected)
{
    return [folder, expected](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        auto const opened = co_await open_folder(session, folder);
        EXPECT_TRUE(opened) << opened.error().words();
        if (!opened) co_return;
        EXPECT_EQ(opened->name, expected);
        EXPECT_EQ(opened->state.uid_validity, 7U);
    };
}

std::string refused(std::string const& dialogue, std::string folder)
{
    std::string words;
    Conversation const conversation = [&](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        auto const opened = co_await open_folder(session, folder);
        EXPECT_FALSE(opened);
        if (!opened) words = opened.error().words();
    };
    expect_played(ready + dialogue, conversation);
    return words;
}

TEST(Folders, OpenWithOneCommandWhereTheyAreAsTheyAreSpelled)
{
    auto const dialogue = std::string(ready) + R"(
        C: A1 SELECT "inbox"
        S: * OK [UIDVALIDITY 7] ok
        S: A1 OK [READ-WRITE] opened
    )";
    expect_played(dialogue, opening("inbox", "INBOX"));
}

TEST(Folders, OpenByAnotherSpellingInModifiedUtf7)
{
    auto const dialogue = std::string(ready) + R"(
        C: A1 SELECT "Support/Erledigt &- gel&APY-scht"
        S: A1 NO no such mailbox
        C: A2 LIST "" "*"
        S: * LIST (\HasChildren) "." INBOX
        S: * LIST () "." "INBOX.Support.Erledigt &- gel&APY-scht"
        S: A2 OK listed
        C: A3 NAMESPACE
        S: * NAMESPACE (("INBOX." ".")) NIL NIL
        S: A3 OK told
        C: A4 SELECT "INBOX.Support.Erledigt &- gel&APY-scht"
        S: * OK [UIDVALIDITY 7] ok
        S: A4 OK opened
    )";
    auto const conversation = opening("Support/Erledigt & gelöscht", "INBOX.Support.Erledigt & gelöscht");
    expect_played(dialogue, conversation);
    broken_at_every_step(dialogue, conversation);
}

TEST(Folders, OpenByUse)
{
    auto const dialogue = std::string("S: * OK [CAPABILITY IMAP4rev1 SPECIAL-USE LIST-EXTENDED] ready\n") + R"(
        C: A1 LIST "" "*" RETURN (SPECIAL-USE)
        S: * LIST (\Junk) "/" Rubbish
        S: A1 OK listed
        C: A2 SELECT "Rubbish"
        S: * OK [UIDVALIDITY 7] ok
        S: A2 OK opened
    )";
    expect_played(dialogue, opening("\\Junk", "Rubbish"));
}

TEST(Folders, SaysThatThereIsNoneAndWhatIsNear)
{
    auto const words = refused(R"(
        C: A1 SELECT "Suport"
        S: A1 NO Suport doesn't exist.
        C: A2 LIST "" "*"
        S: * LIST () "/" INBOX
        S: * LIST () "/" Support
        S: A2 OK listed
        C: A3 NAMESPACE
        S: * NAMESPACE (("" "/")) NIL NIL
        S: A3 OK told
    )",
                               "Suport");
    EXPECT_EQ(words, "NO there is no folder \"Suport\" on the server; near it: \"Support\" (NO Suport doesn't exist.)");

    auto const by_use = refused(R"(
        C: A1 LIST "" "*"
        S: * LIST () "/" INBOX
        S: * LIST (\Noselect) "/" Public
        S: A1 OK listed
    )",
                                "\\Junk");
    EXPECT_THAT(by_use, HasSubstr("marks no folder as \\Junk"));
    EXPECT_THAT(by_use, HasSubstr("there are \"INBOX\""));
    EXPECT_THAT(by_use, Not(HasSubstr("Public")));
}

TEST(Folders, KeepsTheServersWordsWhereTheyAreAboutSomethingElse)
{
    EXPECT_EQ(refused(R"(
        C: A1 SELECT "INBOX"
        S: A1 BAD User is authenticated but not connected.
    )",
                      "INBOX"),
              "BAD User is authenticated but not connected.");
    EXPECT_EQ(refused(R"(
        C: A1 SELECT "INBOX"
        S: A1 NO Server Unavailable. 15
        C: A2 LIST "" "*"
        S: A2 NO [SERVERBUG] Internal server error
    )",
                      "INBOX"),
              "NO Server Unavailable. 15");
    EXPECT_EQ(refused(R"(
        C: A1 SELECT "INBOX"
        S: A1 NO Server Unavailable. 15
        C: A2 LIST "" "*"
        S: * LIST () "/" INBOX
        S: A2 OK listed
        C: A3 NAMESPACE
        S: A3 BAD what
    )",
                      "INBOX"),
              "NO Server Unavailable. 15");
    EXPECT_THAT(refused(R"(
        C: A1 LIST "" "*"
        S: A1 NO [SERVERBUG] Internal server error
    )",
                        "\\Sent"),
                HasSubstr("LIST was refused (NO [SERVERBUG] Internal server error): set the folder by its name"));
}

Conversation looking_for_others(UidRanges known, std::vector<Uid> expected)
{
    return [known, expected](std::unique_ptr<net::Transport> transport) -> awaitable<void> {
        Session session(std::move(transport));
        co_await session.greet();
        auto const others = co_await session.search_others(known);
        EXPECT_TRUE(others);
        if (others) EXPECT_EQ(*others, expected);
    };
}

TEST(SearchOthers, HasTheServerCompareAndBelievesNothingThatIsKnown)
{
    UidRanges known;
    known.add({1, 100'000});
    expect_played(std::string(ready) + R"(
        C: A1 UID SEARCH NOT UID 1:100000
        S: * SEARCH 100007 100002
        S: * 100003 EXISTS
        S: * SEARCH 100002
        S: A1 OK done
    )",
                  looking_for_others(known, {100'002, 100'007}));
    // A server that does not know NOT, or lists everything.
    expect_played(std::string(ready) + R"(
        C: A1 UID SEARCH NOT UID 1:100000
        S: * SEARCH 1 2 3 99999 100000 100001
        S: A1 OK done
    )",
                  looking_for_others(known, {100'001}));
}

TEST(SearchOthers, ListsEverythingWhereTheRangesWouldBeLonger)
{
    UidRanges odd;
    for (Uid uid = 1; uid < 6'000; uid += 2) odd.add(uid);
    expect_played(std::string(ready) + R"(
        C: A1 UID SEARCH ALL
        S: * SEARCH 1 2 3 5 5999 6000
        S: A1 OK done
    )",
                  looking_for_others(odd, {2, 6'000}));
}

}  // namespace
}  // namespace postroom::imap
