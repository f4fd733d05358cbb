#include "desk/desk.hpp"

#include "desk/case-token.hpp"
#include "fixture.hpp"

namespace postroom::desk {
namespace {

TEST_F(DeskTest, NewMailOpensACase)
{
    auto const filed = deliver(sales, mail("Where is my order?", "1@example.com"));
    EXPECT_TRUE(filed.new_case);
    auto const a_case = case_of(filed.case_id);
    EXPECT_EQ(a_case.number, filed.number);
    EXPECT_EQ(a_case.subject, "Where is my order?");
    EXPECT_EQ(a_case.customer, "jane@example.com");
    EXPECT_EQ(a_case.customer_name, "Jane Doe");
    EXPECT_EQ(a_case.department, sales.department);
    EXPECT_EQ(a_case.mailbox, sales.id);
    EXPECT_TRUE(a_case.waiting_for_us);
    auto const list = activities(filed.case_id);
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].from, "Jane Doe <jane@example.com>");
    EXPECT_EQ(list[0].message_id, "1@example.com");
    EXPECT_EQ(list[0].text, "Hello\n");
    EXPECT_TRUE(list[0].message.has_value());
    EXPECT_TRUE(list[0].body.has_value());
}

TEST_F(DeskTest, AnswersFindTheirCase)
{
    auto const first = deliver(sales, mail("Order", "1@example.com"));
    EXPECT_EQ(deliver(sales, mail("Re: Order", "2@example.com", "In-Reply-To: <1@example.com>\r\n")).case_id,
              first.case_id);
    // only far up in the thread
    EXPECT_EQ(
        deliver(sales, mail("Re: Order", "3@example.com", "References: <1@example.com> <unknown@example.com>\r\n"))
            .case_id,
        first.case_id);
    // by an answer's id, not the first mail's
    EXPECT_EQ(deliver(sales, mail("Re: Order", "4@example.com", "In-Reply-To: <2@example.com>\r\n")).case_id,
              first.case_id);
    // by token alone
    EXPECT_EQ(deliver(sales, mail("AW: Order " + case_token(first.number, key), "5@example.com")).case_id,
              first.case_id);
    // the same subject is no reason
    EXPECT_TRUE(deliver(sales, mail("Re: Order", "6@example.com")).new_case);
    EXPECT_EQ(activities(first.case_id).size(), 5U);
}

TEST_F(DeskTest, InReplyToCountsBeforeReferencesAndToken)
{
    auto const one = deliver(sales, mail("One", "1@example.com"));
    auto const two = deliver(sales, mail("Two", "2@example.com"));
    auto const three = deliver(sales, mail("Three", "3@example.com"));
    EXPECT_EQ(deliver(sales, mail("x " + case_token(three.number, key), "4@example.com",
                                  "In-Reply-To: <1@example.com>\r\nReferences: <2@example.com>\r\n"))
                  .case_id,
              one.case_id);
    EXPECT_EQ(
        deliver(sales, mail("x " + case_token(three.number, key), "5@example.com", "References: <2@example.com>\r\n"))
            .case_id,
        two.case_id);
}

