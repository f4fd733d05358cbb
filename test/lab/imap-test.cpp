#include "visitor.hpp"

#include <gmock/gmock.h>

namespace postroom::lab {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

std::string mail(int number)
{
    auto const n = std::to_string(number);
    return "From: Ada <ada@customer.example>\r\nTo: sales@contoso.test\r\nSubject: Mail " + n + "\r\nMessage-ID: <" +
           n + "@customer.example>\r\n\r\nText of " + n + "\r\n";
}

}  // namespace

class ImapTest : public LabTest {
protected:
    void put_in_mails(int count)
    {
        for (int i = 1; i <= count; ++i) put_in(mail(i));
    }
    std::unique_ptr<Visitor> in_inbox(int mails)
    {
        put_in_mails(mails);
        auto visitor = imap();
        visitor->command("s SELECT INBOX");
        return visitor;
    }
};

TEST_F(ImapTest, GreetsAndListsAsTheClassicFrontEnd)
{
    Visitor visitor(lab_->endpoints().imap.port, facts_.anchor_file, true);
    EXPECT_THAT(visitor.line(), StartsWith("* OK The Microsoft Exchange IMAP4 service is ready. [TABB"));
    EXPECT_EQ(
        visitor.command("a CAPABILITY"),
        "* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE "
        "LITERAL+\na OK CAPABILITY completed.\n");
    EXPECT_EQ(visitor.command("b LOGIN sales@contoso.test Postroom-2026"), "b NO LOGIN failed.\n");
    EXPECT_EQ(visitor.command("c SELECT INBOX"), "c BAD Command received in Invalid state.\n");
    EXPECT_EQ(visitor.command("d AUTHENTICATE XOAUTH2 " + xoauth2("sales@contoso.test", access_token())),
              "d OK AUTHENTICATE completed.\n");
    EXPECT_THAT(visitor.command("e CAPABILITY"), HasSubstr(" UIDPLUS MOVE ID UNSELECT CLIENTACCESSRULES "));
    EXPECT_EQ(visitor.command("f NAMESPACE"), "* NAMESPACE ((\"\" \"/\")) NIL NIL\nf OK NAMESPACE completed.\n");
    auto const folders = visitor.command("g LIST \"\" *");
    EXPECT_THAT(folders, AllOf(HasSubstr("* LIST (\\Marked \\HasNoChildren) \"/\" INBOX\n"),
                               HasSubstr("* LIST (\\HasNoChildren) \"/\" \"Sent Items\"\n"), HasSubstr(" Calendar\n"),
                               Not(HasSubstr("\\Sent"))));
    EXPECT_THAT(visitor.command("h LOGOUT"), AllOf(StartsWith("* BYE "), HasSubstr("\nh OK ")));
    EXPECT_EQ(visitor.line(), "(closed)");
}

TEST_F(ImapTest, GreetsAsTheNewFrontEnd)
{
    api("settings", {{"imap_front_end", 1}});
    Visitor visitor(lab_->endpoints().imap.port, facts_.anchor_file, true);
    EXPECT_THAT(visitor.line(), HasSubstr("(tcpproxy/15.21.0406.000 BACKENDAUTHENTICATE)"));
    EXPECT_THAT(visitor.command("a CAPABILITY"), HasSubstr(" AUTH=XOAUTH2 LOGINDISABLED SASL-IR "));
    visitor.command("b AUTHENTICATE XOAUTH2 " + xoauth2("sales@contoso.test", access_token()));
    EXPECT_THAT(visitor.command("c CAPABILITY"), HasSubstr(" ENABLE IMAP4rev2 "));
}

