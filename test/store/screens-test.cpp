#include "store/screens.hpp"

#include "filing-house.hpp"

namespace postroom::store {
namespace {

using enum model::ScreenRuleKind;

class ScreensTest : public FilingHouse {
protected:
    model::DepartmentId sales() { return house.department.id; }
    model::Screens kept()
    {
        return read([&](Connection& c) { return screens(c, sales()); });
    }
};

POSTROOM_ON_BOTH_STORES(ScreensTest);

TEST_P(ScreensTest, ADepartmentThatNobodyTouchedHasTheDefaults)
{
    auto const found = kept();
    EXPECT_EQ(found.version, 0);
    EXPECT_FALSE(found.largest);
    EXPECT_TRUE(found.default_phrases);
    EXPECT_TRUE(found.senders.empty());
    EXPECT_TRUE(read([](Connection& c) { return screens_versions(c); }).empty());
}

TEST_P(ScreensTest, KeepsThemWhole)
{
    write([&](Connection& c) {
        EXPECT_EQ(next_screens_version(c, sales()), 1);
        for (auto const* each : {"b@example.com", "a@example.com", "jörg@example.com"})
            EXPECT_TRUE(add_screen_rule(c, sales(), sender, each, "root", clock.now()));
        EXPECT_FALSE(add_screen_rule(c, sales(), sender, "a@example.com", "root", clock.now()));
        EXPECT_TRUE(add_screen_rule(c, sales(), file_name, "a@example.com", "root", clock.now()));
        EXPECT_TRUE(add_screen_rule(c, sales(), permanent_phrase, "user unknown", "root", clock.now()));
        EXPECT_TRUE(add_screen_rule(c, sales(), temporary_phrase, "mailbox full", "root", clock.now()));
        EXPECT_TRUE(add_screen_rule(c, sales(), content, "program", "root", clock.now()));
        model::Screens changed;
        changed.department = sales();
        changed.largest = 25'000'000;
        changed.above = model::Above::cut;
        changed.default_phrases = false;
        set_screens(c, changed);
    });
    auto found = kept();
    EXPECT_EQ(found.senders, (std::vector<std::string>{"a@example.com", "b@example.com", "jörg@example.com"}));
    EXPECT_EQ(found.file_names, std::vector<std::string>{"a@example.com"});
    EXPECT_EQ(found.contents, std::vector<std::string>{"program"});
    EXPECT_EQ(found.permanent_phrases, std::vector<std::string>{"user unknown"});
    EXPECT_EQ(found.temporary_phrases, std::vector<std::string>{"mailbox full"});
    EXPECT_EQ(found.largest, 25'000'000);
    EXPECT_EQ(found.above, model::Above::cut);
    EXPECT_FALSE(found.default_phrases);
    EXPECT_EQ(found.version, 1);

    write([&](Connection& c) {
        EXPECT_EQ(next_screens_version(c, sales()), 2);
        EXPECT_TRUE(remove_screen_rule(c, sales(), sender, "a@example.com"));
        EXPECT_FALSE(remove_screen_rule(c, sales(), sender, "a@example.com"));
        found.largest.reset();
        set_screens(c, found);
    });
    EXPECT_EQ(kept().senders.size(), 2U);
    EXPECT_EQ(kept().file_names.size(), 1U);
    EXPECT_FALSE(kept().largest);
    auto const versions = read([](Connection& c) { return screens_versions(c); });
    ASSERT_EQ(versions.size(), 1U);
    EXPECT_EQ(versions[0].department, sales());
    EXPECT_EQ(versions[0].version, 2);
}

TEST_P(ScreensTest, RefusesADepartmentThatIsNotThere)
{
    EXPECT_EQ(trouble([](Connection& c) { (void)next_screens_version(c, model::DepartmentId::make()); }),
              Trouble::conflict);
}

TEST_P(ScreensTest, HoldsAMessageUntilItIsReleased)
{
    auto const filed = file(1, 1);
    EXPECT_FALSE(filed.released);
    write([&](Connection& c) {
        EXPECT_TRUE(hold_message(c, filed.id, model::Screen::sender, "example.com", "mail from x is blocked"));
        EXPECT_FALSE(hold_message(c, filed.id, model::Screen::size, "1", "again"));
    });
    auto const held = *read([&](Connection& c) { return message(c, filed.id); });
    EXPECT_EQ(held.triage, model::TriageState::exception);
    EXPECT_EQ(held.screen, model::Screen::sender);
    EXPECT_EQ(held.screen_rule, "example.com");
    EXPECT_EQ(held.exception, "mail from x is blocked");
    EXPECT_EQ(read([&](Connection& c) { return ledger_counts(c, house.mailbox.id).screened; }), 1);

    write([&](Connection& c) { release_message(c, filed.id); });
    auto const released = *read([&](Connection& c) { return message(c, filed.id); });
    EXPECT_EQ(released.triage, model::TriageState::pending);
    EXPECT_TRUE(released.released);
    EXPECT_EQ(released.screen, model::Screen::sender);  // the trace stays
    EXPECT_EQ(trouble([&](Connection& c) { release_message(c, filed.id); }), Trouble::not_found);
    // Released, and then triage can't digest it: no screen holds it any more, and what did is still told.
    write([&](Connection& c) { triage_failed(c, filed.id, "no mail"); });
    EXPECT_EQ(trouble([&](Connection& c) { release_message(c, filed.id); }), Trouble::not_found);
    write([&](Connection& c) { triage_again(c, filed.id); });
    EXPECT_EQ(read([&](Connection& c) { return message(c, filed.id)->screen; }), model::Screen::sender);
}

TEST_P(ScreensTest, ReleasesNothingThatNoScreenHolds)
{
    auto const filed = file(1, 1);
    write([&](Connection& c) { triage_failed(c, filed.id, "no mail"); });
    EXPECT_EQ(trouble([&](Connection& c) { release_message(c, filed.id); }), Trouble::not_found);
    write([&](Connection& c) { triage_again(c, filed.id); });
    write([&](Connection& c) { hold_message(c, filed.id, model::Screen::content, "program", "x"); });
    write([&](Connection& c) { triage_again(c, filed.id); });
    auto const again = *read([&](Connection& c) { return message(c, filed.id); });
    EXPECT_EQ(again.screen, model::Screen::none);  // it is judged anew
    EXPECT_FALSE(again.released);
}

}  // namespace
}  // namespace postroom::store