TEST_F(DeskTest, ForgedOrAlteredTokenOpensANewCase)
{
    auto const first = deliver(sales, mail("Order", "1@example.com"));
    auto const token = case_token(first.number, key);
    auto const check = token.substr(token.find('-'));
    EXPECT_TRUE(deliver(sales, mail("x [Case " + std::to_string(first.number + 1) + check, "2@example.com")).new_case);
    EXPECT_TRUE(deliver(sales, mail("x " + case_token(first.number, "another key"), "3@example.com")).new_case);
    EXPECT_TRUE(deliver(sales, mail("x " + case_token(999'999, key), "4@example.com")).new_case);  // no such case
    EXPECT_EQ(activities(first.case_id).size(), 1U);
}

TEST_F(DeskTest, DepartmentsKeepTheirMailApart)
{
    auto const in_sales = deliver(sales, mail("Order", "1@example.com"));
    auto const by_reference = deliver(support, mail("Re: Order", "2@example.com", "In-Reply-To: <1@example.com>\r\n"));
    EXPECT_TRUE(by_reference.new_case);
    EXPECT_EQ(case_of(by_reference.case_id).department, support.department);
    EXPECT_TRUE(deliver(support, mail("Re: " + case_token(in_sales.number, key), "3@example.com")).new_case);
    // one mail to both is one activity in each
    auto const both = mail("To both", "4@example.com");
    EXPECT_NE(deliver(sales, both).case_id, deliver(support, both).case_id);
}

TEST_F(DeskTest, AnswerReopensAClosedCaseAMachineDoesNot)
{
    auto const first = deliver(sales, mail("Order", "1@example.com"));
    write([&](Connection& c) { EXPECT_TRUE(close_case(c, first.case_id, "alice", clock.now()).has_value()); });
    auto const automatic = deliver(sales, mail("Automatic reply", "2@example.com",
                                               "In-Reply-To: <1@example.com>\r\nAuto-Submitted: auto-replied\r\n"));
    EXPECT_EQ(automatic.case_id, first.case_id);
    EXPECT_FALSE(automatic.reopened);
    EXPECT_EQ(case_of(first.case_id).state, model::CaseState::closed);
    auto const human = deliver(sales, mail("Re: Order", "3@example.com", "In-Reply-To: <1@example.com>\r\n"));
    EXPECT_TRUE(human.reopened);
    EXPECT_EQ(case_of(first.case_id).state, model::CaseState::open);
    EXPECT_EQ(activities(first.case_id).back().kind, model::ActivityKind::event);
    EXPECT_TRUE(activities(first.case_id)[2].automatic);
}

// Long after its end a case is over, and what follows finds the one that follows it.
TEST_F(DeskTest, AnAnswerLongAfterTheEndOpensACaseThatFollows)
{
    constexpr Duration a_day{24 * 3'600'000LL};
    auto const answer = [](std::string_view id) { return mail("Re: Order", id, "In-Reply-To: <1@example.com>\r\n"); };
    auto const close = [&](model::CaseId id) {
        write([&](Connection& c) { EXPECT_TRUE(close_case(c, id, "alice", clock.now()).has_value()); });
    };
    auto const first = deliver(sales, mail("Order", "1@example.com"));
    close(first.case_id);
    clock.advance(29 * a_day);
    EXPECT_TRUE(deliver(sales, answer("2@example.com")).reopened);
    close(first.case_id);
    clock.advance(31 * a_day);
    auto const machine = deliver(
        sales, mail("Away", "3@example.com", "In-Reply-To: <1@example.com>\r\nAuto-Submitted: auto-replied\r\n"));
    EXPECT_EQ(machine.case_id, first.case_id) << "a machine's word belongs to what it speaks of";
    auto const second = deliver(sales, answer("4@example.com"));
    EXPECT_TRUE(second.new_case);
    EXPECT_EQ(case_of(second.case_id).follows, first.number);
    EXPECT_EQ(case_of(first.case_id).state, model::CaseState::closed);
    EXPECT_NE(activities(first.case_id).back().text.find(fmt::format("case {} was opened", second.number)),
              std::string::npos);
    EXPECT_EQ(deliver(sales, answer("5@example.com")).case_id, second.case_id) << "and not a third one";
    close(second.case_id);
    EXPECT_TRUE(deliver(sales, mail("AW: " + case_token(first.number, key), "6@example.com")).reopened);
    close(second.case_id);
    clock.advance(31 * a_day);
    auto const third = deliver(sales, answer("7@example.com"));
    EXPECT_EQ(case_of(third.case_id).follows, second.number);

    write([](Connection& c) { store::set_setting(c, "case-reopen-days", "0"); });
    EXPECT_EQ(deliver(sales, answer("8@example.com")).case_id, first.case_id) << "0: always the old one";
}

TEST_F(DeskTest, WhatCanNotBeReadIsFiledAsItIs)
{
    auto const first = deliver(sales, mail("Order", "1@example.com"));
    auto const elsewhere = deliver(support, mail("Order", "2@example.com"));
    write([&](Connection& c) { EXPECT_TRUE(close_case(c, first.case_id, "alice", clock.now()).has_value()); });
    for (int i = 0; i < 2; ++i) {
        auto const bytes = std::string(1000, '\0') + std::to_string(i);
        write([&](Connection& c) {
            auto const id = add_mail(c, sales, bytes).id;
            store::triage_failed(c, id, "it is no mail");
            auto const message = store::message(c, id).value();
            EXPECT_EQ(file_unread(c, message, elsewhere.case_id, "alice", clock.now()).error().kind, Trouble::invalid);
            auto const into = i == 0 ? std::optional(first.case_id) : std::nullopt;
            auto const filed = file_unread(c, message, into, "alice", clock.now());
            ASSERT_TRUE(filed.has_value()) << filed.error().message;
            EXPECT_EQ(filed->new_case, i == 1);
            EXPECT_EQ(filed->reopened, i == 0);
            EXPECT_EQ(store::message(c, id)->triage, model::TriageState::done);
            auto const activity = store::activity(c, filed->activity).value();
            EXPECT_EQ(activity.message, id);
            EXPECT_NE(activity.text.find("it is no mail"), std::string::npos);
        });
    }
    EXPECT_EQ(case_of(first.case_id).state, model::CaseState::open);
    EXPECT_TRUE(read([](Connection& c) { return store::exceptions(c, 10); }).empty());
}

TEST_F(DeskTest, PossibleDuplicateGoesWhereTheFirstWent)
{
    auto const first = deliver(sales, mail("Order", "1@example.com"));
    auto const again = deliver(sales, mail("Order", "1@example.com", "X-Rendered: anew\r\n"), true);
    EXPECT_EQ(again.case_id, first.case_id);
    EXPECT_TRUE(activities(first.case_id).back().possible_duplicate);
    // A Message-ID alone decides nothing: a mail that only carries the same one is another mail.
    EXPECT_TRUE(deliver(sales, mail("Something else", "1@example.com")).new_case);
}

TEST_F(DeskTest, MailWithoutSenderOrIdIsFiled)
{
    auto const filed = deliver(sales, "Subject: nobody\r\n\r\nx\r\n");
    EXPECT_TRUE(filed.new_case);
    EXPECT_EQ(case_of(filed.case_id).customer, "");
    write([&](Connection& c) {
        auto const queued = reply(c, {.case_id = filed.case_id, .text = "Hello"}, key, clock.now());
        ASSERT_FALSE(queued.has_value());
        EXPECT_EQ(queued.error().kind, Trouble::invalid);
    });
}

TEST_F(DeskTest, ReplyIsComposedStoredAndQueued)
{
    auto const filed = deliver(sales, mail("Order", "1@example.com", "References: <0@example.com>\r\n"));
    auto const queued = write([&](Connection& c) {
        return reply(c,
                     {.case_id = filed.case_id,
                      .text = "It is on its way.",
                      .cc = {"Bob <bob@example.org>"},
                      .attachments = {{"bill.pdf", "application/pdf", "%PDF"}}},
                     key, clock.now());
    });
    ASSERT_TRUE(queued.has_value()) << queued.error().message;
    EXPECT_EQ(queued->number, filed.number);
    EXPECT_TRUE(queued->message_id.ends_with("@contoso.test"));

    auto const outbound = read([&](Connection& c) { return store::outbound(c, queued->outbound); });
    ASSERT_TRUE(outbound.has_value());
    EXPECT_EQ(outbound->state, model::OutboundState::queued);
    EXPECT_EQ(outbound->sender, "sales@contoso.test");
    EXPECT_EQ(outbound->recipients, (std::vector<std::string>{"jane@example.com", "bob@example.org"}));
    EXPECT_EQ(outbound->message_id, queued->message_id);
    EXPECT_EQ(outbound->activity, queued->activity);
    EXPECT_EQ(outbound->account, sales.account);

    auto const bytes = read([&](Connection& c) { return store::read_body(c, outbound->body); });
    EXPECT_EQ(outbound->size, static_cast<std::int64_t>(bytes.size()));
    auto const sent = mime::read(bytes);
    ASSERT_TRUE(sent.has_value());
    EXPECT_EQ(sent->from[0], (mime::Address{"Contoso Sales", "sales@contoso.test"}));
    EXPECT_EQ(sent->subject, "Re: Order " + case_token(filed.number, key));
    EXPECT_EQ(sent->in_reply_to, std::vector<std::string>{"1@example.com"});
    EXPECT_EQ(sent->references, (std::vector<std::string>{"0@example.com", "1@example.com"}));
    EXPECT_EQ(sent->text, "It is on its way.\n");

    auto const list = activities(filed.case_id);
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[1].kind, model::ActivityKind::sent);
    ASSERT_EQ(list[1].attachments.size(), 1U);
    EXPECT_EQ(mime::part(bytes, list[1].attachments[0].part)->bytes, "%PDF");
    EXPECT_FALSE(case_of(filed.case_id).waiting_for_us);

    // and the customer's answer to it comes home, by either way
    EXPECT_EQ(
        deliver(sales, mail("Aw: whatever", "2@example.com", "In-Reply-To: <" + queued->message_id + ">\r\n")).case_id,
        filed.case_id);
    EXPECT_EQ(deliver(sales, mail("Aw: " + sent->subject, "3@example.com")).case_id, filed.case_id);
}

TEST_F(DeskTest, ReplyGoesToReplyToAndNotToMachines)
{
    auto const filed = deliver(sales, mail("Order", "1@example.com", "Reply-To: Jane at home <home@example.net>\r\n"));
    deliver(sales,
            "From: mailer-daemon@example.com\r\nSubject: failure\r\nIn-Reply-To: <1@example.com>\r\nReturn-Path: "
            "<>\r\n\r\nx\r\n");
    auto const queued =
        write([&](Connection& c) { return *reply(c, {.case_id = filed.case_id, .text = "Hello"}, key, clock.now()); });
    auto const outbound = read([&](Connection& c) { return *store::outbound(c, queued.outbound); });
    EXPECT_EQ(outbound.recipients, std::vector<std::string>{"home@example.net"});
}

TEST_F(DeskTest, ReplySurvivesHostileHeadersOfTheCustomer)
{
    std::string references = "References:";
    for (int i = 0; i < 100; ++i) references += fmt::format("\r\n <{}@example.com>", i);
    auto const filed =
        deliver(sales, mail("=?utf-8?Q?x=0D=0ABcc:_v@example.com?=", "caf\xC3\xA9 id@example.com",
                            references + "\r\nReply-To: <a@b\x01>, =?utf-8?Q?N=0D=0AX:_y?= <ok@example.com>\r\n"));
    auto const queued =
        write([&](Connection& c) { return reply(c, {.case_id = filed.case_id, .text = "Hello"}, key, clock.now()); });
    ASSERT_TRUE(queued.has_value()) << queued.error().message;
    auto const bytes =
        read([&](Connection& c) { return store::read_body(c, store::outbound(c, queued->outbound)->body); });
    EXPECT_EQ(bytes.find("\r\nBcc"), std::string::npos);
    EXPECT_EQ(bytes.find("\r\nX:"), std::string::npos);
    auto const sent = mime::read(bytes);
    EXPECT_LE(sent->references.size(), 20U);
    EXPECT_EQ(sent->references.front(), "50@example.com");
    EXPECT_EQ(sent->references.back(), "99@example.com");
}

TEST_F(DeskTest, WhatAPersonDoesWrongIsSaid)
{
    auto const filed = deliver(sales, mail("Order", "1@example.com"));
    write([&](Connection& c) {
        auto const now = clock.now();
        EXPECT_EQ(reply(c, {.case_id = model::CaseId::make(), .text = "x"}, key, now).error().kind, Trouble::not_found);
        EXPECT_EQ(reply(c, {.case_id = filed.case_id, .text = " \n"}, key, now).error().kind, Trouble::invalid);
        EXPECT_EQ(reply(c, {.case_id = filed.case_id, .text = "x", .to = {"nobody"}}, key, now).error().kind,
                  Trouble::invalid);
        EXPECT_EQ(new_mail(c, {.mailbox = model::MailboxId::make(), .to = {"a@b"}, .text = "x"}, key, now).error().kind,
                  Trouble::not_found);
        EXPECT_EQ(new_mail(c, {.mailbox = sales.id, .to = {"a@b"}, .subject = "x\r\nBcc: y@z", .text = "x"}, key, now)
                      .error()
                      .kind,
                  Trouble::invalid);
        EXPECT_EQ(add_note(c, filed.case_id, " ", "a", now).error().kind, Trouble::invalid);
        EXPECT_EQ(reopen_case(c, filed.case_id, "a", now).error().kind, Trouble::conflict);
    });
    // nothing of it was left behind
    EXPECT_EQ(read([&](Connection& c) { return store::cases(c, {}); }).size(), 1U);
    EXPECT_EQ(activities(filed.case_id).size(), 1U);
    EXPECT_TRUE(read([&](Connection& c) { return store::outbounds(c, std::nullopt, 10); }).empty());
}

TEST_F(DeskTest, NewMailOfOursOpensACaseThatItsAnswerFinds)
{
    auto const queued = write([&](Connection& c) {
        return *new_mail(
            c, {.mailbox = sales.id, .to = {"Jane <jane@example.com>"}, .subject = "Your contract", .text = "Hello"},
            key, clock.now());
    });
    auto const a_case = case_of(queued.case_id);
    EXPECT_EQ(a_case.subject, "Your contract");
    EXPECT_EQ(a_case.customer, "jane@example.com");
    EXPECT_FALSE(a_case.waiting_for_us);
    EXPECT_EQ(activities(queued.case_id)[0].subject, "Your contract " + case_token(queued.number, key));
    EXPECT_EQ(deliver(sales, mail("Re: Your contract", "1@example.com", "In-Reply-To: <" + queued.message_id + ">\r\n"))
                  .case_id,
              queued.case_id);
}

TEST_F(DeskTest, NotesAndEventsTell)
{
    auto const filed = deliver(sales, mail("Order", "1@example.com"));
    clock.advance(Duration(1000));
    write([&](Connection& c) {
        EXPECT_TRUE(add_note(c, filed.case_id, "called her", "alice", clock.now()).has_value());
        EXPECT_TRUE(close_case(c, filed.case_id, "alice", clock.now()).has_value());
        EXPECT_TRUE(reopen_case(c, filed.case_id, "bob", clock.now()).has_value());
    });
    auto const list = activities(filed.case_id);
    ASSERT_EQ(list.size(), 4U);
    EXPECT_EQ(list[1].kind, model::ActivityKind::note);
    EXPECT_EQ(list[1].from, "alice");
    EXPECT_EQ(list[2].text, "Closed by alice");
    EXPECT_EQ(list[3].text, "Reopened by bob");
    EXPECT_TRUE(case_of(filed.case_id).waiting_for_us);
}

}  // namespace
}  // namespace postroom::desk
