#include "desk/queue.hpp"

#include "fixture.hpp"
#include "store/people.hpp"

namespace postroom::desk {
namespace {

class QueueTest : public DeskTest {
protected:
    QueueTest()
    {
        alice = add("alice", model::Role::agent, {sales.department});
        bob = add("bob", model::Role::agent, {sales.department});
        eve = add("eve", model::Role::agent, {support.department});
        auditor = add("auditor", model::Role::auditor, {});
        root = add("root", model::Role::system_administrator, {});
    }
    model::User add(std::string const& name, model::Role role, std::vector<model::DepartmentId> departments)
    {
        model::User user{
            .id = model::UserId::make(), .name = name, .role = role, .departments = std::move(departments)};
        write([&](Connection& c) { store::add_user(c, user); });
        return user;
    }
    Filed arrive(std::string_view id) { return deliver(sales, mail("Order", id)); }
    Result<void> picks(model::User const& user, model::CaseId id)
    {
        return write([&](Connection& c) { return pick(c, id, user, clock.now()); });
    }
    Result<void> gives(model::CaseId id, std::optional<model::User> const& to, std::string_view who = "root")
    {
        return write([&](Connection& c) { return assign(c, id, to, who, clock.now()); });
    }
    Result<void> moves(model::CaseId id, model::DepartmentId to, std::optional<model::MailboxId> mailbox = {})
    {
        return write([&](Connection& c) { return transfer(c, id, to, mailbox, "alice", clock.now()); });
    }
    std::string last_event(model::CaseId id)
    {
        auto const all = activities(id);
        for (auto each = all.rbegin(); each != all.rend(); ++each)
            if (each->kind == model::ActivityKind::event) return each->text;
        return {};
    }

