// Whatever form a delivery report has, it is tied to the mail that it speaks of, by recipient.
#include "desk/reports.hpp"

#include "desk/answer.hpp"
#include "store/cases.hpp"
#include "store/fixture.hpp"
#include "store/outbound.hpp"
#include "store/sending.hpp"

#include <gtest/gtest.h>

namespace postroom::desk {
namespace {

using model::RecipientState;
using store::Connection;

constexpr std::string_view status =
    "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n";

class ReportsTest : public store::StoreTest {
protected:
    Queued answer(std::vector<std::string> to)
    {
        return write([&](Connection& c) {
            return *reply(c, {.case_id = house.a_case.id, .text = "Hello", .to = std::move(to)}, "key", clock.now());
        });
    }
    void report(mime::Mail const& mail, Tells tells = Tells::nothing, std::string_view words = "unknown user")
    {
        write([&](Connection& c) { note_report(c, house.a_case.id, mail, tells, words, clock.now()); });
    }
    std::vector<model::RecipientOutcome> known(Queued const& queued)
    {
        return read([&](Connection& c) { return store::recipients_of(c, queued.activity); });
    }
    // As servers write it; `quoted` is the last part, with its type.
    static mime::Mail structured(std::string const& recipients, std::string const& quoted)
    {
        auto const mail = mime::read(
            "From: MAILER-DAEMON@mx.example\r\nSubject: Undeliverable\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
            "--b\r\n\r\nSorry.\r\n--b\r\n" +
            std::string(status) + recipients + "\r\n--b\r\n" + quoted + "\r\n--b--\r\n");
        EXPECT_TRUE(mail && mail->report);
        return *mail;
    }
    static std::string failed(std::string const& address)
    {
        return "Final-Recipient: rfc822; " + address + "\r\nAction: failed\r\nStatus: 5.1.1\r\n" +
               "Diagnostic-Code: smtp; 550 no such user\r\n\r\n";
    }

    House house = furnish();
};

TEST_F(ReportsTest, EachRecipientHasItsOwn)
{
    auto const queued = answer({"Ann@Example.com", "bob@example.com"});
    report(structured(failed("Ann@Example.com") + "Final-Recipient: rfc822; bob@example.com\r\nAction: delivered\r\n" +
                          "Status: 2.0.0\r\n\r\nFinal-Recipient: rfc822; eve@example.com\r\nAction: relayed\r\n",
                      "Content-Type: message/rfc822\r\n\r\nMessage-ID: <" + queued.message_id + ">\r\n\r\nHello"));
    // A delay that is told of late takes nothing back.
    report(structured("Final-Recipient: rfc822; ann@example.com\r\nAction: delayed\r\nStatus: 4.4.1\r\n",
                      "Content-Type: message/rfc822\r\n\r\nMessage-ID: <" + queued.message_id + ">\r\n\r\nHello"));
    auto const all = known(queued);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].address, "ann@example.com");
    EXPECT_EQ(all[0].state, RecipientState::failed);
    EXPECT_EQ(all[0].words, "5.1.1, 550 no such user");
    EXPECT_EQ(all[1].state, RecipientState::delivered);
}

TEST_F(ReportsTest, OneThatQuotesHeadersAloneOrAnIdThatTheProviderReplaced)
{
    auto const headers = answer({"ann@example.com"});
    report(structured(
        failed("ann@example.com"),
        "Content-Type: text/rfc822-headers\r\n\r\nSubject: x\r\nMessage-ID: <" + headers.message_id + ">\r\n"));
    EXPECT_EQ(known(headers).size(), 1U);

    auto const replaced = answer({"ann@example.com"});
    report(structured(failed("ann@example.com"),
                      "Content-Type: message/rfc822\r\n\r\nMessage-ID: <new@outlook>\r\n"
                      "X-Microsoft-Original-Message-ID: <" +
                          replaced.message_id + ">\r\n\r\nHello"));
    EXPECT_EQ(known(replaced).size(), 1U);

    // The id that the server gave with its 250.
    auto const told = answer({"ann@example.com"});
    write([&](Connection& c) { store::add_message_id(c, told.activity, "given@outlook"); });
    report(structured(failed("ann@example.com"),
                      "Content-Type: message/rfc822\r\n\r\nMessage-ID: <given@outlook>\r\n\r\nHello"));
    EXPECT_EQ(known(told).size(), 1U);
}

TEST_F(ReportsTest, APartOfAMailIsTheMail)
{
    auto const queued = answer({"ann@example.com", "bob@example.com"});
    write([&](Connection& c) {
        auto const mail = store::claim(c, house.account.id, "here", 1, Duration(60'000)).at(0);
        EXPECT_TRUE(store::split_off(c, mail.id, mail.attempt, 1));
    });
    report(structured(failed("bob@example.com"),
                      "Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <part2." + queued.message_id + ">\r\n"));
    auto const all = known(queued);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].address, "bob@example.com");
}

TEST_F(ReportsTest, WhatQuotesNothingIsAboutTheLastMailToThatRecipient)
{
    auto const before = answer({"ann@example.com"});
    auto const last = answer({"ann@example.com", "bob@example.com"});
    auto const other = answer({"bob@example.com"});
    report(structured(failed("Ann@example.com"), "Content-Type: text/plain\r\n\r\nYours."));
    EXPECT_TRUE(known(before).empty());
    EXPECT_EQ(known(last).size(), 1U);
    EXPECT_TRUE(known(other).empty());
    // Of nobody's address it changes nothing.
    report(structured(failed("eve@example.com"), "Content-Type: text/plain\r\n\r\nYours."));
    EXPECT_EQ(known(last).size(), 1U);
    EXPECT_TRUE(known(other).empty());
}

TEST_F(ReportsTest, AnAddressThatMailIsPassedOnToIsThatOfItsOneRecipient)
{
    auto const queued = answer({"ann@example.com"});
    report(structured(failed("ann@elsewhere.example"),
                      "Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <" + queued.message_id + ">\r\n"));
    auto const all = known(queued);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].address, "ann@example.com");
    EXPECT_EQ(all[0].words, "5.1.1, 550 no such user (ann@elsewhere.example)");
}

TEST_F(ReportsTest, WithoutStructureItIsAboutWhomItNamesAheadOfTheCopy)
{
    auto const queued = answer({"ann@example.com", "bob@example.com"});
    mime::Mail mail;
    mail.automatic = mime::Automatic::null_sender;
    mail.text =
        "Hi. This is qmail.\n<Ann@example.com>:\nSorry, no mailbox here by that name.\n\n--- Copy:\n\n"
        "To: ann@example.com, bob@example.com\nMessage-ID: <" +
        queued.message_id + ">\n";
    report(mail);
    EXPECT_TRUE(known(queued).empty()) << "nobody says that it is a report";
    report(mail, Tells::failed);
    auto const all = known(queued);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].address, "ann@example.com");
    EXPECT_EQ(all[0].state, RecipientState::failed);
    EXPECT_EQ(all[0].words, "unknown user");

    auto const single = answer({"cem@example.com"});
    mail.text = "It is late.\nMessage-ID: <" + single.message_id + ">\n";
    report(mail, Tells::delayed);
    ASSERT_EQ(known(single).size(), 1U);
    EXPECT_EQ(known(single)[0].state, RecipientState::delayed);
}

}  // namespace
}  // namespace postroom::desk
