// What becomes of mail that meets a screen of its department.
#include "triage/triage.hpp"

#include "desk/fixture.hpp"
#include "store/screens.hpp"
#include "support/loop.hpp"

#include <boost/asio/thread_pool.hpp>

namespace postroom::triage {
namespace {

using store::Connection;
using enum model::ScreenRuleKind;

class ScreeningTest : public desk::DeskTest {
protected:
    void drain()
    {
        while (test::run(loop, triage.round())) {
        }
    }
    model::MessageId file(std::string const& bytes, model::Mailbox const& mailbox)
    {
        clock.advance(Duration(10));
        return write([&](Connection& c) { return add_mail(c, mailbox, bytes).id; });
    }
    model::Message message(model::MessageId id)
    {
        return *read([&](Connection& c) { return store::message(c, id); });
    }
    void block(model::Mailbox const& mailbox, model::ScreenRuleKind kind, std::string_view pattern)
    {
        write([&](Connection& c) {
            (void)store::next_screens_version(c, mailbox.department);
            store::add_screen_rule(c, mailbox.department, kind, pattern, "root", clock.now());
        });
    }
    void take_at_most(model::Mailbox const& mailbox, std::int64_t octets, model::Above above)
    {
        write([&](Connection& c) {
            (void)store::next_screens_version(c, mailbox.department);
            auto screens = store::screens(c, mailbox.department);
            screens.largest = octets;
            screens.above = above;
            store::set_screens(c, screens);
        });
    }
    std::vector<model::Case> cases()
    {
        return read([](Connection& c) { return store::cases(c, {}); });
    }

