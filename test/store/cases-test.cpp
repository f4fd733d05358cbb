// Cases: their numbers, pages, activities, and the message ids by which they are found.
#include "store/cases.hpp"

#include "filing-house.hpp"

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class CasesTest : public FilingHouse {};

POSTROOM_ON_BOTH_STORES(CasesTest);

TEST_P(CasesTest, NumbersCasesAndPagesThroughThem)
{
    EXPECT_EQ(house.a_case.number, 1);
    write([&](Connection& c) {
        for (int i = 0; i < 4; ++i) {
            auto another = house.a_case;
            another.id = model::CaseId::make();
            EXPECT_EQ(add_case(c, another), 2 + i);
        }
        c.execute("DELETE FROM customer_case WHERE number = 5");
        auto last = house.a_case;
        last.id = model::CaseId::make();
        EXPECT_EQ(add_case(c, last), 6) << "a number never comes twice";
        set_case_state(c, last.id, model::CaseState::closed, clock.now());
        auto const open = cases(c, {.state = model::CaseState::open, .department = house.department.id, .most = 2});
        ASSERT_EQ(open.size(), 2U);
        EXPECT_EQ(open[0].number, 4);
        EXPECT_EQ(cases(c, {.below = 3}).size(), 2U);
        EXPECT_EQ(cases(c, {}).size(), 5U);
        EXPECT_TRUE(cases(c, {.department = model::DepartmentId::make()}).empty());
        EXPECT_EQ(case_numbered(c, 6)->id, last.id);
        EXPECT_EQ(case_numbered(c, 5), std::nullopt);
    });
}

TEST_P(CasesTest, KeepsActivitiesAndWhoseTurnItIs)
{
    auto const message = file(1, 1);
    model::Activity received{.id = model::ActivityId::make(), .case_id = house.a_case.id};
    received.from = "Zoë \"Q\" <zoe@example.com>";
    received.to = {"a", "b,\"c\n"};
    received.message_id = "1@example.com";
    received.references = {"0@example.com"};
    received.attachments = {{"a\xff.pdf", "application/pdf", 5, "cid", 2}};
    received.message = message.id;
    received.body = message.body;
    received.automatic = true;
    received.at = Instant(50s);
    model::Activity sent{
        .id = model::ActivityId::make(), .case_id = house.a_case.id, .kind = model::ActivityKind::sent};
    sent.at = Instant(20s);
    write([&](Connection& c) {
        add_activity(c, received);
        auto const then = case_by_id(c, house.a_case.id).value();
        EXPECT_TRUE(then.waiting_for_us);
        EXPECT_EQ(then.updated, Instant(50s));
        add_activity(c, sent);
        auto const now = case_by_id(c, house.a_case.id).value();
        EXPECT_FALSE(now.waiting_for_us);
        EXPECT_EQ(now.updated, Instant(50s));
        EXPECT_EQ(now.activities, 2);
        auto const all = activities_of(c, house.a_case.id);
        ASSERT_EQ(all.size(), 2U);
        EXPECT_EQ(all[0].id, sent.id);
        auto const again = activity(c, received.id).value();
        EXPECT_EQ(again.from, received.from);
        EXPECT_EQ(again.to, received.to);
        EXPECT_EQ(again.references, received.references);
        ASSERT_EQ(again.attachments.size(), 1U);
        EXPECT_EQ(again.attachments[0].name, "a\xff.pdf");
        EXPECT_EQ(again.attachments[0].part, 2);
        EXPECT_EQ(again.message, message.id);
        EXPECT_TRUE(again.automatic);
    });
    EXPECT_EQ(trouble([&](Connection& c) {
                  received.id = model::ActivityId::make();
                  add_activity(c, received);
              }),
              Trouble::conflict)
        << "a filed mail is one activity";
}

TEST_P(CasesTest, FindsACaseByItsMessageIds)
{
    write([&](Connection& c) {
        auto newer = house.a_case;
        newer.id = model::CaseId::make();
        (void)add_case(c, newer);
        model::Department other{model::DepartmentId::make(), "Support", clock.now()};
        add_department(c, other);
        model::Activity one{.id = model::ActivityId::make(), .case_id = house.a_case.id};
        one.message_id = "one@example.com";
        one.at = Instant(10s);
        model::Activity two{.id = model::ActivityId::make(), .case_id = newer.id};
        two.message_id = "two@example.com";
        two.at = Instant(20s);
        add_activity(c, one);
        add_activity(c, two);
        add_message_id(c, one.id, "provider@prod.outlook.com");
        add_message_id(c, one.id, "provider@prod.outlook.com");
        auto const find = [&](std::vector<std::string> const& ids) {
            return case_with_message_id(c, house.department.id, ids);
        };
        EXPECT_EQ(find({"one@example.com", "nobody@example.com"}), house.a_case.id);
        EXPECT_EQ(find({"provider@prod.outlook.com"}), house.a_case.id);
        EXPECT_EQ(find({"one@example.com", "two@example.com"}), newer.id) << "the one updated last";
        EXPECT_EQ(find({"ONE@example.com"}), std::nullopt);
        EXPECT_EQ(find({}), std::nullopt);
        EXPECT_EQ(case_with_message_id(c, other.id, {"one@example.com"}), std::nullopt);
    });
}

}  // namespace
}  // namespace postroom::store
