#include "retriever/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace postroom::retriever {
namespace {

TEST(Verdict, ObeysTheServersOwnMilliseconds)
{
    // imapsync, imapflow: what Exchange Online says, tagged and untagged.
    Error const throttled{Trouble::refused, "NO Request is throttled. Suggested Backoff Time: 299961 milliseconds"};
    EXPECT_EQ(judge(throttled, 1, 0.0, true).wait, Duration(299'961));
    EXPECT_EQ(judge(throttled, 9, 0.9, true).wait, Duration(299'961));
    EXPECT_EQ(suggested_backoff("Suggested Backoff Time: 99999999 milliseconds"), Duration(600'000));
    EXPECT_EQ(suggested_backoff("Suggested Backoff Time: soon"), std::nullopt);
    EXPECT_EQ(suggested_backoff("Suggested Backoff Time: -5 milliseconds"), std::nullopt);
    EXPECT_EQ(suggested_backoff(""), std::nullopt);
}

TEST(Verdict, TakesTheEndOfATokenForNoTrouble)
{
    Error const expired{Trouble::closed, "the server said BYE Session invalidated - AccessTokenExpired"};
    auto const verdict = judge(expired, 5, 0.5, true);
    EXPECT_FALSE(verdict.counts);
    EXPECT_EQ(verdict.wait, Duration(0));
}

TEST(Verdict, ASessionThatEndsBeforeItsFirstLookIsTrouble)
{
    // A server whose clock is wrong says so at every sign-in.
    Error const expired{Trouble::closed, "the server said BYE Session invalidated - AccessTokenExpired"};
    auto const verdict = judge(expired, 1, 0.0, false);
    EXPECT_TRUE(verdict.counts);
    EXPECT_GT(verdict.wait, Duration(0));
}

TEST(Verdict, WaitsLongerEachTimeAndLongerForARefusal)
{
    Error const cut{Trouble::closed, "the server closed the connection"};
    Error const refused{Trouble::refused, "NO AUTHENTICATE failed."};
    EXPECT_LT(judge(cut, 1, 0.5, true).wait, judge(cut, 3, 0.5, true).wait);
    EXPECT_LT(judge(cut, 1, 0.5, true).wait, judge(refused, 1, 0.5, true).wait);
    for (unsigned failures = 1; failures < 100; ++failures) {
        EXPECT_LE(judge(cut, failures, 0.999, true).wait, Duration(120'000));
        EXPECT_LE(judge(refused, failures, 0.999, true).wait, Duration(300'000));
        EXPECT_GT(judge(cut, failures, 0.0, true).wait, Duration(0));
    }
}

// What servers and the layers below say, as they say it, and the one kind of trouble that it is.
TEST(TroubleOf, TellsThemApart)
{
    using enum model::MailTrouble;
    struct Case {
        Trouble kind;
        std::string_view words;
        model::MailTrouble trouble;
    };
    std::vector<Case> const cases{
        {Trouble::refused, "outlook.office365.com:993 refused the sign-in as a@b.test: NO AUTHENTICATE failed.",
         sign_in_refused},
        {Trouble::refused,
         "outlook.office365.com:995 refused the sign-in as a@b.test: -ERR Authentication failure: unknown user name or "
         "bad password.",
         sign_in_refused},
        {Trouble::refused, "h:993 refused the sign-in as a@b.test: BAD User is authenticated but not connected.",
         no_right},
        {Trouble::refused, "h:993 refused the sign-in as a@b.test: NO [AUTHORIZATIONFAILED] no", no_right},
        {Trouble::refused, "h:993 offers no sign-in with a password, neither PLAIN nor LOGIN", protocol_off},
        {Trouble::refused,
         "h:993 refused the sign-in as a@b.test: NO [ALERT] Your account is not enabled for IMAP use.", protocol_off},
        {Trouble::refused,
         "the server refused to list the folder: NO Request is throttled. Suggested Backoff Time: 299961 "
         "milliseconds",
         throttled},
        {Trouble::refused,
         "h:993 refused the sign-in as a@b.test: NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded",
         throttled},
        {Trouble::closed, "the server ended the session: Request is throttled. Suggested Backoff Time: 5 milliseconds",
         throttled},
        {Trouble::refused, "the server refused to open the folder INBOX: NO Server Unavailable. 15", unavailable},
        {Trouble::closed, "the server ended the session: Server Unavailable. 15", unavailable},
        {Trouble::refused, "h:995 refused the sign-in as a@b.test: -ERR [IN-USE] locked", unavailable},
        {Trouble::refused, "the server refused to open the folder X: NO no such folder", refused},
        {Trouble::refused, "AADSTS50173: The provided grant has expired", needs_authorization},
        {Trouble::closed, "h:993 closed the connection during the TLS handshake", cut},
        {Trouble::closed, "h:993 broke the connection: Connection reset by peer", cut},
        {Trouble::timed_out, "h:993 did not answer within 120 s", no_answer},
        {Trouble::timed_out, "the connection made no progress for 900 s", no_progress},
        {Trouble::tls, "h:993 is not trusted: certificate has expired", tls},
        // Whoever signs a certificate may write into it what it likes.
        {Trouble::tls, "h:993 is not trusted: issued by Request is throttled", tls},
        {Trouble::unreachable, "nowhere.test has no address: Domain name not found", dns},
        {Trouble::timed_out, "no name server answered for h within 5 s", dns},
        {Trouble::unreachable, "cannot reach h:993: 127.0.0.1: Connection refused", unreachable},
        {Trouble::timed_out, "cannot reach h:993: 192.0.2.1: no answer (gave up after 30 s)", unreachable},
        {Trouble::protocol, "the server's first words are no IMAP greeting", nonsense},
        {Trouble::store, "disk I/O error: server unavailable", store},
        {Trouble::conflict, "another server took this mailbox over", none},
        {Trouble::internal, "vector::at", internal},
    };
    for (auto const& each : cases)
        EXPECT_EQ(trouble_of({each.kind, std::string(each.words)}), each.trouble) << each.words;
}

TEST(Verdict, AMailMayBeToBlameForTheEndOfAConnection)
{
    for (auto const kind : {Trouble::closed, Trouble::timed_out, Trouble::protocol, Trouble::limit})
        EXPECT_TRUE(may_be_a_mails_doing({kind, "the server closed the connection"}));
    for (auto const kind : {Trouble::refused, Trouble::store, Trouble::tls, Trouble::unreachable, Trouble::conflict})
        EXPECT_FALSE(may_be_a_mails_doing({kind, "the server refused to give mail"}));
    EXPECT_FALSE(may_be_a_mails_doing({Trouble::closed, "BYE Session invalidated - AccessTokenExpired"}))
        << "it has said why";
}

TEST(Verdict, AQuestionNamesWhatChanged)
{
    model::Account account;
    account.name = "sales";
    account.retrieval_server = {"mail.contoso.com", 1993};
    EXPECT_EQ(other_server("outlook.office365.com:993", account),
              "the account sales has another server: mail.contoso.com:1993 instead of outlook.office365.com:993");
    EXPECT_EQ(other_server("mail.contoso.com:1993", account),
              "the account sales was moved away from its server mail.contoso.com:1993 and back");
    model::Mailbox mailbox;
    mailbox.address = "sales@contoso.com";
    EXPECT_THAT(how_to_decide(mailbox), testing::HasSubstr("`postroom mailbox resume sales@contoso.com`"));
}

}  // namespace
}  // namespace postroom::retriever
