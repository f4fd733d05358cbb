#include "visitor.hpp"

#include <gmock/gmock.h>

namespace postroom::lab {

using testing::HasSubstr;
using testing::StartsWith;

namespace {

constexpr std::string_view refusal = "-ERR Authentication failure: unknown user name or bad password.";

std::string mail(std::string const& subject, std::string const& text = "Hello\r\n")
{
    return "From: ada@customer.example\r\nSubject: " + subject + "\r\n\r\n" + text;
}

}  // namespace

class Pop3Test : public LabTest {
protected:
    std::string refused(std::string const& user, std::string const& token)
    {
        auto const visitor = pop3(false);
        visitor->pop3("AUTH XOAUTH2");
        return visitor->pop3(xoauth2(user, token));
    }
    std::string folder(std::string const& name)
    {
        return http("GET", "/lab/api/mailboxes/sales@contoso.test/messages?folder=" + name).body;
    }
};

TEST_F(Pop3Test, SaysWhatExchangeOnlineSays)
{
    Visitor visitor(lab_->endpoints().pop3.port, facts_.anchor_file, true);
    EXPECT_THAT(visitor.line(), StartsWith("+OK The Microsoft Exchange POP3 service is ready. ["));
    EXPECT_EQ(visitor.pop3("CAPA"), "+OK");
    EXPECT_EQ(visitor.lines(), "TOP\nUIDL\nSASL PLAIN XOAUTH2\nUSER\n");
    EXPECT_EQ(visitor.pop3("STAT"), "-ERR Command is not valid in this state.");
    EXPECT_EQ(visitor.pop3("USER sales@contoso.test"), "+OK");
    EXPECT_EQ(visitor.pop3("PASS Postroom-2026"), "-ERR Logon failure: unknown user name or bad password.");
    EXPECT_EQ(visitor.pop3("AUTH PLAIN"), "+ ");
    EXPECT_EQ(visitor.pop3("AHNhbGVzAHg="), refusal);
    auto const said = xoauth2("sales@contoso.test", access_token("sales@contoso.test", pop3_scopes));
    EXPECT_EQ(visitor.pop3("AUTH XOAUTH2 abc"), "-ERR Protocol error. 14") << "one line is refused";
    EXPECT_EQ(visitor.pop3("auth xoauth2"), "+ ");
    EXPECT_EQ(visitor.pop3(said), "+OK User successfully authenticated.");
    EXPECT_EQ(visitor.pop3("AUTH XOAUTH2"), "-ERR Command is not valid in this state.");
    EXPECT_EQ(visitor.pop3("NOOP"), "+OK");
    EXPECT_EQ(visitor.pop3("QUIT"), "+OK Microsoft Exchange Server POP3 server signing off.");
    EXPECT_EQ(visitor.line(), "(closed)");
    Visitor other(lab_->endpoints().pop3.port, facts_.anchor_file, true);
    other.line();
    EXPECT_EQ(other.pop3("NOOP " + std::string(600, 'x')), "-ERR Protocol error. 14") << "512 octets a line";
    EXPECT_EQ(other.line(), "(closed)");
}

TEST_F(Pop3Test, RefusesTokensThatAreForSomethingElse)
{
    auto const token = access_token("sales@contoso.test", pop3_scopes);
    EXPECT_EQ(refused("sales@contoso.test", access_token()), refusal) << "IMAP's permission is not POP3's";
    EXPECT_EQ(refused("sales@contoso.test", token + "x"), refusal);
    EXPECT_EQ(refused("support@contoso.test", token), refusal) << "no right on that mailbox";
    api("mailboxes", {{"address", "support@contoso.test"}, {"full_access", {"sales@contoso.test"}}});
    EXPECT_THAT(refused("support@contoso.test", token), StartsWith("+OK"));
    api("mailboxes", {{"address", "sales@contoso.test"}, {"pop_enabled", false}});
    EXPECT_EQ(refused("sales@contoso.test", token), refusal);
    api("mailboxes", {{"address", "sales@contoso.test"}, {"pop_enabled", true}});
    EXPECT_THAT(refused("sales@contoso.test", token), StartsWith("+OK"));
    fault("pop3-sign-in-refused", "", 1);
    EXPECT_EQ(refused("sales@contoso.test", token), refusal);
    fault("pop3-disabled", "", 1);
    EXPECT_EQ(refused("sales@contoso.test", token), refusal);
    api("clock", {{"advance_s", 7'200}});
    EXPECT_EQ(refused("sales@contoso.test", token), refusal) << "it has run out";
}

TEST_F(Pop3Test, TakesNoTokenOfMoreThan4096Characters)
{
    api("settings", {{"access_token_bytes", 5'000}});
    EXPECT_EQ(refused("sales@contoso.test", access_token("sales@contoso.test", pop3_scopes)), refusal);
    api("settings", {{"pop3_token_limit", 0}});
    EXPECT_THAT(refused("sales@contoso.test", access_token("sales@contoso.test", pop3_scopes)), StartsWith("+OK"));
}

TEST_F(Pop3Test, ListsAndGivesMailsAsTheyAre)
{
    put_in(mail("one", ".a dot\r\n..two\r\n.\r\nend\r\n"));
    put_in(mail("two"));
    auto const visitor = pop3();
    EXPECT_THAT(visitor->pop3("STAT"), StartsWith("+OK 2 "));
    EXPECT_THAT(visitor->pop3("LIST"), StartsWith("+OK 2 "));
    auto const sizes = visitor->lines();
    EXPECT_THAT(sizes, testing::MatchesRegex("1 [0-9]+\n2 [0-9]+\n"));
    EXPECT_EQ(visitor->pop3("RETR 1"), "+OK") << "without a count of octets";
    auto const text = visitor->lines();
    EXPECT_THAT(text, HasSubstr("\n..a dot\n...two\n..\nend\n"));
    EXPECT_EQ(visitor->pop3("TOP 2 0"), "+OK");
    EXPECT_THAT(visitor->lines(), testing::AllOf(HasSubstr("Subject: two\n"), testing::Not(HasSubstr("Hello"))));
    EXPECT_EQ(visitor->pop3("TOP 2 1"), "+OK");
    EXPECT_THAT(visitor->lines(), HasSubstr("\nHello\n"));
    for (auto const* const wrong : {"RETR 3", "RETR 0", "RETR x", "RETR", "TOP 1", "TOP 1 -1", "DELE 3"})
        EXPECT_THAT(visitor->pop3(wrong), StartsWith("-ERR ")) << wrong;

    EXPECT_NE(sizes, [&] {
        api("settings", {{"pop3_exact_size", 1}});
        visitor->pop3("LIST");
        return visitor->lines();
    }()) << "sizes are estimates unless they are asked to be exact";
    EXPECT_EQ(api("counters").at("pop3_bodies"), 1);
}

TEST_F(Pop3Test, DeletesWithQuit)
{
    for (auto const* const subject : {"one", "two", "three"}) put_in(mail(subject));
    auto visitor = pop3();
    visitor->pop3("UIDL");
    auto const ids = visitor->lines();
    visitor->pop3("DELE 1");
    EXPECT_EQ(visitor->pop3("RSET"), "+OK");
    EXPECT_EQ(visitor->pop3("DELE 2"), "+OK");
    EXPECT_THAT(visitor->pop3("DELE 2"), StartsWith("-ERR "));
    EXPECT_THAT(visitor->pop3("RETR 2"), StartsWith("-ERR "));
    visitor.reset();  // without QUIT nothing is deleted

    visitor = pop3();
    visitor->pop3("UIDL");
    EXPECT_EQ(visitor->lines(), ids);
    visitor->pop3("DELE 2");
    EXPECT_THAT(visitor->pop3("QUIT"), StartsWith("+OK "));
    visitor = pop3();
    visitor->pop3("UIDL");
    auto const left = visitor->lines();
    EXPECT_THAT(left, testing::MatchesRegex("1 [0-9]+\n2 [0-9]+\n"));
    EXPECT_THAT(ids, HasSubstr(left.substr(left.find("\n2 ") + 3))) << "ids stay, numbers do not";
    EXPECT_THAT(folder("INBOX"), testing::Not(HasSubstr("two")));
    EXPECT_THAT(folder("Deleted%20Items"), testing::Not(HasSubstr("two"))) << "and nowhere it shows";
}

TEST_F(Pop3Test, PlaysItsFaults)
{
    put_in(mail("one"));
    put_in(mail("two"));
    auto visitor = pop3();
    fault("pop3-unavailable", "", 1);
    EXPECT_EQ(visitor->pop3("UIDL"), "-ERR Server Unavailable. 21");
    fault("pop3-list-empty", "", 1);
    EXPECT_EQ(visitor->pop3("UIDL"), "+OK");
    EXPECT_EQ(visitor->lines(), "");
    fault("pop3-ids-by-position");
    fault("pop3-list-reordered");
    EXPECT_EQ(visitor->pop3("UIDL"), "+OK");
    EXPECT_EQ(visitor->lines(), "2 2\n1 1\n");
    fault("pop3-retrieval-refused", "2");
    EXPECT_EQ(visitor->pop3("RETR 1"), "+OK");
    visitor->lines();
    EXPECT_EQ(visitor->pop3("RETR 2"), "-ERR Message is not available.");
    {
        auto const other = pop3();
        fault("pop3-mail-breaks", "1");
        EXPECT_EQ(other->pop3("RETR 1"), "(closed)");
        http("DELETE", "/lab/api/faults?id=pop3-mail-breaks");
    }
    fault("pop3-deletion-refused", "", 1);
    EXPECT_THAT(visitor->pop3("DELE 1"), StartsWith("-ERR "));
    EXPECT_EQ(visitor->pop3("DELE 1"), "+OK");
    fault("pop3-lost-before-deleting", "", 1);
    EXPECT_EQ(visitor->pop3("QUIT"), "(closed)");
    EXPECT_THAT(folder("INBOX"), HasSubstr("one"));
    visitor = pop3();
    visitor->pop3("DELE 1");
    fault("pop3-lost-after-deleting", "", 1);
    EXPECT_EQ(visitor->pop3("QUIT"), "(closed)");
    EXPECT_THAT(folder("INBOX"), testing::Not(HasSubstr("one")));
    visitor = pop3();
    http("DELETE", "/lab/api/faults");
    fault("pop3-cut-mail", "10", 1);
    EXPECT_EQ(visitor->pop3("RETR 1"), "+OK");
    EXPECT_EQ(visitor->rest().size(), 10U);
}

}  // namespace postroom::lab
