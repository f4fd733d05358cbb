// What only PostgreSQL has: a server that comes and goes, and texts that it can't hold as they are.
#include "base/text.hpp"
#include "store/postgres/address.hpp"
#include "store/postgres/dialect.hpp"

#include "both-stores.hpp"
#include "counting.hpp"

#include <fmt/format.h>

#include <chrono>
#include <future>
#include <map>
#include <random>
#include <thread>

namespace postroom::store {
namespace {

using namespace std::chrono_literals;

class PostgresTest : public OnBothStores {
protected:
    /// The first time that it can be done again, or fails with `last` after ten seconds.
    bool works_within_ten_seconds(std::function<void()> const& what)
    {
        for (auto const end = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < end;) {
            try {
                what();
                return true;
            } catch (Failure const& e) {
                EXPECT_EQ(e.kind(), Trouble::store) << e.what();
            }
            std::this_thread::sleep_for(20ms);
        }
        return false;
    }
};

INSTANTIATE_TEST_SUITE_P(Over, PostgresTest, testing::Values(Kind::postgresql), name_of);

TEST_P(PostgresTest, GoesByTheServersClock)
{
    store.reset();
    store = Store::open({.path = path}).value();
    auto const ours = system_clock().now();
    auto const theirs = write([](Connection& c) { return c.now(); });
    EXPECT_LT(std::chrono::abs(theirs - ours), 10s);
    write([&](Connection& c) {
        auto const first = c.now();
        EXPECT_GE(first, theirs);
        std::this_thread::sleep_for(5ms);
        EXPECT_EQ(c.now(), first) << "of the moment at which it got its turn";
    });
    EXPECT_GE(read([](Connection& c) { return c.now(); }), theirs);
}

TEST_P(PostgresTest, FailsWhileTheServerIsGoneAndGoesOnWhenItIsBack)
{
    test::PostgresqlServer server;
    path = server.create();
    open();
    write([](Connection& c) { note(c, "before"); });
    EXPECT_EQ(read(noted), 1);
    server.stop();
    EXPECT_EQ(trouble([](Connection& c) { note(c, "lost"); }), Trouble::store);
    EXPECT_THROW(store->read_now([](Connection& c) { (void)noted(c); }), Failure);
    auto const begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(trouble([](Connection& c) { note(c, "lost"); }), Trouble::store);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s) << "between two tries it fails at once";
    server.start();
    EXPECT_TRUE(works_within_ten_seconds([&] { store->write_now([](Connection& c) { note(c, "after"); }); }));
    EXPECT_TRUE(works_within_ten_seconds([&] { store->read_now([](Connection& c) { EXPECT_EQ(noted(c), 2); }); }));
}

TEST_P(PostgresTest, CostsNobodyAnErrorWhereTheConnectionEndedWhileNothingWasAsked)
{
    write([](Connection& c) { note(c, "before"); });
    EXPECT_EQ(read(noted), 1);
    test::PostgresqlServer::running().run_sql(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'postroom'");
    write([](Connection& c) { note(c, "after"); });
    EXPECT_EQ(read(noted), 2);
}

TEST_P(PostgresTest, TellsEverybodyWhereTheConnectionBreaksInTheMiddle)
{
    EXPECT_EQ(trouble([](Connection& c) {
                  note(c, "lost");
                  c.first("SELECT pg_terminate_backend(pg_backend_pid())", [](Row const&) { return 0; });
                  note(c, "lost, too");
              }),
              Trouble::store);
    EXPECT_EQ(read(noted), 0);
    write([](Connection& c) { note(c, "afterwards"); });
    EXPECT_EQ(read(noted), 1);
}

// Seen to fail where a connection that is lost in the middle of a commit is like any other.
TEST_P(PostgresTest, SaysWhereNobodyKnowsWhetherItWasStored)
{
    write([](Connection& c) {
        c.execute(
            "CREATE FUNCTION fall() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'");
        c.execute(
            "CREATE CONSTRAINT TRIGGER falls AFTER INSERT ON counter DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
            "EXECUTE FUNCTION fall()");
    });
    auto const unknown = [&](std::function<void(Connection&)> const& work) {
        try {
            store->write_now(work);
        } catch (Failure const& failure) {
            EXPECT_TRUE(failure.is_standstill());
            return failure.is_unknown();
        }
        ADD_FAILURE() << "it threw no Failure";
        return false;
    };
    EXPECT_TRUE(unknown([](Connection& c) { note(c, "while committing"); }));
    EXPECT_FALSE(unknown(
        [](Connection& c) { c.first("SELECT pg_terminate_backend(pg_backend_pid())", [](Row const&) { return 0; }); }));
}

TEST_P(PostgresTest, WaitsAtItsStartWhileAnotherServerMigrates)
{
    auto const impatient = path + (path.contains('?') ? "&" : "?") + "options=-c%20lock_timeout%3D200ms";
    std::promise<void> begun;
    std::jthread const other([&] {
        write([&](Connection& c) {
            note(c, "its turn");
            (void)c.now();
            begun.set_value();
            std::this_thread::sleep_for(1s);
        });
    });
    begun.get_future().wait();
    auto const opened = Store::open({.path = impatient});
    EXPECT_TRUE(opened) << opened.error().message;
}

TEST_P(PostgresTest, CarriesOutNothingMoreInAnOperationThatFailed)
{
    EXPECT_EQ(trouble([](Connection& c) {
                  note(c, "1");
                  EXPECT_THROW(note(c, "1"), Failure);
                  EXPECT_THROW(note(c, "2"), Failure);
              }),
              Trouble::conflict)
        << "a failure that the work keeps to itself fails it all the same";
    EXPECT_EQ(read(noted), 0);
    EXPECT_EQ(trouble([](Connection& c) {
                  c.post("INSERT INTO counter (name, last_value) VALUES (?, 1)", "1");
                  c.post("INSERT INTO counter (name, last_value) VALUES (?, 1)", "1");
              }),
              Trouble::conflict)
        << "and one of a statement that nobody waited for";
    EXPECT_EQ(trouble([](Connection& c) {
                  c.post("INSERT INTO counter (name, last_value) VALUES (?, 1)", "1");
                  throw Failure(Trouble::invalid, "mine");
              }),
              Trouble::invalid);
    EXPECT_EQ(read(noted), 0);
}

TEST_P(PostgresTest, PostsMoreThanThePipeHolds)
{
    write([](Connection& c) {
        for (int i = 0; i < 5000; ++i)
            c.post("INSERT INTO counter (name, last_value) VALUES (?, 1)", std::to_string(i) + std::string(1000, 'x'));
    });
    EXPECT_EQ(read(noted), 5000);
    EXPECT_EQ(read([](Connection& c) {
                  return c.all("SELECT name FROM counter", [](Row const& r) { return r.text(0); });
              }).size(),
              5001U);
}

TEST_P(PostgresTest, IsDurableAtEveryCommit)
{
    auto const says = [&](std::string const& setting) {
        return write([&](Connection& c) {
            return c.first("SELECT current_setting(?)", [](Row const& row) { return row.text(0); }, setting).value();
        });
    };
    EXPECT_EQ(says("synchronous_commit"), "on");
    EXPECT_EQ(says("fsync"), "on");
    store.reset();
    path += "&options=-c%20synchronous_commit%3Doff";
    open();
    EXPECT_EQ(says("synchronous_commit"), "on");
}

TEST_P(PostgresTest, FoldsLettersAsSqliteDoes)
{
    write([](Connection& c) {
        add_department(c, {model::DepartmentId::make(), "École", Instant{}});
        add_department(c, {model::DepartmentId::make(), "école", Instant{}});
        EXPECT_EQ(department_named(c, "ÉCOLE")->name, "École") << "ASCII alone";
        EXPECT_EQ(department_named(c, "éCOLE")->name, "école");
    });
}

TEST_P(PostgresTest, ReadsNumbersOfEveryType)
{
    write([](Connection& c) {
        EXPECT_EQ(one_number(c, "SELECT sum(x) FROM (VALUES (9000000000000000000), (5::bigint)) v (x)"),
                  9'000'000'000'000'000'005);
        EXPECT_EQ(one_number(c, "SELECT -12340000::numeric"), -12'340'000);
        EXPECT_EQ(one_number(c, "SELECT 0::numeric"), 0);
        EXPECT_EQ(one_number(c, "SELECT (-7)::smallint"), -7);
        EXPECT_EQ(one_number(c, "SELECT -70000"), -70'000);
        EXPECT_EQ(one_number(c, "SELECT true"), 1);
        EXPECT_THROW(one_number(c, "SELECT 0.5"), Failure);
        EXPECT_THROW(one_number(c, "SELECT 'x'"), Failure);
    });
}

TEST_P(PostgresTest, NeverSaysThePassword)
{
    Options wrong;
    wrong.path = "postgresql://ada:geheim@localhost:1/postroom";
    auto const refused = Store::open(wrong);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Trouble::store);
    EXPECT_EQ(refused.error().message.find("geheim"), std::string::npos) << refused.error().message;
    EXPECT_NE(refused.error().message.find("localhost:1/postroom"), std::string::npos) << refused.error().message;
    for (auto const* const url : {"postgresql://ada:geheim@[::1", "postgresql://ada:geheim@h/d?odd=1"}) {
        wrong.path = url;
        EXPECT_EQ(Store::open(wrong).error().message.find("geheim"), std::string::npos);
    }
}

TEST(PostgresAddress, VerifiesTlsWhereTheWayLeadsOverANetwork)
{
    auto const mode = [](std::string const& url) {
        auto const all = postgres::parameters_of(url);
        if (!all) return to_string(all.error().kind) == "invalid" ? std::string("refused") : all.error().message;
        std::map<std::string, std::string> const by_key(all->begin(), all->end());
        return by_key.contains("sslmode") ? by_key.at("sslmode") : "";
    };
    EXPECT_EQ(mode("postgresql://db.example.com/postroom"), "verify-full");
    EXPECT_EQ(mode("postgresql://db.example.com/postroom?sslmode=verify-full"), "verify-full");
    for (auto const* const less : {"disable", "prefer", "require", "verify-ca"})
        EXPECT_EQ(mode(std::string("postgresql://db.example.com/postroom?sslmode=") + less), "refused");
    EXPECT_EQ(mode("postgresql://127.0.0.1,10.0.0.1/postroom?sslmode=disable"), "refused");
    EXPECT_EQ(mode("postgresql://localhost/postroom?hostaddr=10.0.0.1&sslmode=disable"), "refused");
    EXPECT_EQ(mode("postgresql://localhost/postroom?sslmode=disable"), "disable");
    EXPECT_EQ(mode("postgresql:///postroom?host=/run/postgresql"), "");
    EXPECT_EQ(mode("postgresql:///postroom"), "");
    EXPECT_EQ(mode("postgresql://[::1/"), "refused");
}

// Seen to fail where all of the families 53 and 57 are the server's: one mail whose statement is slow held up all
// others.
TEST(PostgresDialect, TellsTheServersTroubleFromAStatements)
{
    for (auto const* const state : {"08006", "53100", "53300", "57P01", "58030", "55P03"})
        EXPECT_TRUE(postgres::is_the_servers(state)) << state;
    for (auto const* const state : {"57014", "53200", "23505", "54000", "42601"})
        EXPECT_FALSE(postgres::is_the_servers(state)) << state;
}

TEST(PostgresDialect, NumbersParameters)
{
    EXPECT_EQ(postgres::numbered("a = ? AND b = '?' AND lower(c) = lower(?)").sql,
              "a = $1 AND b = '?' AND lower(c) = lower($2 COLLATE \"C\")");
    EXPECT_EQ(postgres::numbered("a = ? AND b = '?' AND lower(c) = lower(?)").parameters, 2);
    EXPECT_EQ(postgres::numbered("").parameters, 0);
}

// Seen to fail where U+10FF00…U+10FFFF pass as they are.
TEST(PostgresDialect, StoresEveryTextAndGivesItBack)
{
    std::mt19937 random(3);
    std::map<std::string, std::string> stored_as;
    std::vector<std::string> const parts{"a",
                                         "é",
                                         "€",
                                         "😀",
                                         std::string(1, '\0'),
                                         "\x80",
                                         "\xff",
                                         "\xc0\x80",
                                         "\xe2\x82",
                                         "\xed\xa0\x80",
                                         "\xf4\x90\x80\x80",
                                         "\xf4",
                                         "\xf4\x8f",
                                         "\xf4\x8f\xbc\x80",
                                         "\xf4\x8f\xbf\xbf",
                                         "\xf4\x8f\xbb\xbf",
                                         "\xe0\x9f\x80"};
    for (int round = 0; round < 5000; ++round) {
        std::string text;
        for (auto n = random() % 6; n > 0; --n) text += parts[random() % parts.size()];
        auto const stored = postgres::storable(text).value_or(text);
        ASSERT_EQ(postgres::original(stored), text);
        ASSERT_EQ(stored.find('\0'), std::string::npos);
        ASSERT_EQ(to_valid_utf8(stored), stored);
        auto const [at, fresh] = stored_as.emplace(stored, text);
        ASSERT_EQ(at->second, text) << "two texts may not become one";
    }
    EXPECT_EQ(postgres::storable("Zoë 😀"), std::nullopt);
}

}  // namespace
}  // namespace postroom::store
