#include "grants/credential-ends.hpp"

#include "store/applications.hpp"
#include "store/coordination.hpp"
#include "support/scratch-folder.hpp"

#include <gmock/gmock.h>

namespace postroom::grants {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

class CredentialEnds : public testing::Test {
protected:
    CredentialEnds()
    {
        write([&](store::Connection& c) {
            application = {.id = model::ApplicationId::make(), .name = "entra", .cloud = "worldwide"};
            store::add_application(c, application);
        });
    }
    void write(std::function<void(store::Connection&)> const& work)
    {
        store->write_now([&](store::Connection& c) { work(c); });
    }
    model::CredentialId add(std::optional<Instant> ends)
    {
        model::Credential made{.id = model::CredentialId::make(), .application = application.id, .ends = ends};
        write([&](store::Connection& c) { store::add_credential(c, made); });
        return made.id;
    }
    std::vector<std::string> told()
    {
        std::vector<std::string> found;
        write([&](store::Connection& c) {
            note_credential_ends(c, clock.now());
            for (auto const& each : store::alarms(c))
                found.push_back(fmt::format("{} {} {}: {}", each.cause, each.subject, each.count, each.words));
        });
        return found;
    }

    test::ScratchFolder folder;
    ManualClock clock{Instant(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22))};
    std::unique_ptr<store::Store> store =
        std::move(*store::Store::open({.path = folder / "postroom.db", .clock = &clock}));
    model::Application application;
};

TEST_F(CredentialEnds, AreToldThirtyDaysAheadAndOnceADay)
{
    add(clock.now() + 31 * 24h);
    EXPECT_THAT(told(), IsEmpty());
    clock.advance(24h);
    EXPECT_THAT(told(),
                ElementsAre(HasSubstr("credential-ends application entra 1: the last credential of the identity "
                                      "application entra runs out on 2026-12-23 00:00:00 UTC")));
    clock.advance(23h);
    EXPECT_THAT(told(), ElementsAre(HasSubstr("entra 1:"))) << "it was said today";
    clock.advance(1h);
    EXPECT_THAT(told(), ElementsAre(HasSubstr("entra 2:")));
    clock.advance(30 * 24h);
    EXPECT_THAT(told(), ElementsAre(HasSubstr("ran out on")));
}

TEST_F(CredentialEnds, AreNoMatterWhereAnotherOneLasts)
{
    auto const old = add(clock.now() + 24h);
    EXPECT_THAT(told(), testing::SizeIs(1));
    auto const next = add(clock.now() + 700 * 24h);
    EXPECT_THAT(told(), IsEmpty());
    write([&](store::Connection& c) { store::remove_credential(c, next); });
    EXPECT_THAT(told(), testing::SizeIs(1));
    auto const endless = add(std::nullopt);
    EXPECT_THAT(told(), IsEmpty()) << "when it ends nobody said";
    write([&](store::Connection& c) {
        store::remove_credential(c, endless);
        store::remove_credential(c, old);
    });
    EXPECT_THAT(told(), IsEmpty()) << "a public client has none that could end";
}

TEST_F(CredentialEnds, FollowTheNameAndGoWithTheApplication)
{
    add(clock.now());
    EXPECT_THAT(told(), ElementsAre(HasSubstr("application entra 1: ")));
    application.name = "microsoft";
    write([&](store::Connection& c) { store::change_application(c, application); });
    EXPECT_THAT(told(), ElementsAre(HasSubstr("application microsoft 1: ")));
    write([&](store::Connection& c) { store::remove_application(c, application.id); });
    EXPECT_THAT(told(), IsEmpty());
}

}  // namespace
}  // namespace postroom::grants
