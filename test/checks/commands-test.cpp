#include "checks/commands.hpp"

#include "model/causes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace postroom::checks {

using testing::HasSubstr;
using testing::Not;

namespace {

CommandNames const sales{.mailbox = "sales@contoso.com",
                         .submitter = "clerk@contoso.com",
                         .user = "clerk@contoso.com",
                         .client_id = "0d5a7c1e-3f52-4c8e-9b61-8f2a4e6d1c90",
                         .account = "sales",
                         .application = "provider"};

TEST(Commands, NamesAreFilledIn)
{
    auto const right = commands_for("mailbox-right-missing", sales);
    ASSERT_EQ(right.size(), 1U);
    EXPECT_EQ(right[0].text,
              "Add-MailboxPermission -Identity 'sales@contoso.com' -User 'clerk@contoso.com' -AccessRights FullAccess");
    EXPECT_EQ(
        right[0].undo,
        "Remove-MailboxPermission -Identity 'sales@contoso.com' -User 'clerk@contoso.com' -AccessRights FullAccess");
    EXPECT_EQ(commands_for("smtp-auth-off-mailbox", sales)[0].text,
              "Set-CASMailbox -Identity 'clerk@contoso.com' -SmtpClientAuthenticationDisabled $false");
    EXPECT_EQ(commands_for("not-authorized-yet", sales)[0].text, "postroom account authorize 'sales'");
    EXPECT_TRUE(commands_for("name-not-resolved", sales).empty());
}

TEST(Commands, AnApplicationGetsTheRightItself)
{
    auto names = sales;
    names.user.clear();
    EXPECT_EQ(
        commands_for("send-as-missing", names)[0].text,
        "Add-RecipientPermission -Identity 'sales@contoso.com' -Trustee (Get-ServicePrincipal | Where-Object AppId "
        "-eq '0d5a7c1e-3f52-4c8e-9b61-8f2a4e6d1c90').ObjectId -AccessRights SendAs -Confirm:$false");
}

TEST(Commands, WhatIsNotKnownStaysAWordInCapitals)
{
    EXPECT_EQ(commands_for("imap-off", {})[0].text, "Set-CASMailbox -Identity MAILBOX -ImapEnabled $true");
    EXPECT_THAT(commands_for("mailbox-right-missing", {})[0].text, HasSubstr("-User USER "));
}

TEST(Commands, NoNameBeginsAnotherCommand)
{
    EXPECT_EQ(quoted("o'hara@contoso.com", CommandShell::exchange), "'o''hara@contoso.com'");
    EXPECT_EQ(quoted("a\xe2\x80\x99; Remove-Mailbox b\xe2\x80\x98\xe2\x80\x9a\xe2\x80\x9b", CommandShell::exchange),
              "'a\xe2\x80\x99\xe2\x80\x99; Remove-Mailbox "
              "b\xe2\x80\x98\xe2\x80\x98\xe2\x80\x9a\xe2\x80\x9a\xe2\x80\x9b\xe2\x80\x9b'");
    EXPECT_EQ(quoted("$(whoami)`\"", CommandShell::graph), "'$(whoami)`\"'");
    EXPECT_EQ(quoted("a'; rm -rf ~; '", CommandShell::server), "'a'\\''; rm -rf ~; '\\'''");
    EXPECT_EQ(quoted("a\r\nb\t", CommandShell::exchange), "'a  b '");
    EXPECT_EQ(quoted("\xe2\x80", CommandShell::exchange), "'\xe2\x80'");
    CommandNames const hostile{.mailbox = "{user}'@x", .user = "{mailbox}"};
    EXPECT_EQ(commands_for("mailbox-right-missing", hostile)[0].text,
              "Add-MailboxPermission -Identity '{user}''@x' -User '{mailbox}' -AccessRights FullAccess");
}

// Every cause that a command is for is in the catalogue, no name of ours is left over, and each says what it changes.
TEST(Commands, EachIsForACauseAndWhole)
{
    std::size_t found = 0;
    for (auto const& cause : model::causes())
        for (auto const& command : commands_for(cause.id, sales)) {
            ++found;
            EXPECT_THAT(command.text + command.undo, Not(HasSubstr("{"))) << cause.id;
            EXPECT_FALSE(command.changes.empty()) << cause.id;
            if (command.shell == CommandShell::exchange) {
                EXPECT_TRUE(std::regex_search(command.text, std::regex("^(Set|Add|New)-"))) << command.text;
                EXPECT_FALSE(command.undo.empty()) << command.text;
            }
        }
    EXPECT_EQ(found, 29U);
}

}  // namespace

}  // namespace postroom::checks
