// Reply to all, forward, quotes, signatures, templates, and mail that waits.
#include "desk/answer.hpp"

#include "desk/desk.hpp"
#include "mime/quote.hpp"
#include "mime/read.hpp"
#include "store/bodies.hpp"
#include "store/cases.hpp"
#include "store/fixture.hpp"
#include "store/mailboxes.hpp"
#include "store/outbound.hpp"
#include "store/sending.hpp"

#include <gtest/gtest.h>

namespace postroom::desk {
namespace {

using store::Connection;

class AnswerTest : public store::StoreTest {
protected:
    AnswerTest() { house = furnish(); }

    model::ActivityId customer_writes(std::vector<std::string> to, std::vector<std::string> cc)
    {
        std::string const bytes =
            "From: Ann <ann@example.com>\r\nSubject: Parts\r\nMessage-ID: <q@example.com>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nWhere are they?\r\n--b\r\n"
            "Content-Type: image/png; name=p.png\r\nContent-Disposition: attachment; filename=p.png\r\n\r\nPNG!\r\n"
            "--b--\r\n";
        return write([&](Connection& c) {
            model::Activity activity{.id = model::ActivityId::make(),
                                     .case_id = house.a_case.id,
                                     .from = "Ann <ann@example.com>",
                                     .to = std::move(to),
                                     .cc = std::move(cc),
                                     .subject = "Parts",
                                     .message_id = "q@example.com",
                                     .references = {"first@example.com"},
                                     .text = "Where are they?\n> you said\n",
                                     .attachments = {{.name = "p.png", .type = "image/png", .size = 4, .part = 2}},
                                     .body = add_body(c, bytes, 1),
                                     .at = clock.now()};
            store::add_activity(c, activity);
            return activity.id;
        });
    }
    mime::Mail sent(Queued const& queued)
    {
        return read([&](Connection& c) {
            auto const mail = *store::outbound(c, queued.outbound);
            return *mime::read(store::read_body(c, mail.body));
        });
    }
    std::string raw(Queued const& queued)
    {
        return read([&](Connection& c) { return store::read_body(c, store::outbound(c, queued.outbound)->body); });
    }

    House house;
};

TEST_F(AnswerTest, AnswersAllButOurselvesWithSignatureAndQuote)
{
    customer_writes({"sales@contoso.com", "Bob <bob@example.com>"}, {"SALES@contoso.com", "eve@example.com"});
    auto const queued = write([&](Connection& c) {
        store::set_department_sending(c,
                                      {.department = house.a_case.department, .signature = "Customer care\nContoso"});
        store::set_mailbox_sending(c, {.mailbox = house.mailbox.id, .reply_to = "Answers <answers@contoso.com>"});
        return *reply(c,
                      {.case_id = house.a_case.id,
                       .text = "Soon.",
                       .html = "<p>Soon.</p>",
                       .bcc = {"boss@contoso.test"},
                       .sign = true,
                       .audience = Audience::all,
                       .quote = true},
                      "key", clock.now());
    });
    auto const mail = sent(queued);
    EXPECT_EQ(mail.to, (std::vector<mime::Address>{{"Ann", "ann@example.com"}}));
    EXPECT_EQ(mail.cc, (std::vector<mime::Address>{{"Bob", "bob@example.com"}, {"", "eve@example.com"}}));
    EXPECT_EQ(mail.reply_to, (std::vector<mime::Address>{{"Answers", "answers@contoso.com"}}));
    EXPECT_EQ(mail.in_reply_to, std::vector<std::string>{"q@example.com"});
    EXPECT_EQ(mail.references, (std::vector<std::string>{"first@example.com", "q@example.com"}));
    EXPECT_TRUE(mail.text.starts_with("Soon.\n\n-- \nCustomer care\nContoso\n\nOn ")) << mail.text;
    EXPECT_NE(mail.text.find("Ann <ann@example.com> wrote:\n> Where are they?\n>> you said\n"), std::string::npos);
    EXPECT_NE(mail.html.find("Customer care<br>"), std::string::npos);
    EXPECT_NE(mail.html.find("<blockquote"), std::string::npos);
    EXPECT_EQ(raw(queued).find("boss@"), std::string::npos);
    auto const outbound = read([&](Connection& c) { return *store::outbound(c, queued.outbound); });
    EXPECT_EQ(outbound.recipients,
              (std::vector<std::string>{"ann@example.com", "bob@example.com", "eve@example.com", "boss@contoso.test"}));
}

TEST_F(AnswerTest, ForwardsWithTheAttachments)
{
    customer_writes({"sales@contoso.com"}, {});
    auto const queued = write([&](Connection& c) {
        return *forward(c, {.case_id = house.a_case.id, .text = "Please look.", .to = {"lab@example.com"}}, "key",
                        clock.now());
    });
    auto const mail = sent(queued);
    EXPECT_TRUE(mail.subject.starts_with("Fwd: Parts [")) << mail.subject;
    EXPECT_NE(mail.text.find("From: Ann <ann@example.com>"), std::string::npos);
    EXPECT_NE(mail.text.find("Where are they?"), std::string::npos);
    ASSERT_EQ(mail.parts.size(), 2U);
    EXPECT_EQ(mail.parts[1].name, "p.png");
    EXPECT_EQ(mime::part(raw(queued), 2)->bytes, "PNG!");
    auto const shown = read([&](Connection& c) { return *store::activity(c, queued.activity); });
    EXPECT_EQ(shown.attachments.at(0).part, 2);
}

TEST_F(AnswerTest, NothingGoesOutFromAMailboxThatWasRemoved)
{
    EXPECT_EQ(read([&](Connection& c) { return mailbox_of(c, house.a_case); })->id, house.mailbox.id);
    write([&](Connection& c) { store::remove_mailbox(c, house.mailbox.id); });
    auto const gone = read([&](Connection& c) { return mailbox_of(c, house.a_case); });
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().kind, Trouble::not_found);
}

TEST_F(AnswerTest, TooMuchIsRefusedBeforeAnythingIsWritten)
{
    auto const refused = write([&](Connection& c) {
        NewMail mail{.mailbox = house.mailbox.id, .to = {"a@example.com"}, .subject = "x", .text = "y"};
        mail.attachments.push_back({"big", "", std::string(static_cast<std::size_t>(most_attached) + 1, 'x')});
        return reply(
            c, {.case_id = house.a_case.id, .text = "y", .to = {"a@example.com"}, .attachments = mail.attachments},
            "key", clock.now());
    });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Trouble::limit);
}

