// What is noted of a change, and the versions of what people edit.
#include "store/changes.hpp"

#include "both-stores.hpp"
#include "store/coordination.hpp"
#include "store/settings.hpp"

namespace postroom::store {
namespace {

class ChangesTest : public OnBothStores {
protected:
    House house = furnish();
    std::int64_t before = read([](Connection& c) { return last_change(c); });

    std::vector<std::string> noted()
    {
        std::vector<std::string> all;
        for (auto const& each : read([&](Connection& c) { return changes_after(c, before, 1'000); })) {
            bool const ours = each.department == house.department.id;
            all.push_back(each.what + " " + each.subject + " " + each.kind + (ours ? " ours" : ""));
        }
        return all;
    }
};

POSTROOM_ON_BOTH_STORES(ChangesTest);

TEST_P(ChangesTest, AreThoseThatWereCommitted)
{
    using namespace model;
    write([&](Connection& c) {
        Activity activity{.id = ActivityId::make(), .case_id = house.a_case.id};
        add_activity(c, activity);
        activity.id = ActivityId::make();
        add_activity(c, activity);
        set_case_state(c, house.a_case.id, CaseState::closed, clock.now());
        set_account_state(c, house.account.id, AccountState::needs_authorization, "why", clock.now());
        set_setting(c, "doubt-policy", "resend");
        raise_alarm(c, "cause", house.account.name, "words", clock.now());
        raise_alarm(c, "cause", house.account.name, "words", clock.now());
        (void)end_alarm(c, "cause", house.account.name, clock.now());
        (void)end_alarm(c, "cause", house.account.name, clock.now());
    });
    (void)trouble([&](Connection& c) {
        set_setting(c, "doubt-policy", "ask");
        throw Failure(Trouble::conflict, "undone");
    });
    auto const number = std::to_string(read([&](Connection& c) { return case_by_id(c, house.a_case.id)->number; }));
    auto const account = "account " + house.account.name;
    EXPECT_EQ(noted(), (std::vector<std::string>{"case " + number + " added ours", "case " + number + " changed ours",
                                                 "case " + number + " changed ours", account + " changed ours",
                                                 "setting doubt-policy changed", "alarm cause added ours",
                                                 "alarm cause changed ours", "alarm cause removed ours"}));
}

TEST_P(ChangesTest, AMailboxThatStaysAsItIsIsNoNews)
{
    using enum model::MailboxState;
    auto const show = [&](model::MailboxState state, std::string why) {
        write([&](Connection& c) {
            set_mailbox_status(c, house.mailbox.id, {state, std::move(why), {}, true}, clock.now());
        });
    };
    show(idle, "");
    show(idle, "");
    show(backing_off, "one");
    show(backing_off, "two");
    EXPECT_EQ(noted().size(), 3U);
    write([&](Connection& c) { remove_account(c, house.account.id); });
    EXPECT_EQ(noted().size(), 5U);
    EXPECT_EQ(noted()[3], "mailbox " + house.mailbox.address + " removed ours");
}

TEST_P(ChangesTest, NumbersOnlyGrowWhateverWasSwept)
{
    write([](Connection& c) { set_setting(c, "doubt-policy", "ask"); });
    auto const last = read([](Connection& c) { return last_change(c); });
    write([](Connection& c) { c.execute("DELETE FROM change"); });
    write([](Connection& c) { set_setting(c, "doubt-policy", "ask"); });
    EXPECT_GT(read([](Connection& c) { return last_change(c); }), last);
}

TEST_P(ChangesTest, WhatIsOldIsSweptByWhateverChanges)
{
    using enum model::MailboxState;
    std::string_view const latest =
        GetParam() == Kind::sqlite ? "INSERT INTO change (number, what, subject, kind) VALUES (?, 'case', '1', 'added')"
                                   : "INSERT INTO change (number, what, subject, kind) OVERRIDING SYSTEM VALUE VALUES "
                                     "(?, 'case', '1', 'added')";
    write([&](Connection& c) {
        c.execute(latest, before + 200'000);
        for (int i = 0; i < 1'024; ++i)
            set_mailbox_status(c, house.mailbox.id, {i % 2 == 0 ? idle : backing_off, std::to_string(i), {}, true},
                               clock.now());
    });
    EXPECT_TRUE(read([&](Connection& c) {
                    return c.all(
                        "SELECT number FROM change WHERE number <= ?", [](Row const& row) { return row.integer(0); },
                        before);
                }).empty());
}

TEST_P(ChangesTest, AVersionIsCountedByEditsAndByNothingElse)
{
    auto const version = [&] { return read([&](Connection& c) { return mailbox(c, house.mailbox.id)->version; }); };
    auto const first = version();
    write([&](Connection& c) {
        set_mailbox_status(c, house.mailbox.id, {model::MailboxState::idle, "", {}, true}, clock.now());
    });
    EXPECT_EQ(version(), first);
    EXPECT_EQ(write([&](Connection& c) { return next_version(c, house.mailbox.id); }), first + 1);
    EXPECT_EQ(version(), first + 1);
    EXPECT_EQ(trouble([](Connection& c) { (void)next_version(c, model::MailboxId::make()); }), Trouble::not_found);
    EXPECT_EQ(write([](Connection& c) { return next_setting_version(c, "doubt-policy"); }), 1);
    EXPECT_EQ(write([](Connection& c) { return next_setting_version(c, "doubt-policy"); }), 2);
    EXPECT_EQ(read([](Connection& c) { return setting(c, "doubt-policy"); }), "ask");
}

TEST_P(ChangesTest, AnotherFolderIsOneThatWasNeverSeen)
{
    write([&](Connection& c) { set_uid_validity(c, house.mailbox.id, 7); });
    auto changed = read([&](Connection& c) { return *mailbox(c, house.mailbox.id); });
    changed.display_name = "x";
    write([&](Connection& c) { change_mailbox(c, changed); });
    EXPECT_EQ(read([&](Connection& c) { return mailbox(c, house.mailbox.id)->uid_validity; }), 7U);
    changed.folder = "Other";
    write([&](Connection& c) { change_mailbox(c, changed); });
    EXPECT_EQ(read([&](Connection& c) { return mailbox(c, house.mailbox.id)->uid_validity; }), 0U);
    write([&](Connection& c) { remove_mailbox(c, house.mailbox.id); });
    EXPECT_FALSE(read([&](Connection& c) { return mailbox(c, house.mailbox.id); }));
    EXPECT_TRUE(read([&](Connection& c) { return case_by_id(c, house.a_case.id); }));
}

}  // namespace
}  // namespace postroom::store
