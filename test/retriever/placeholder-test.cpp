#include "retriever/placeholder.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postroom::retriever {
namespace {

std::string const from = "From: \"Microsoft Exchange Server 2010\" <>\r\n";
std::string const subject = "Subject: Retrieval using the IMAP4 protocol failed for the following message: 20004\r\n";
std::string const rest =
    "MIME-Version: 1.0\r\n\r\nThe server couldn't retrieve the following message:\r\n\r\nSubject: Offer\r\n";

TEST(Placeholder, IsKnownByWhatTheServerWrites)
{
    EXPECT_TRUE(is_placeholder(from + subject + rest));
    EXPECT_TRUE(is_placeholder(subject + "From: Microsoft Exchange Server\n\n")) << "unquoted, LF, in another order";
    EXPECT_TRUE(is_placeholder(from +
                               "subject: Retrieval using the IMAP4 protocol failed\r\n for the following message:\r\n "
                               "20004\r\n\r\n"))
        << "folded";
    EXPECT_TRUE(is_placeholder(
        from + "Subject: Retrieval using the POP3 protocol failed for the following message: 7\r\n" + rest));
}

TEST(Placeholder, IsNoMailOfACustomer)
{
    EXPECT_FALSE(is_placeholder(""));
    EXPECT_FALSE(is_placeholder("\r\n" + from + subject + rest)) << "it says so in its text";
    EXPECT_FALSE(is_placeholder("From: Ada <ada@example.com>\r\n" + subject + rest)) << "a customer asks about it";
    EXPECT_FALSE(is_placeholder(from +
                                "Subject: Fw: Retrieval using the IMAP4 protocol failed for the following "
                                "message: 20004\r\n" +
                                rest));
    EXPECT_FALSE(is_placeholder("Received: from mx.example.com\r\n by x\r\n" + from + subject + rest))
        << "it was delivered, whatever it says";
    EXPECT_FALSE(is_placeholder(from + subject + "Received: x\r\n" + rest));
    EXPECT_FALSE(is_placeholder(from + "Subject: Retrieval using the POP3 protocol\r\n" + rest));
    EXPECT_FALSE(
        is_placeholder(from + "Subject: Retrieval using the  protocol failed for the following message: 7\r\n" + rest));
    EXPECT_FALSE(is_placeholder(std::string(placeholder_head, '\n')));
    EXPECT_FALSE(is_placeholder(std::string(placeholder_head, ':')));
}

}  // namespace
}  // namespace postroom::retriever
