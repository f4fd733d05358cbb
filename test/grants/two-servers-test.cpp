// Two application servers over one store: whatever one began, the other may end.
#include "grants/authorization-keeper.hpp"
#include "house.hpp"
#include "support/postgresql-server.hpp"

namespace postroom::grants {
namespace {

using testing::HasSubstr;
using State = model::Authorization::State;

enum class Kind { sqlite, postgresql };

class TwoServersTest : public testing::WithParamInterface<Kind>, public HouseTest {
protected:
    TwoServersTest()
        : HouseTest(GetParam() == Kind::sqlite ? std::string() : test::PostgresqlServer::running().create()),
          other_store(GetParam() == Kind::sqlite ? nullptr : open_again())
    {
        other.store = other_store ? other_store.get() : store.get();
        other.vault = vault::Vault::open(folder / "vault.key", false).value();
        other.https =
            std::make_shared<net::Https>(loop.get_executor(), net::TlsContext::client({authority.file()}).value());
        other.clock = &clock;
    }
    // SQLite has one server; its other Ground is the same store with a vault and connections of its own.
    std::unique_ptr<store::Store> open_again() { return store::Store::open({.path = place, .clock = &clock}).value(); }

    std::unique_ptr<store::Store> other_store;
    Ground other{};
};

TEST_P(TwoServersTest, TheReturnMayComeToTheOtherOne)
{
    auto const state = begin();
    auto const outcome = run(finish_authorization(other, "code=x&state=" + state, 0ms));
    ASSERT_TRUE(outcome.trying) << outcome.words;
    EXPECT_FALSE(run(finish_authorization(ground, "code=x&state=" + state, 0ms)).trying);
    EXPECT_EQ(calls.size(), 1U);
    auto const settled = try_what_is_due();
    ASSERT_TRUE(settled);
    EXPECT_TRUE(settled->accepted);
    EXPECT_EQ(refresh_token(), "refresh-1");
    EXPECT_EQ(audited(), (std::vector<std::string>{"grant.accept", "grant.return-again"}));
}

TEST_P(TwoServersTest, TheOneBegunLastCountsWhoeverBegan)
{
    auto const first = begin({}, "ada");
    auto const begun = run(begin_authorization(other, "sales", "bob"));
    ASSERT_TRUE(begun);
    EXPECT_THAT(come_back(first).words, HasSubstr("bob"));
    claims["nonce"] = parameter(begun->url, "nonce");
    EXPECT_TRUE(come_back(parameter(begun->url, "state")).accepted);
}

TEST_P(TwoServersTest, BegunAtOnceOneStaysOpen)
{
    auto const both = [](Ground here, std::string by, int& ended) -> net::awaitable<void> {
        (void)co_await begin_authorization(here, "sales", by);
        ++ended;
    };
    for (int i = 0; i < 10; ++i) {
        int ended = 0;
        boost::asio::co_spawn(loop, both(ground, "ada", ended), boost::asio::detached);
        boost::asio::co_spawn(loop, both(other, "bob", ended), boost::asio::detached);
        loop.restart();
        while (ended < 2) loop.run_one();
        EXPECT_EQ(read([&](store::Connection& c) { return store::open_authorizations(c, account.id); }).size(), 1U);
    }
}

TEST_P(TwoServersTest, ACandidateIsSettledOnce)
{
    ASSERT_TRUE(run(finish_authorization(ground, "code=x&state=" + begin(), 0ms)).trying);
    auto const id = last.id;
    auto const settle_there = [&id](Ground here, int& accepted, int& ended) -> net::awaitable<void> {
        auto const settled =
            co_await here.store->write([&](store::Connection& c) { return settle(c, here, id, Trial{}); });
        accepted += settled && settled->accepted ? 1 : 0;
        ++ended;
    };
    int accepted = 0;
    int ended = 0;
    boost::asio::co_spawn(loop, settle_there(ground, accepted, ended), boost::asio::detached);
    boost::asio::co_spawn(loop, settle_there(other, accepted, ended), boost::asio::detached);
    loop.restart();
    while (ended < 2) loop.run_one();
    EXPECT_EQ(accepted, 1);
    EXPECT_EQ(grant()->version, 1 + grant()->accepted.time_since_epoch().count());
    EXPECT_EQ(audited(), std::vector<std::string>{"grant.accept"});
}

TEST_P(TwoServersTest, ADevicesCodeIsAskedForByOne)
{
    AuthorizationKeeper here(ground, "one");
    AuthorizationKeeper there(other, "two");
    auto const begun = run(begin_authorization(ground, "sales", "ada", {.flow = model::Flow::device}));
    ASSERT_TRUE(begun);
    run(here.look());
    run(there.look());
    status = net::http::status::bad_request;
    body = R"({"error":"authorization_pending"})";
    for (unsigned i = 1; i <= 3; ++i) {
        clock.advance(5s);
        run(there.look());
        run(here.look());
        EXPECT_EQ(calls.size(), i);
    }
    status = net::http::status::ok;
    body.clear();
    clock.advance(5s);
    run(there.look());
    run(here.look());
    EXPECT_EQ(stored(begun->id).outcome, State::trying);
}

INSTANTIATE_TEST_SUITE_P(Over, TwoServersTest, testing::Values(Kind::sqlite, Kind::postgresql),
                         [](auto const& info) { return info.param == Kind::sqlite ? "Sqlite" : "Postgresql"; });

}  // namespace
}  // namespace postroom::grants
