#include "checks/elsewhere.hpp"

#include "store/alarms.hpp"
#include "store/store.hpp"
#include "support/scratch-folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postroom::checks {

using testing::HasSubstr;
using testing::Not;

namespace {

class Elsewhere : public testing::Test {
protected:
    template <class Work>
    auto write(Work work)
    {
        std::optional<std::invoke_result_t<Work&, store::Connection&>> result;
        store->write_now([&](store::Connection& c) { result.emplace(work(c)); });
        return std::move(*result);
    }
    void beat(std::string const& server, std::string const& part)
    {
        store->write_now([&](store::Connection& c) { store::note_pulse(c, {.server = server, .part = part}); });
    }

    test::ScratchFolder folder;
    ManualClock clock{Instant(std::chrono::hours(1))};
    std::unique_ptr<store::Store> store = store::Store::open({.path = folder / "postroom.db", .clock = &clock}).value();
    std::shared_ptr<vault::Vault const> vault = vault::Vault::open(folder / "vault.key", true).value();
};

TEST_F(Elsewhere, FindsTheServersThatLive)
{
    beat("one:/run/a", "application");
    beat("two:/run/b", "services");
    beat("both", "services");
    beat("both", "application");
    auto const live = write([](store::Connection& c) { return live_servers(c); });
    ASSERT_EQ(live.size(), 3U);
    EXPECT_EQ(live[0].name, "both");
    EXPECT_EQ(live[0].side, Side::both);
    EXPECT_EQ(live[1].side, Side::application);
    EXPECT_EQ(live[2].side, Side::services);
    EXPECT_EQ(write([](store::Connection& c) { return live_server(c, "two"); }).value().name, "two:/run/b");

    auto const none = write([](store::Connection& c) { return live_server(c, "three"); });
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, Trouble::not_found);
    EXPECT_THAT(none.error().message, HasSubstr("both, one:/run/a, two:/run/b"));

    store->write_now([](store::Connection& c) { store::note_stopped(c, "two:/run/b", "services"); });
    EXPECT_FALSE(write([](store::Connection& c) { return live_server(c, "two"); }));
    clock.advance(std::chrono::seconds(61));
    EXPECT_TRUE(write([](store::Connection& c) { return live_servers(c); }).empty());
}

// Two servers of one machine: its name alone says nothing.
TEST_F(Elsewhere, AMachineOfTwoServersIsNoServer)
{
    beat("one:/run/a", "application");
    beat("one:/run/b", "services");
    EXPECT_FALSE(write([](store::Connection& c) { return live_server(c, "one"); }));
}

TEST_F(Elsewhere, ATokenLiesSealedAndOnlyUntilItIsUsed)
{
    Connecting const asked{.purpose = Purpose::pop3,
                           .server = {"outlook.example", 995},
                           .implicit_tls = true,
                           .user = "sales@contoso.com",
                           .limit = Duration(5'000)};
    Secret const token("eyJ-very-secret");
    auto const id = write([&](store::Connection& c) { return begin_connection(c, *vault, asked, &token, "one"); });
    auto job = write([&](store::Connection& c) { return store::job(c, id); }).value();
    EXPECT_EQ(job.kind, kind_for("one"));
    EXPECT_THAT(job.input, Not(HasSubstr("very-secret")));
    auto const read = connecting_of(job);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->purpose, Purpose::pop3);
    EXPECT_EQ(read->server, asked.server);
    EXPECT_EQ(read->user, asked.user);
    EXPECT_EQ(read->limit, asked.limit);

    auto taken = write([&](store::Connection& c) { return take_token(c, *vault, job); });
    ASSERT_TRUE(taken);
    ASSERT_TRUE(*taken);
    EXPECT_EQ((*taken)->expose(), "eyJ-very-secret");
    job = write([&](store::Connection& c) { return store::job(c, id); }).value();
    EXPECT_THAT(job.input, Not(HasSubstr("token")));
    ASSERT_TRUE(connecting_of(job));
    auto const again = write([&](store::Connection& c) { return take_token(c, *vault, job); });
    ASSERT_FALSE(again) << "whoever had it is gone, and without it nothing would be told of signing in";
    EXPECT_THAT(again.error().message, HasSubstr("ask again"));
}

TEST_F(Elsewhere, WithoutATokenThereIsNothingToTakeOut)
{
    Connecting const asked{.server = {"outlook.example", 993}};
    auto const id = write([&](store::Connection& c) { return begin_connection(c, *vault, asked, nullptr, "one"); });
    auto const job = write([&](store::Connection& c) { return store::job(c, id); }).value();
    for (int i = 0; i < 2; ++i) {
        auto const taken = write([&](store::Connection& c) { return take_token(c, *vault, job); });
        ASSERT_TRUE(taken);
        EXPECT_FALSE(*taken);
    }
}

TEST_F(Elsewhere, ARunIsNoConnection)
{
    EXPECT_FALSE(connecting_of({.input = R"({"run":"018f4e9e-7c1a-7abc-8def-0123456789ab"})"}));
    auto const older = connecting_of({.input = R"({"connect":{"protocol":"imap","host":"mail.example","port":993,)"
                                               R"("implicit_tls":true,"user":"","folder":"INBOX","limit_ms":1000}})"});
    ASSERT_TRUE(older) << "by a server of an older version";
    EXPECT_FALSE(older->transcript);
    EXPECT_FALSE(connecting_of({.input = "nonsense"}));
    EXPECT_FALSE(connecting_of({.input = R"({"connect":7})"}));
}

TEST(PlaceForToken, IsTheAccountsOwnOrItsProviders)
{
    model::Account account;
    account.name = "sales";
    account.retrieval_server = {"mail.contoso.com", 1993};
    account.retrieval_starttls = true;
    account.submission_server = {"mail.contoso.com", 1587};
    model::Application application;
    application.cloud = "worldwide";
    auto const place = [&](Purpose purpose, std::optional<Endpoint> asked = {}) {
        return place_for_token(account, application, purpose, asked);
    };
    EXPECT_EQ(place(Purpose::imap), (Place{Purpose::imap, {"mail.contoso.com", 1993}, false}));
    EXPECT_EQ(place(Purpose::imap, Endpoint{"MAIL.contoso.com", 1993}), place(Purpose::imap));
    EXPECT_EQ(place(Purpose::smtp), (Place{Purpose::smtp, {"mail.contoso.com", 1587}, false}));
    EXPECT_EQ(place(Purpose::pop3), (Place{Purpose::pop3, {"outlook.office365.com", 995}, true}));
    EXPECT_EQ(place(Purpose::smtp, Endpoint{"smtp.office365.com", 587}).value().server.host, "smtp.office365.com");
    for (auto const& asked :
         {Endpoint{"mail.contoso.com", 993}, Endpoint{"mail.contoso.com", 1587}, Endpoint{"smtp.office365.com", 993},
          Endpoint{"outlook.office365.com.example.com", 993}, Endpoint{"127.0.0.1", 1993}, Endpoint{"", 1993}})
        EXPECT_FALSE(place(Purpose::imap, asked)) << to_string(asked);
    // Who signs in elsewhere has a token of elsewhere.
    application.authority = "https://login.example.com";
    EXPECT_FALSE(place(Purpose::imap, Endpoint{"outlook.office365.com", 993}));
    EXPECT_FALSE(place(Purpose::pop3));
}

}  // namespace

}  // namespace postroom::checks