TEST_F(ImapTest, TakesATokenAfterTheContinuation)
{
    auto const visitor = imap(false);
    api("settings", {{"access_token_bytes", 12'000}});  // longer than any other line may be
    auto const token = xoauth2("sales@contoso.test", access_token());
    visitor->send("a AUTHENTICATE XOAUTH2\r\n");
    EXPECT_EQ(visitor->line(), "+ ");
    visitor->send(token + "\r\n");
    EXPECT_EQ(visitor->line(), "a OK AUTHENTICATE completed.");
}

TEST_F(ImapTest, RefusesTokensThatExchangeRefuses)
{
    auto const visitor = imap(false);
    auto const good = access_token();
    for (auto const& said : {std::string("*"), std::string("!!!!"), to_base64("user=sales@contoso.test"),
                             xoauth2("sales@contoso.test", good + "x"), xoauth2("nobody@contoso.test", good),
                             xoauth2("sales@contoso.test", "")})
        EXPECT_EQ(visitor->command("a AUTHENTICATE XOAUTH2 " + said), "a NO AUTHENTICATE failed.\n");
    std::string const refresh(grant().at("refresh_token").as_string());
    auto const graph = token({{"grant_type", "refresh_token"},
                              {"refresh_token", refresh},
                              {"scope", "https://outlook.office.com/SMTP.Send"}},
                             200);
    EXPECT_EQ(visitor->command("b AUTHENTICATE XOAUTH2 " +
                               xoauth2("sales@contoso.test", std::string(graph.at("access_token").as_string()))),
              "b NO AUTHENTICATE failed.\n")
        << "no IMAP scope in it";
    api("clock", {{"advance_s", 5'401}});
    EXPECT_EQ(visitor->command("c AUTHENTICATE XOAUTH2 " + xoauth2("sales@contoso.test", good)),
              "c NO AUTHENTICATE failed.\n");
}

TEST_F(ImapTest, ConnectsNobodyWithoutARight)
{
    auto const token = access_token("sales@contoso.test");
    auto const visitor = imap(false);
    EXPECT_EQ(visitor->command("a AUTHENTICATE XOAUTH2 " + xoauth2("support@contoso.test", token)),
              "a OK AUTHENTICATE completed.\n");
    EXPECT_THAT(visitor->command("b CAPABILITY"), HasSubstr("b OK"));
    EXPECT_EQ(visitor->command("c SELECT INBOX"), "c BAD User is authenticated but not connected.\n");
    EXPECT_EQ(visitor->line(), "* BYE Connection closed. 14");
    EXPECT_EQ(visitor->line(), "(closed)");

    api("mailboxes", {{"address", "support@contoso.test"}, {"full_access", {"sales@contoso.test"}}});
    auto const with_right = imap(false);
    with_right->command("a AUTHENTICATE XOAUTH2 " + xoauth2("support@contoso.test", token));
    EXPECT_THAT(with_right->command("b SELECT INBOX"), HasSubstr("b OK [READ-WRITE] SELECT completed."));

    api("mailboxes", {{"address", "sales@contoso.test"}, {"imap_enabled", false}});
    EXPECT_THAT(imap()->command("b SELECT INBOX"), HasSubstr("not connected"));
}

TEST_F(ImapTest, SelectsSearchesAndFetches)
{
    auto const visitor = in_inbox(3);
    auto const selected = visitor->command("a EXAMINE INBOX");
    EXPECT_THAT(selected, AllOf(HasSubstr("* 3 EXISTS\n* 0 RECENT\n"), HasSubstr("* OK [UNSEEN 1] Is the first"),
                                HasSubstr("[UIDNEXT 4]"), HasSubstr("a OK [READ-ONLY]")));
    EXPECT_EQ(visitor->command("b UID SEARCH ALL"), "* SEARCH 1 2 3\nb OK SEARCH completed.\n");
    EXPECT_THAT(visitor->command("c UID SEARCH HEADER Message-ID <2@customer.example>"), StartsWith("* SEARCH 2\n"));
    EXPECT_THAT(visitor->command("d UID SEARCH SINCE 1-Jan-2020 UNSEEN NOT DELETED UID 2:*"),
                StartsWith("* SEARCH 2 3\n"));
    EXPECT_THAT(visitor->command("e SEARCH OR SUBJECT \"mail 1\" (TEXT \"of 3\" LARGER 10)"),
                StartsWith("* SEARCH 1 3\n"));
    EXPECT_THAT(visitor->command("f SEARCH BEFORE 1-Jan-2020"), StartsWith("* SEARCH\n"));
    EXPECT_THAT(visitor->command("g SEARCH CHARSET UTF-8 ALL"), StartsWith("g NO [BADCHARSET (US-ASCII)]"));
    EXPECT_THAT(visitor->command("h UID SEARCH RETURN (ALL) ALL"), StartsWith("h BAD"));

    auto const fetched = visitor->command("i UID FETCH 2 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])");
    EXPECT_THAT(fetched, StartsWith("* 2 FETCH (UID 2 FLAGS () INTERNALDATE \""));
    EXPECT_THAT(fetched, HasSubstr("BODY[] {" + std::to_string(mail(2).size()) + "}\nFrom: Ada"));
    EXPECT_THAT(visitor->command("j UID FETCH 2 BODY.PEEK[TEXT]<5.2>"), HasSubstr("BODY[TEXT]<5> {2}\nof UID 2)"));
    EXPECT_THAT(visitor->command("k FETCH 3 BODY.PEEK[HEADER.FIELDS (subject To)]"),
                HasSubstr("To: sales@contoso.test\nSubject: Mail 3\n\n)"));
    EXPECT_THAT(visitor->command("l FETCH 1 ENVELOPE"),
                HasSubstr(R"("Mail 1" (("Ada" NIL "ada" "customer.example")))"));
    EXPECT_EQ(visitor->command("m UID FETCH 9:* UID"), "* 3 FETCH (UID 3)\nm OK FETCH completed.\n")
        << "n:* names the last one, however old (RFC 3501 section 6.4.8)";
    EXPECT_EQ(visitor->command("n FETCH 9 UID"), "n NO The specified message set is invalid.\n");
}

TEST_F(ImapTest, SaysWhatNobodyAskedFor)
{
    api("faults", {{"id", "imap-chatter"}});
    auto const visitor = in_inbox(2);
    auto const searched = visitor->command("a UID SEARCH ALL");
    EXPECT_THAT(searched, StartsWith("* OK [ALERT] This is {5}\n"));
    EXPECT_THAT(searched,
                HasSubstr("* 2 EXISTS\n* 0 RECENT\n* 1 FETCH (X-ODD (\"(\" NIL (1 {2}\n)(2)) FLAGS (\\Seen))\n"));
    EXPECT_THAT(searched, HasSubstr("* SEARCH 1 2\na OK SEARCH completed.\n"));
    EXPECT_THAT(visitor->command("b UID FETCH 1:2 (UID)"), HasSubstr("* 1 FETCH (UID 1)\n* OK [ALERT]"));
}

TEST_F(ImapTest, FetchesInTheWrongOrder)
{
    api("faults", {{"id", "imap-shuffled"}, {"times", 1}});
    auto const visitor = in_inbox(2);
    EXPECT_EQ(visitor->command("a UID FETCH 1:2 (UID FLAGS)"),
              "* 2 FETCH (FLAGS () UID 2)\n* 1 FETCH (FLAGS () UID 1)\na OK FETCH completed.\n");
}

TEST_F(ImapTest, HidesSomeMailForAWhile)
{
    auto const visitor = in_inbox(1);
    api("faults", {{"id", "imap-late-mail"}, {"value", "2"}});
    put_in_mails(2);
    EXPECT_THAT(visitor->command("a NOOP"), StartsWith("* 2 EXISTS\n"));
    EXPECT_EQ(visitor->command("b UID SEARCH ALL"), "* SEARCH 1 3\nb OK SEARCH completed.\n");
    http("DELETE", "/lab/api/faults");
    EXPECT_THAT(visitor->command("c NOOP"), StartsWith("* 3 EXISTS\n"));
    EXPECT_EQ(visitor->command("d UID SEARCH ALL"), "* SEARCH 1 2 3\nd OK SEARCH completed.\n");
}

TEST_F(ImapTest, RefusesChangesOfTheMailsThatAreNamed)
{
    auto const visitor = in_inbox(2);
    api("faults", {{"id", "imap-changes-refused"}, {"value", "2"}});
    visitor->command("a CREATE There");
    for (std::string const what : {"MOVE 1:2 There", "COPY 2 There", "STORE 2 +FLAGS (\\Seen)"})
        EXPECT_EQ(visitor->command("b UID " + what), "b NO Server Unavailable. 15\n") << what;
    EXPECT_THAT(visitor->command("c UID STORE 1 +FLAGS.SILENT (\\Deleted)"), HasSubstr("c OK "));
    EXPECT_THAT(visitor->command("d UID EXPUNGE 1:2"), AllOf(HasSubstr("* 1 EXPUNGE\n"), HasSubstr("d OK ")));
    EXPECT_THAT(visitor->command("e UID SEARCH ALL"), StartsWith("* SEARCH 2\n"));
}

TEST_F(ImapTest, GivesItsOwnTextInPlaceOfAMailEvenToAPeek)
{
    auto const visitor = in_inbox(2);
    api("faults", {{"id", "imap-placeholder-peek"}, {"value", "2"}});
    EXPECT_THAT(visitor->command("a UID FETCH 2 BODY.PEEK[]"),
                HasSubstr("Subject: Retrieval using the IMAP4 protocol failed for the following message: 20004"));
    EXPECT_THAT(visitor->command("b UID FETCH 1 BODY.PEEK[]"), HasSubstr("Subject: Mail 1"));
}

TEST_F(ImapTest, DescribesAMailOfParts)
{
    put_in(
        "Subject: x\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; "
        "charset=utf-8\r\n\r\nText\r\n--b\r\nContent-Type: application/pdf; name=\"a.pdf\"\r\nContent-Disposition: "
        "attachment; filename=\"a.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n");
    auto const visitor = in_inbox(0);
    EXPECT_THAT(visitor->command("a FETCH 1 BODYSTRUCTURE"),
                HasSubstr(R"(BODYSTRUCTURE (("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 4 0 NIL NIL NIL NIL))"
                          R"(("application" "pdf" ("name" "a.pdf") NIL NIL "base64" 8 NIL ("attachment" ("filename" )"
                          R"("a.pdf")) NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL))"));
    EXPECT_THAT(visitor->command("b FETCH 1 BODY.PEEK[2]"), HasSubstr("BODY[2] {8}\nJVBERg==)"));
    EXPECT_THAT(visitor->command("c FETCH 1 BODY.PEEK[1.MIME]"), HasSubstr("text/plain"));
    EXPECT_THAT(visitor->command("d FETCH 1 BODY.PEEK[9]"), HasSubstr("BODY[9] {0}\n)"));
}

TEST_F(ImapTest, ChangesMoves)
{
    auto const visitor = in_inbox(4);
    EXPECT_EQ(visitor->command("a UID STORE 1:2 +FLAGS.SILENT (\\Seen)"), "a OK STORE completed.\n");
    EXPECT_THAT(visitor->command("b STORE 1 -FLAGS \\Seen"), StartsWith("* 1 FETCH (FLAGS ())\n"));
    EXPECT_THAT(visitor->command("c UID STORE 1 +FLAGS (keyword)"), StartsWith("c BAD"));
    auto const moved = visitor->command("d UID MOVE 1,3 Archive");
    EXPECT_THAT(moved, StartsWith("* OK [COPYUID "));
    EXPECT_THAT(moved, HasSubstr(" 1,3 1:2] \n* 1 EXPUNGE\n* 2 EXPUNGE\nd OK MOVE completed."));
    visitor->command("e UID STORE 2,4 +FLAGS.SILENT (\\Deleted)");
    EXPECT_EQ(visitor->command("f UID EXPUNGE 4"), "* 2 EXPUNGE\nf OK EXPUNGE completed.\n")
        << "the other deleted one stays";
    EXPECT_THAT(visitor->command("g UID COPY 2 Archive"), HasSubstr("g OK [COPYUID "));
    EXPECT_THAT(visitor->command("h UID COPY 2 Nowhere"), StartsWith("h NO [TRYCREATE]"));
    EXPECT_EQ(visitor->command("i EXPUNGE"), "* 1 EXPUNGE\ni OK EXPUNGE completed.\n");
    EXPECT_THAT(visitor->command("j STATUS Archive (MESSAGES UIDNEXT)"), HasSubstr("(MESSAGES 3 UIDNEXT 4)"));
    EXPECT_THAT(visitor->command("k CREATE Files"), StartsWith("k NO Folder name is reserved"));
    EXPECT_THAT(visitor->command("l CREATE Postroom/Done"), StartsWith("l OK"));
}

TEST_F(ImapTest, Appends)
{
    auto const visitor = in_inbox(0);
    visitor->send("a APPEND \"Sent Items\" (\\Seen) \"17-Jul-2026 02:44:25 -0700\" {14}\r\n");
    EXPECT_THAT(visitor->line(), StartsWith("+ "));
    visitor->send("Subject: x\r\n\r\n\r\n");
    EXPECT_THAT(visitor->line(), StartsWith("a OK [APPENDUID "));
    visitor->send("b APPEND INBOX {3+}\r\nabc\r\n");
    EXPECT_THAT(visitor->until("b"), AllOf(StartsWith("* 1 EXISTS\n"), HasSubstr("b OK [APPENDUID ")));
    visitor->command("c SELECT \"Sent Items\"");
    EXPECT_THAT(visitor->command("d FETCH 1 (FLAGS INTERNALDATE)"),
                HasSubstr(R"(FLAGS (\Seen) INTERNALDATE "17-Jul-2026 09:44:25 +0000")"));
}

TEST_F(ImapTest, TellsAnIdlerOfNewMail)
{
    auto const visitor = in_inbox(1);
    visitor->send("a IDLE\r\n");
    EXPECT_EQ(visitor->line(), "+ IDLE accepted, awaiting DONE command.");
    put_in(mail(2));
    EXPECT_EQ(visitor->line(), "* 2 EXISTS");
    EXPECT_EQ(visitor->line(), "* 0 RECENT");
    auto const other = imap();
    other->command("s SELECT INBOX");
    other->command("t UID STORE 1 +FLAGS (\\Deleted)");
    EXPECT_EQ(visitor->line(), "* 1 FETCH (FLAGS (\\Deleted))");
    other->command("u EXPUNGE");
    EXPECT_EQ(visitor->line(), "* 1 EXPUNGE");
    visitor->send("DONE\r\n");
    EXPECT_EQ(visitor->line(), "a OK IDLE completed.");
}

TEST_F(ImapTest, EndsASessionWhoseTokenRunsOut)
{
    auto const visitor = in_inbox(0);
    visitor->send("a IDLE\r\n");
    visitor->line();
    api("clock", {{"advance_s", 5'401}});
    EXPECT_EQ(visitor->line(), "* BYE Session invalidated - AccessTokenExpired");
    EXPECT_EQ(visitor->line(), "(closed)");

    auto const idler = in_inbox(0);
    idler->send("a IDLE\r\n");
    idler->line();
    fault("imap-token-expired", "", 1);
    EXPECT_EQ(idler->line(), "* BYE Session invalidated - AccessTokenExpired");
}

TEST_F(ImapTest, EndsASessionWhoseTokenRunsOutWithinAFetch)
{
    // More than what the system keeps of it while nobody reads.
    std::string const large(std::size_t{4} << 20U, 'x');
    http("POST", "/lab/api/mail?mailbox=sales@contoso.test&copies=4", mail(1) + large + "\r\n",
         "Content-Type: message/rfc822\r\n");
    auto const visitor = in_inbox(0);
    visitor->send("a UID FETCH 1:4 (UID BODY.PEEK[])\r\n");
    api("clock", {{"advance_s", 5'401}});
    auto const given = visitor->rest();
    EXPECT_GT(given.size(), large.size());
    EXPECT_THAT(given, testing::EndsWith("* BYE Session invalidated - AccessTokenExpired\r\n"));
    EXPECT_EQ(given.find("a OK"), std::string::npos);
}

TEST_F(ImapTest, PlaysFaults)
{
    auto const visitor = in_inbox(2);
    fault("imap-unavailable", "", 1);
    EXPECT_EQ(visitor->command("a UID SEARCH ALL"), "a NO Server Unavailable. 15\n");
    fault("imap-unavailable", "untagged", 1);
    EXPECT_EQ(visitor->command("a UID SEARCH ALL"), "* NO Server Unavailable. 15\na NO Server Unavailable. 15\n");
    fault("imap-fetch-empty", "1");
    EXPECT_EQ(visitor->command("b UID FETCH 1 (UID BODY.PEEK[])"), "b OK FETCH completed.\n");
    EXPECT_THAT(visitor->command("c UID FETCH 2 (UID BODY.PEEK[])"), HasSubstr("Text of 2"));
    http("DELETE", "/lab/api/faults?id=imap-fetch-empty");
    fault("imap-fetch-refused", "1");
    EXPECT_EQ(visitor->command("r UID FETCH 1:2 (UID BODY.PEEK[])"), "r NO Server Unavailable. 15\n");
    EXPECT_THAT(visitor->command("s UID FETCH 1:2 (UID RFC822.SIZE)"), HasSubstr("s OK "));
    http("DELETE", "/lab/api/faults?id=imap-fetch-refused");
    fault("imap-fetch-garbled", "2", 1);
    EXPECT_THAT(visitor->command("g UID FETCH 2 (UID BODY.PEEK[])"), HasSubstr("{99999999999999999999}\n"));
    fault("imap-placeholder", "2");
    EXPECT_THAT(visitor->command("d UID FETCH 2 (BODY.PEEK[])"), HasSubstr("BODY[] {0}\n"));
    EXPECT_THAT(visitor->command("e UID FETCH 2 (BODY[])"),
                HasSubstr("Subject: Retrieval using the IMAP4 protocol failed for the following message: 20004"));
    http("DELETE", "/lab/api/faults");
    fault("imap-late-mail");
    put_in(mail(3));
    EXPECT_THAT(visitor->command("f UID SEARCH ALL"), StartsWith("* SEARCH 1 2\n"));
    http("DELETE", "/lab/api/faults");
    EXPECT_THAT(visitor->command("g UID SEARCH ALL"), HasSubstr("* SEARCH 1 2 3\n"));
    fault("imap-cut-literal", "20", 1);
    visitor->send("h UID FETCH 1 BODY.PEEK[]\r\n");
    auto const cut = visitor->rest();
    EXPECT_THAT(cut, testing::EndsWith("}\r\nFrom: Ada <ada@custo"));
    fault("imap-sign-in-refused", "", 1);
    auto const refused = imap(false);
    EXPECT_EQ(refused->command("a AUTHENTICATE XOAUTH2 " + xoauth2("sales@contoso.test", access_token())),
              "a NO AUTHENTICATE failed.\n");
    fault("imap-not-connected", "", 1);
    EXPECT_THAT(imap()->command("a SELECT INBOX"), HasSubstr("not connected"));
    fault("imap-throttled", "1234", 1);
    EXPECT_THAT(imap()->command("a SELECT INBOX"),
                HasSubstr("a BAD Request is throttled. Suggested Backoff Time: 1234 milliseconds"));
}

TEST_F(ImapTest, PlaysAFaultForOneMailboxOnly)
{
    api("faults", {{"id", "imap-not-connected"}, {"scope", "Support@contoso.test"}});
    EXPECT_THAT(imap(true, "support@contoso.test")->command("a SELECT INBOX"), HasSubstr("not connected"));
    EXPECT_THAT(imap()->command("a SELECT INBOX"), HasSubstr("a OK"));
}

TEST_F(ImapTest, SurvivesHostileInput)
{
    put_in(mail(1));
    for (auto const& bytes :
         {std::string("\r\n"), std::string(300'000, 'x'), std::string("a FETCH 1 BODY[\r\n"),
          std::string("a UID FETCH 4294967295:* (BODY[1.2.3.99999999999])\r\n"),
          "a SEARCH " + std::string(9'000, '(') + "\r\n", std::string("a APPEND INBOX {99999999999999999999}\r\n"),
          std::string("a APPEND INBOX {4294967296+}\r\n"),
          std::string("a LIST \"\" \"") + std::string(200, '*') + "z\"\r\n", std::string("a UID EXPUNGE *\r\n"),
          std::string("a STORE 1 +FLAGS (\\Seen\r\n"), std::string("a UID FETCH 1 BODY[HEADER.FIELDS (\"x]\r\n"),
          std::string("a SEARCH SINCE 99-Zzz-2020\r\n"), std::string("a FETCH 1 BODY[]<9.99999999999>\r\n"),
          std::string("\0\0\0\0\n", 5), std::string("a IDLE\r\nnonsense\r\n")}) {
        auto const visitor = imap();
        visitor->command("s SELECT INBOX");
        visitor->send(bytes);
        visitor->send("z LOGOUT\r\n");
        visitor->rest();
    }
    EXPECT_THAT(imap()->command("a SELECT INBOX"), HasSubstr("a OK"));
}

TEST_F(ImapTest, ExpungesOnlyWhatTheClientKnows)
{
    auto const visitor = in_inbox(0);
    auto const other = imap();
    other->command("a APPEND INBOX (\\Deleted) {3+}\r\nabc");
    EXPECT_EQ(visitor->command("b UID EXPUNGE 1:*"), "* 1 EXISTS\n* 0 RECENT\nb OK EXPUNGE completed.\n");
    EXPECT_THAT(visitor->command("c UID EXPUNGE 1:*"), StartsWith("* 1 EXPUNGE\n"));
}

TEST_F(ImapTest, LetsNoNameForgeAnAnswer)
{
    auto const visitor = in_inbox(0);
    visitor->send("a SELECT {12+}\r\nx\r\nz OK evil\r\n");
    EXPECT_EQ(visitor->line(), "a NO x\\x0d\\x0az OK evil doesn't exist.");
    visitor->send("b CREATE {12+}\r\nx\r\nz OK evil\r\n");
    EXPECT_THAT(visitor->line(), StartsWith("b BAD"));
}

TEST_F(ImapTest, TakesACommandAtEverySplit)
{
    auto const visitor = in_inbox(1);
    std::string const command = "a UID SEARCH SUBJECT {4+}\r\nMail\r\n";
    for (std::size_t i = 1; i < command.size(); ++i) {
        visitor->send(command.substr(0, i));
        visitor->send(command.substr(i));
        EXPECT_THAT(visitor->until("a"), StartsWith("* SEARCH 1\n")) << i;
    }
}

}  // namespace postroom::lab
