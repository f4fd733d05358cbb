// Cases: their numbers, pages, activities, and the message ids by which they are found.
#include "store/cases.hpp"

#include "filing-house.hpp"
#include "store/acknowledgements.hpp"
#include "store/changes.hpp"
#include "store/people.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

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

TEST_P(CasesTest, OpensACaseWithItsFirstActivityAsIfThatCameAfterIt)
{
    using enum model::ActivityKind;
    write([&](Connection& c) {
        for (auto const kind : {received, sent, note}) {
            for (auto const at : {house.a_case.updated - 5s, house.a_case.updated + 5s}) {
                model::Activity first{.kind = kind, .subject = "Order", .message_id = "first@example.com", .at = at};
                auto const opened = [&](bool together) {
                    auto a_case = house.a_case;
                    a_case.id = first.case_id = model::CaseId::make();
                    first.id = model::ActivityId::make();
                    auto const before = last_change(c);
                    if (together) {
                        (void)add_case(c, a_case, first);
                    } else {
                        (void)add_case(c, a_case);
                        add_activity(c, first);
                    }
                    auto const changes = changes_after(c, before, 10);
                    EXPECT_EQ(changes.size(), 1U);
                    EXPECT_EQ(activities_of(c, a_case.id).at(0).subject, "Order");
                    auto const now = case_by_id(c, a_case.id).value();
                    EXPECT_EQ(changes.at(0).subject, std::to_string(now.number));
                    EXPECT_EQ(now.updated, std::max(at, house.a_case.updated));
                    return std::tuple(now.activities, now.version, now.waiting_for_us, now.updated, changes.at(0).what,
                                      changes.at(0).kind, changes.at(0).department);
                };
                EXPECT_EQ(opened(true), opened(false));
            }
        }
        EXPECT_TRUE(case_with_message_id(c, house.department.id, {"first@example.com"}));
    });
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

TEST_P(CasesTest, IsSomebodysByCompareAndSet)
{
    model::User const ann{.id = model::UserId::make(), .name = "ann", .departments = {house.department.id}};
    model::User const bob{.id = model::UserId::make(), .name = "bob", .departments = {house.department.id}};
    auto const id = house.a_case.id;
    write([&](Connection& c) {
        add_user(c, ann);
        add_user(c, bob);
        auto const before = case_by_id(c, id)->version;
        EXPECT_TRUE(assign_case(c, id, std::nullopt, ann.id));
        EXPECT_FALSE(assign_case(c, id, std::nullopt, bob.id)) << "she was faster";
        EXPECT_FALSE(assign_case(c, id, bob.id, std::nullopt));
        EXPECT_EQ(case_by_id(c, id)->assigned, ann.id);
        EXPECT_EQ(case_by_id(c, id)->version, before + 1);
        EXPECT_TRUE(assign_case(c, id, ann.id, bob.id));
        CaseFilter filter;
        filter.assigned = bob.id;
        EXPECT_EQ(cases(c, filter).size(), 1U);
        filter.assigned = ann.id;
        EXPECT_TRUE(cases(c, filter).empty());
        EXPECT_TRUE(cases(c, {.unassigned = true}).empty());
        remove_user(c, bob.id);
        EXPECT_EQ(case_by_id(c, id)->assigned, std::nullopt) << "it is nobody's once its user is gone";
        EXPECT_EQ(cases(c, {.unassigned = true}).size(), 1U);
    });
}

TEST_P(CasesTest, CountsWhatThereIsToDoByQueue)
{
    model::User const ann{.id = model::UserId::make(), .name = "ann", .departments = {house.department.id}};
    model::Department const other{model::DepartmentId::make(), "Support", clock.now()};
    write([&](Connection& c) {
        add_user(c, ann);
        add_department(c, other);
        std::vector<model::CaseId> ids{house.a_case.id};
        for (int i = 0; i < 4; ++i) {
            auto another = house.a_case;
            another.id = model::CaseId::make();
            another.created += Duration(1000 * (i + 1));
            (void)add_case(c, another);
            ids.push_back(another.id);
        }
        set_turn(c, ids[0], false);
        ASSERT_TRUE(assign_case(c, ids[1], std::nullopt, ann.id));
        set_case_state(c, ids[4], model::CaseState::closed, clock.now());
        EXPECT_TRUE(case_by_id(c, ids[4])->closed.has_value());
        auto const all = queues(c, {}, ann.id);
        ASSERT_EQ(all.size(), 1U) << "a department without open cases has no row";
        EXPECT_EQ(all[0].department, house.department.id);
        EXPECT_EQ(all[0].open, 4);
        EXPECT_EQ(all[0].unassigned, 3);
        EXPECT_EQ(all[0].waiting, 3);
        EXPECT_EQ(all[0].mine, 1);
        EXPECT_EQ(all[0].oldest, case_by_id(c, ids[2])->created);
        EXPECT_EQ(queues(c, {}, std::nullopt).at(0).mine, 0);
        EXPECT_TRUE(queues(c, model::Sight{std::vector{other.id}}, ann.id).empty());
        EXPECT_EQ(next_in_queue(c, house.department.id)->id, ids[2]) << "the first that waits for us";
        EXPECT_EQ(next_in_queue(c, other.id), std::nullopt);
        EXPECT_EQ(cases(c, {.waiting = false}).size(), 1U);
        set_case_state(c, ids[4], model::CaseState::open, clock.now());
        EXPECT_EQ(case_by_id(c, ids[4])->closed, std::nullopt);
    });
}

TEST_P(CasesTest, IsFoundFromTheDepartmentsThatItCameFrom)
{
    model::Department const other{model::DepartmentId::make(), "Support", clock.now()};
    model::Activity received{.id = model::ActivityId::make(), .case_id = house.a_case.id};
    received.message_id = "1@example.com";
    auto const id = house.a_case.id;
    write([&](Connection& c) {
        add_department(c, other);
        add_activity(c, received);
        EXPECT_FALSE(came_from(c, id, house.department.id));
        EXPECT_EQ(case_with_message_id(c, other.id, {"1@example.com"}), std::nullopt);
        for (auto const to : {other.id, house.department.id, other.id}) move_case(c, id, to, house.mailbox.id);
        EXPECT_EQ(case_by_id(c, id)->department, other.id);
        EXPECT_TRUE(came_from(c, id, house.department.id));
        EXPECT_EQ(case_with_message_id(c, house.department.id, {"1@example.com"}), id);
        EXPECT_EQ(case_with_message_id(c, other.id, {"1@example.com"}), id);
        EXPECT_EQ(case_with_message_id(c, model::DepartmentId::make(), {"1@example.com"}), std::nullopt);
    });
}

TEST_P(CasesTest, CountsForOneCustomerAndOneCase)
{
    write([&](Connection& c) {
        auto follower = house.a_case;
        follower.id = model::CaseId::make();
        follower.customer = "Jane@Example.com";
        follower.follows = house.a_case.number;
        follower.created = Instant(100s);
        auto const number = add_case(c, follower);
        EXPECT_EQ(case_following(c, house.a_case.number)->number, number);
        EXPECT_EQ(case_following(c, number), std::nullopt);
        EXPECT_EQ(case_by_id(c, follower.id)->follows, house.a_case.number);
        CaseFilter filter;
        filter.customer = "jane@example.COM";
        ASSERT_EQ(cases(c, filter).size(), 1U);
        EXPECT_TRUE(opened_more_than(c, "jane@example.com", 0, Instant(99s)));
        EXPECT_FALSE(opened_more_than(c, "jane@example.com", 1, Instant(99s)));
        EXPECT_FALSE(opened_more_than(c, "jane@example.com", 0, Instant(100s)));

        for (int i = 0; i < 3; ++i) {
            model::Activity mail{.id = model::ActivityId::make(), .case_id = follower.id};
            mail.kind = i == 2 ? model::ActivityKind::sent : model::ActivityKind::received;
            mail.automatic = true;
            mail.message_id = fmt::format("{}@example.com", i);
            mail.at = Instant(200s);
            add_activity(c, mail);
        }
        EXPECT_TRUE(case_by_id(c, follower.id)->waiting_for_us) << "what a machine of ours says is no answer";
        EXPECT_TRUE(received_more_than(c, follower.id, 1, Instant(199s)));
        EXPECT_FALSE(received_more_than(c, follower.id, 2, Instant(199s)));
        EXPECT_FALSE(received_more_than(c, follower.id, 1, Instant(200s)));
        EXPECT_TRUE(sent_by_us(c, "2@example.com"));
        EXPECT_FALSE(sent_by_us(c, "1@example.com"));
    });
}

TEST_P(CasesTest, KeepsHowMailboxesAcknowledgeAndWhom)
{
    auto const mailbox = house.mailbox.id;
    write([&](Connection& c) {
        auto it = acknowledgement(c, mailbox);
        EXPECT_FALSE(it.active);
        EXPECT_EQ(it.version, 0);
        it.text = "Got it";
        it.since = Instant(5s);
        set_acknowledgement(c, it);
        EXPECT_TRUE(active_acknowledgements(c).empty());
        it.active = true;
        set_acknowledgement(c, it);
        EXPECT_EQ(acknowledgement(c, mailbox).version, 2);
        ASSERT_EQ(active_acknowledgements(c).size(), 1U);
        EXPECT_EQ(active_acknowledgements(c)[0].text, "Got it");
        EXPECT_EQ(active_acknowledgements(c)[0].since, Instant(5s));

        note_acknowledged(c, "Jane@example.com", 1, Instant(10s), Instant(0s));
        note_acknowledged(c, "jane@example.com", 2, Instant(20s), Instant(0s));
        EXPECT_EQ(acknowledged_since(c, "JANE@example.com", Instant(5s)), 2);
        EXPECT_EQ(acknowledged_since(c, "jane@example.com", Instant(10s)), 1);
        EXPECT_EQ(acknowledged_since(c, "john@example.com", Instant(5s)), 0);
        note_acknowledged(c, "john@example.com", 3, Instant(30s), Instant(20s));
        EXPECT_EQ(acknowledged_since(c, "jane@example.com", Instant(0s)), 1) << "what is old is forgotten";
        remove_mailbox(c, mailbox);
        EXPECT_TRUE(active_acknowledgements(c).empty());
    });
}

}  // namespace
}  // namespace postroom::store
