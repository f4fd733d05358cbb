// The mechanisms' messages, byte for byte, from the documents that define them.
#include "sasl/mechanism.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

namespace postroom::sasl {
namespace {

TEST(Xoauth2, SaysWhatMicrosoftsDocumentShows)
{
    // Microsoft, "Authenticate an IMAP, POP or SMTP connection using OAuth": the documented example.
    auto mechanism = xoauth2("test@contoso.onmicrosoft.com", Secret("EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA"));
    ASSERT_TRUE(mechanism);
    EXPECT_EQ((*mechanism)->name(), "XOAUTH2");
    EXPECT_EQ(to_base64((*mechanism)->initial()->expose()),
              "dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpMQldaV0Nj"
              "bFJDM0VvQUEBAQ==");
}

TEST(Xoauth2, AnswersTheErrorReportWithAnEmptyLineOnceAndKeepsIt)
{
    auto mechanism = xoauth2("a@contoso.com", Secret("token"));
    std::string const report = R"({"status":"401","schemes":"bearer","scope":"https://mail.google.com/"})";
    auto answer = (*mechanism)->answer(report);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->empty());
    EXPECT_EQ((*mechanism)->refusal(), report);

    auto again = (*mechanism)->answer(report);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, Trouble::protocol);
}

TEST(Xoauth2, RefusesWhatCouldBeTakenForTheFrame)
{
    using namespace std::string_literals;
    for (std::string const& user : {""s,
                                    "a\x01"
                                    "auth=Bearer x"s,
                                    "a\r\nb"s, "a\0b"s, "a\x7f"s, "a\xff"s}) {
        auto mechanism = xoauth2(user, Secret("token"));
        ASSERT_FALSE(mechanism) << printable(user);
        EXPECT_EQ(mechanism.error().kind, Trouble::invalid);
    }
    for (std::string const& token : {""s, "a\x01"s, "a b"s, "a\n"s, "a\0b"s, "a\x80"s}) {
        auto mechanism = xoauth2("a@contoso.com", Secret(token));
        ASSERT_FALSE(mechanism);
        EXPECT_EQ(mechanism.error().kind, Trouble::invalid);
        if (token.size() > 1) {
            EXPECT_EQ(mechanism.error().message.find(token), std::string::npos);
        }
    }
    EXPECT_TRUE(xoauth2("jörg@contoso.com", Secret("token")));
}

TEST(OauthBearer, SaysWhatRfc7628Section4Shows)
{
    auto mechanism = oauthbearer("user@example.com", {"server.example.com", 143},
                                 Secret("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="));
    ASSERT_TRUE(mechanism);
    EXPECT_EQ(to_base64((*mechanism)->initial()->expose()),
              "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRj"
              "Mk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB");
    auto answer = (*mechanism)->answer(R"({"status":"invalid_token","scope":"example_scope"})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(to_base64(answer->expose()), "AQ==");
    EXPECT_EQ((*mechanism)->refusal(), R"({"status":"invalid_token","scope":"example_scope"})");
    EXPECT_FALSE((*mechanism)->answer(""));
}

TEST(OauthBearer, EscapesTheNameAndRefusesControlCharacters)
{
    auto mechanism = oauthbearer("a,b=c@example.com", {"h", 1}, Secret("t"));
    EXPECT_TRUE((*mechanism)->initial()->expose().starts_with("n,a=a=2Cb=3Dc@example.com,\x01"));
    EXPECT_FALSE(oauthbearer("a", {"h\x01port=2", 1}, Secret("t")));
    EXPECT_FALSE(oauthbearer("a\x01", {"h", 1}, Secret("t")));
    EXPECT_FALSE(oauthbearer("a", {"h", 1}, Secret("t\x01")));
}

TEST(Plain, SaysWhatRfc4616Section4Shows)
{
    auto mechanism = plain("tim", Secret("tanstaaftanstaaf"));
    ASSERT_TRUE(mechanism);
    EXPECT_EQ((*mechanism)->initial()->expose(), std::string_view("\0tim\0tanstaaftanstaaf", 21));
    EXPECT_FALSE((*mechanism)->answer(""));
    EXPECT_FALSE(plain(std::string_view("t\0m", 3), Secret("x")));
    EXPECT_FALSE(plain("tim", Secret(std::string("x\0y", 3))));
}

TEST(Login, AnswersByTheOrderOfTheQuestions)
{
    auto mechanism = login("tim", Secret("secret"));
    ASSERT_TRUE(mechanism);
    EXPECT_FALSE((*mechanism)->initial());
    EXPECT_EQ((*mechanism)->answer("Username:")->expose(), "tim");
    EXPECT_EQ((*mechanism)->answer("Password:")->expose(), "secret");
    auto third = (*mechanism)->answer("Shoe size:");
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().kind, Trouble::protocol);
}

}  // namespace
}  // namespace postroom::sasl