    model::User alice, bob, eve, auditor, root;
};

TEST_F(QueueTest, AnAgentPicksAndNobodyElseDoes)
{
    auto const id = arrive("1@example.com").case_id;
    ASSERT_TRUE(picks(alice, id).has_value());
    EXPECT_EQ(case_of(id).assigned, alice.id);
    EXPECT_EQ(last_event(id), "Picked by alice");
    auto const second = picks(bob, id);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().kind, Trouble::conflict);
    EXPECT_NE(second.error().message.find("alice"), std::string::npos) << second.error().message;
    EXPECT_EQ(case_of(id).assigned, alice.id);
    EXPECT_EQ(picks(alice, id).error().kind, Trouble::conflict) << "it is theirs already";
}

TEST_F(QueueTest, OnlyWhoAnswersInTheDepartmentCanHaveACase)
{
    auto const id = arrive("1@example.com").case_id;
    for (auto const& user : {eve, auditor}) {
        EXPECT_EQ(picks(user, id).error().kind, Trouble::invalid) << user.name;
        EXPECT_EQ(gives(id, user).error().kind, Trouble::invalid) << user.name;
    }
    EXPECT_FALSE(case_of(id).assigned.has_value());
    EXPECT_TRUE(gives(id, root).has_value());
}

TEST_F(QueueTest, TheNextOneIsWhatHasWaitedLongest)
{
    auto const first = arrive("1@example.com").case_id;
    auto const second = arrive("2@example.com").case_id;
    auto const third = arrive("3@example.com").case_id;
    (void)deliver(support, mail("Elsewhere", "4@example.com"));
    write([&](Connection& c) {  // it is the customer's turn there
        ASSERT_TRUE(pick(c, third, bob, clock.now()).has_value());
        store::set_turn(c, first, false);
    });
    auto const next = [&] {
        return write([&](Connection& c) { return pick_next(c, sales.department, alice, clock.now()); });
    };
    EXPECT_EQ(next().value(), second);
    EXPECT_EQ(next().value(), first);
    EXPECT_EQ(next().value(), std::nullopt);
    EXPECT_EQ(case_of(third).assigned, bob.id);
    auto const refused = write([&](Connection& c) { return pick_next(c, sales.department, eve, clock.now()); });
    EXPECT_EQ(refused.error().kind, Trouble::invalid);
}

TEST_F(QueueTest, IsAssignedTakenOverAndPutBack)
{
    auto const id = arrive("1@example.com").case_id;
    ASSERT_TRUE(gives(id, alice).has_value());
    EXPECT_EQ(last_event(id), "Assigned to alice by root");
    ASSERT_TRUE(gives(id, bob, "alice").has_value());
    EXPECT_EQ(last_event(id), "Assigned to bob, from alice, by alice");
    EXPECT_EQ(gives(id, bob).error().kind, Trouble::conflict);
    ASSERT_TRUE(gives(id, std::nullopt, "bob").has_value());
    EXPECT_EQ(last_event(id), "Put back into the queue, from bob, by bob");
    EXPECT_FALSE(case_of(id).assigned.has_value());
    EXPECT_EQ(gives(id, std::nullopt).error().kind, Trouble::conflict);
}

TEST_F(QueueTest, AClosedCaseIsNobodysToPickOrMove)
{
    auto const id = arrive("1@example.com").case_id;
    ASSERT_TRUE(picks(alice, id).has_value());
    write([&](Connection& c) { ASSERT_TRUE(close_case(c, id, "alice", clock.now()).has_value()); });
    EXPECT_EQ(picks(bob, id).error().kind, Trouble::conflict);
    EXPECT_EQ(gives(id, bob).error().kind, Trouble::conflict);
    EXPECT_EQ(moves(id, support.department).error().kind, Trouble::conflict);
    // Its customer answers: it is the agent's still.
    EXPECT_TRUE(deliver(sales, mail("Re: Order", "2@example.com", "In-Reply-To: <1@example.com>\r\n")).reopened);
    EXPECT_EQ(case_of(id).assigned, alice.id);
}

TEST_F(QueueTest, ATransferTakesTheCaseAndItsAnswersAlong)
{
    auto const first = arrive("1@example.com");
    auto const id = first.case_id;
    ASSERT_TRUE(picks(alice, id).has_value());
    ASSERT_TRUE(moves(id, support.department).has_value());
    auto const moved = case_of(id);
    EXPECT_EQ(moved.department, support.department);
    EXPECT_EQ(moved.mailbox, support.id);
    EXPECT_FALSE(moved.assigned.has_value());
    EXPECT_EQ(last_event(id), "Transferred from Sales to Support by alice; answered from support@contoso.test");
    // Whatever the customer answers to, whether old mail at the old address, or new mail at the new one.
    EXPECT_EQ(deliver(sales, mail("Re: Order", "2@example.com", "In-Reply-To: <1@example.com>\r\n")).case_id, id);
    EXPECT_EQ(deliver(sales, mail("Re: " + case_token(first.number, key), "3@example.com")).case_id, id);
    EXPECT_EQ(deliver(support, mail("Re: Order", "4@example.com", "In-Reply-To: <1@example.com>\r\n")).case_id, id);
    EXPECT_EQ(moves(id, support.department).error().kind, Trouble::conflict);
}

TEST_F(QueueTest, ATransferNamesAMailboxWhereThereAreSeveral)
{
    auto const id = arrive("1@example.com").case_id;
    model::Department const empty{model::DepartmentId::make(), "Empty", clock.now()};
    model::Mailbox second{.id = model::MailboxId::make(), .account = support.account, .department = support.department};
    second.address = "help@contoso.test";
    write([&](Connection& c) {
        store::add_department(c, empty);
        store::add_mailbox(c, second);
    });
    EXPECT_EQ(moves(id, empty.id).error().kind, Trouble::invalid) << "nothing could be answered from there";
    EXPECT_EQ(moves(id, support.department).error().kind, Trouble::invalid);
    EXPECT_EQ(moves(id, support.department, sales.id).error().kind, Trouble::invalid) << "another department's mailbox";
    ASSERT_TRUE(moves(id, support.department, second.id).has_value());
    EXPECT_EQ(case_of(id).mailbox, second.id);
}

TEST_F(QueueTest, WhoLeavesLeavesTheirCasesBehind)
{
    auto const one = arrive("1@example.com").case_id;
    auto const two = arrive("2@example.com").case_id;
    ASSERT_TRUE(picks(alice, one).has_value());
    ASSERT_TRUE(picks(bob, two).has_value());
    write([&](Connection& c) {
        alice.departments = {support.department};
        give_back(c, alice, false, "root", clock.now());
        give_back(c, bob, false, "root", clock.now());  // nothing has changed about him
    });
    EXPECT_FALSE(case_of(one).assigned.has_value());
    EXPECT_EQ(last_event(one), "Put back into the queue, since alice does not answer here any more");
    EXPECT_EQ(case_of(two).assigned, bob.id);
    write([&](Connection& c) {
        give_back(c, bob, true, "root", clock.now());
        store::remove_user(c, bob.id);
    });
    EXPECT_FALSE(case_of(two).assigned.has_value());
    EXPECT_EQ(last_event(two), "Put back into the queue, since bob is gone");
}

}  // namespace
}  // namespace postroom::desk