TEST_F(AnswerTest, FillsATemplateAndSaysWhichFieldsThereAre)
{
    customer_writes({"sales@contoso.com"}, {});
    write([&](Connection& c) {
        store::set_reply_template(c, {.department = house.a_case.department,
                                      .name = "soon",
                                      .text = "Dear {{customer}}, case {{ number }}",
                                      .html = "<p>{{agent}}</p>"});
    });
    auto const prepared = read([&](Connection& c) {
        return prepare(c, {.case_id = house.a_case.id, .use_template = "soon", .agent = "<Kim>"}, clock.now());
    });
    ASSERT_TRUE(prepared) << prepared.error().message;
    EXPECT_EQ(prepared->text, "Dear " + house.a_case.customer + ", case " + std::to_string(house.a_case.number));
    EXPECT_EQ(prepared->html, "<p>&lt;Kim&gt;</p>");
    EXPECT_EQ(prepared->to, std::vector<std::string>{"Ann <ann@example.com>"});
    auto const wrong = fill("{{nobody}}", template_fields());
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message.find("{{customer}}"), std::string::npos);
    EXPECT_FALSE(fill("{{agent", template_fields()));
}

TEST_F(AnswerTest, WhatWaitsCanBeTakenBackUntilItIsClaimed)
{
    customer_writes({"sales@contoso.com"}, {});
    auto const queue = [&](Instant due) {
        return write([&](Connection& c) {
            return *reply(c, {.case_id = house.a_case.id, .text = "Hello", .not_before = due}, "key", clock.now());
        });
    };
    auto const claim = [&] {
        return write([&](Connection& c) { return store::claim(c, house.account.id, "here", 10, Duration(60'000)); });
    };
    auto const later = queue(clock.now() + Duration(10'000));
    EXPECT_TRUE(claim().empty());
    EXPECT_TRUE(write([&](Connection& c) { return take_back(c, later.outbound, "kim", clock.now()); }));
    clock.advance(Duration(20'000));
    EXPECT_TRUE(claim().empty());
    EXPECT_TRUE(read([&](Connection& c) { return store::case_by_id(c, house.a_case.id)->waiting_for_us; }));

    auto const now = queue(clock.now());
    ASSERT_EQ(claim().size(), 1U);
    auto const late = write([&](Connection& c) { return take_back(c, now.outbound, "kim", clock.now()); });
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, Trouble::conflict);
}

TEST(Quote, CutsWhatIsTooLongAtALine)
{
    std::string text;
    while (text.size() <= mime::quote_limit) text += "A line of the original.\n";
    auto const quoted = mime::quoted_text("x wrote:", text);
    EXPECT_TRUE(quoted.ends_with("> A line of the original.\n> […]\n"));
    EXPECT_EQ(mime::quoted_text("x", "a\r\n\r\nb"), "x\n> a\n>\n> b\n");
    EXPECT_EQ(mime::html_of_text("a<b>&\"\n"), "a&lt;b&gt;&amp;&quot;<br>\n");
}

}  // namespace
}  // namespace postroom::desk