    boost::asio::io_context loop;
    boost::asio::thread_pool pool{2};
    Triage triage{loop.get_executor(), pool.get_executor(), *store, clock, {}};
};

TEST_F(ScreeningTest, HoldsWhatItsDepartmentBlocksAndNoOther)
{
    block(sales, sender, "example.com");
    auto const in_sales = file(mail("Order", "1@example.com"), sales);
    auto const in_support = file(mail("Order", "1@example.com"), support);
    drain();
    auto const held = message(in_sales);
    EXPECT_EQ(held.triage, model::TriageState::exception);
    EXPECT_EQ(held.screen, model::Screen::sender);
    EXPECT_EQ(held.screen_rule, "example.com");
    EXPECT_EQ(held.exception, "mail from jane@example.com is blocked: example.com");
    EXPECT_EQ(message(in_support).triage, model::TriageState::done);
    ASSERT_EQ(cases().size(), 1U);
    EXPECT_EQ(cases()[0].department, support.department);
    // Its bytes are there.
    EXPECT_EQ(read([&](Connection& c) { return store::read_body(c, held.body); }), mail("Order", "1@example.com"));
}

TEST_F(ScreeningTest, ReleasedMailBecomesACase)
{
    block(sales, sender, "example.com");
    auto const id = file(mail("Order", "1@example.com"), sales);
    drain();
    write([&](Connection& c) { store::release_message(c, id); });
    drain();
    EXPECT_EQ(message(id).triage, model::TriageState::done);
    EXPECT_EQ(message(id).screen, model::Screen::sender);
    ASSERT_EQ(cases().size(), 1U);
    EXPECT_EQ(activities(cases()[0].id)[0].text, "Hello\n");
}

TEST_F(ScreeningTest, RulesCountFromTheNextMailOn)
{
    auto const before = file(mail("Order", "1@example.com"), sales);
    drain();
    block(sales, sender, "example.com");
    auto const blocked = file(mail("Order", "2@example.com"), sales);
    drain();
    write([&](Connection& c) {
        (void)store::next_screens_version(c, sales.department);
        store::remove_screen_rule(c, sales.department, sender, "example.com");
    });
    auto const after = file(mail("Order", "3@example.com"), sales);
    drain();
    EXPECT_EQ(message(before).triage, model::TriageState::done);
    EXPECT_EQ(message(blocked).triage, model::TriageState::exception);
    EXPECT_EQ(message(after).triage, model::TriageState::done);
    // Tried again, it is judged by the rules as they are.
    write([&](Connection& c) { store::triage_again(c, blocked); });
    drain();
    EXPECT_EQ(message(blocked).triage, model::TriageState::done);
}

TEST_F(ScreeningTest, CutsDownToTheHeader)
{
    take_at_most(sales, 300, model::Above::cut);
    auto const id =
        file("From: jane@example.com\r\nSubject: Large\r\nContent-Type: text/html\r\n\r\n<p>" + std::string(1000, 'x'),
             sales);
    drain();
    EXPECT_EQ(message(id).triage, model::TriageState::done);
    EXPECT_EQ(message(id).screen, model::Screen::size);
    EXPECT_EQ(message(id).screen_rule, "300");
    ASSERT_EQ(cases().size(), 1U);
    auto const shown = activities(cases()[0].id).at(0);
    EXPECT_EQ(shown.subject, "Large");
    EXPECT_FALSE(shown.has_html);
    EXPECT_NE(shown.text.find("0.3 KiB at most"), std::string::npos) << shown.text;
    EXPECT_TRUE(shown.body);  // all of it is still to be had
}

TEST_F(ScreeningTest, HoldsWhatIsTooLarge)
{
    take_at_most(sales, 100, model::Above::hold);
    auto const id = file(mail("Large", "1@example.com"), sales);
    drain();
    EXPECT_EQ(message(id).triage, model::TriageState::exception);
    EXPECT_EQ(message(id).screen, model::Screen::size);
}

std::string from_a_server(std::string const& subject, std::string const& text)
{
    return "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.com\r\nSubject: " + subject + "\r\n\r\n" + text + "\r\n";
}

TEST_F(ScreeningTest, AFailureOpensItsCaseAgain)
{
    auto const first = deliver(sales, mail("Order", "1@example.com"));
    auto const queued = write([&](Connection& c) {
        return *desk::reply(c, {.case_id = first.case_id, .text = "Thank you."}, key, clock.now());
    });
    write([&](Connection& c) { (void)desk::close_case(c, first.case_id, "root", clock.now()); });
    auto const id = file(
        from_a_server("failure notice", "user unknown\r\n\r\n--- copy:\r\nMessage-ID: <" + queued.message_id + ">\r\n"),
        sales);
    drain();
    EXPECT_EQ(message(id).triage, model::TriageState::done);
    EXPECT_EQ(message(id).screen, model::Screen::delivery);
    ASSERT_EQ(cases().size(), 1U);
    auto const a_case = case_of(first.case_id);
    EXPECT_EQ(a_case.state, model::CaseState::open);
    EXPECT_TRUE(a_case.waiting_for_us);
    EXPECT_EQ(activities(first.case_id).back().text, "Reopened, since mail could not be delivered");
}

TEST_F(ScreeningTest, ADelayLeavesTheTurn)
{
    auto const first = deliver(sales, mail("Order", "1@example.com"));
    auto const queued = write([&](Connection& c) {
        return *desk::reply(c, {.case_id = first.case_id, .text = "Thank you."}, key, clock.now());
    });
    EXPECT_FALSE(case_of(first.case_id).waiting_for_us);
    auto const id = file(from_a_server("Delivery delayed", "Message-ID: <" + queued.message_id + ">"), sales);
    drain();
    EXPECT_EQ(message(id).triage, model::TriageState::done);
    EXPECT_FALSE(case_of(first.case_id).waiting_for_us);
    EXPECT_TRUE(activities(first.case_id).back().automatic);
}

TEST_F(ScreeningTest, AReportThatIsAboutNoCaseOpensNone)
{
    auto const id = file(from_a_server("failure notice", "user unknown"), sales);
    drain();
    EXPECT_EQ(message(id).triage, model::TriageState::exception);
    EXPECT_EQ(message(id).screen, model::Screen::delivery);
    EXPECT_TRUE(cases().empty());
    write([&](Connection& c) { store::release_message(c, id); });
    drain();
    EXPECT_EQ(cases().size(), 1U);
}

TEST_F(ScreeningTest, TenThousandRulesAndThreeHundredMails)
{
    write([&](Connection& c) {
        (void)store::next_screens_version(c, sales.department);
        for (int i = 0; i < 10'000; ++i)
            store::add_screen_rule(c, sales.department, sender, fmt::format("spam{}.example", i), "root", clock.now());
    });
    for (int i = 0; i < 300; ++i) file(mail("Order", fmt::format("{}@example.com", i)), sales);
    auto const blocked = file("From: x@a.spam77.example\r\nSubject: Buy\r\n\r\nx\r\n", sales);
    drain();
    EXPECT_EQ(cases().size(), 50U);  // of a page
    EXPECT_EQ(message(blocked).screen_rule, "spam77.example");
}

}  // namespace
}  // namespace postroom::triage
