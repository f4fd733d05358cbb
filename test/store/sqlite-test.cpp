// What only SQLite has: a file, and the disk under it.
#include "both-stores.hpp"
#include "counting.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

namespace postroom::store {
namespace {

class SqliteTest : public OnBothStores {};

INSTANTIATE_TEST_SUITE_P(Over, SqliteTest, testing::Values(Kind::sqlite), name_of);

// The disk is full at the COMMIT: a file may not grow any more.
TEST_P(SqliteTest, SurvivesADiskThatCantTakeTheCommit)
{
    auto const old_handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    ::getrlimit(RLIMIT_FSIZE, &old);
    rlimit tight = old;
    tight.rlim_cur = std::filesystem::file_size(path + "-wal") + 4096;
    ::setrlimit(RLIMIT_FSIZE, &tight);
    bool failed = false;
    try {
        store->write_now([](Connection& c) {
            for (int i = 0; i < 100; ++i) note(c, std::string(2000, 'x') + std::to_string(i));
        });
    } catch (Failure const&) {
        failed = true;
    }
    ::setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, old_handler);
    EXPECT_TRUE(failed);
    EXPECT_EQ(read(noted), 0);
    write([](Connection& c) { note(c, "afterwards"); });
    open();
    EXPECT_EQ(read(noted), 1);
    EXPECT_EQ(
        read([](Connection& c) { return c.first("PRAGMA integrity_check", [](Row const& r) { return r.text(0); }); }),
        "ok");
}

// Whatever was the matter, the store says it while it lasts, since it can't note it in itself.
TEST_P(SqliteTest, SaysThatTheDiskIsFull)
{
    auto const pages = write([](Connection& c) { return one_number(c, "PRAGMA page_count"); });
    write([&](Connection& c) { c.run("PRAGMA max_page_count = " + std::to_string(pages + 1), {}, [](Row const&) {}); });
    EXPECT_EQ(trouble([](Connection& c) {
                  for (int i = 0; i < 100; ++i) note(c, std::string(2000, 'x') + std::to_string(i));
              }),
              Trouble::store);
    EXPECT_EQ(read(noted), 0);
    ASSERT_TRUE(store->standstill());
    EXPECT_THAT(store->standstill()->words, testing::HasSubstr("the disk is full: make room for " + path));
    write([](Connection& c) { c.run("PRAGMA max_page_count = 1000000", {}, [](Row const&) {}); });
    EXPECT_TRUE(store->standstill()) << "small things were written all the while";
    clock.advance(Duration(15'000));
    write([](Connection& c) { note(c, "afterwards"); });
    EXPECT_FALSE(store->standstill());
}

TEST_P(SqliteTest, WritesNothingIntoAFileThatWasTakenAway)
{
    write([](Connection& c) { note(c, "x"); });
    for (auto const* const suffix : {"", "-wal"}) {
        auto const name = path + suffix;
        std::filesystem::rename(name, name + ".aside");
        EXPECT_EQ(trouble([](Connection& c) { note(c, "into nothing"); }), Trouble::store);
        EXPECT_THAT(store->standstill()->words, testing::HasSubstr(name + " was removed while"));
        std::filesystem::copy_file(name + ".aside", name);
        EXPECT_EQ(trouble([](Connection& c) { note(c, "into another"); }), Trouble::store);
        EXPECT_THAT(store->standstill()->words, testing::HasSubstr(name + " was replaced by another file while"));
        std::filesystem::rename(name + ".aside", name);
        clock.advance(Duration(15'000));
        write([&](Connection& c) { note(c, std::string("put back ") + suffix); });
        EXPECT_FALSE(store->standstill());
    }
    open();
    EXPECT_EQ(read(noted), 3);
}

TEST_P(SqliteTest, WritesNothingWhereItsFileWasReplacedBeforeTheFirstWrite)
{
    store.reset();
    open();
    std::filesystem::copy_file(path, path + ".copy");
    std::filesystem::rename(path + ".copy", path);
    EXPECT_EQ(trouble([](Connection& c) { note(c, "into another"); }), Trouble::store);
    EXPECT_THAT(store->standstill()->words, testing::HasSubstr(path + " was replaced by another file while"));
}

// Another program, of a backup say, that takes its time.
TEST_P(SqliteTest, WaitsForAnotherProgramAndSaysSoWhereThatLastsTooLong)
{
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &other), SQLITE_OK);
    auto const hold = [&] { ASSERT_EQ(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK); };
    auto const let_go = [&] { ASSERT_EQ(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK); };
    hold();
    {
        std::jthread const later([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            let_go();
        });
        write([](Connection& c) { note(c, "after a while"); });
    }
    write([](Connection& c) { c.run("PRAGMA busy_timeout = 300", {}, [](Row const&) {}); });  // instead of 10 s
    hold();
    EXPECT_EQ(read(noted), 1) << "who only reads need not wait";
    EXPECT_EQ(trouble([](Connection& c) { note(c, "never"); }), Trouble::store);
    EXPECT_THAT(store->standstill()->words, testing::HasSubstr("another program has had " + path + " locked"));
    let_go();
    sqlite3_close(other);
    clock.advance(Duration(15'000));
    write([](Connection& c) { note(c, "afterwards"); });
    EXPECT_FALSE(store->standstill());
    EXPECT_EQ(read(noted), 2);
}

// What a transaction writes to the WAL is gathered: it must be there for whoever reads it again before its end, and for
// everybody after it; and what was undone for nobody.
TEST_P(SqliteTest, GathersNoMoreThanATransactionIsLong)
{
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &other), SQLITE_OK);
    auto const seen_by_other = [&](std::string const& sql) {
        std::string seen;
        auto const keep = [](void* into, int, char** columns, char**) {
            *static_cast<std::string*>(into) = columns[0];
            return 0;
        };
        EXPECT_EQ(sqlite3_exec(other, sql.c_str(), keep, &seen, nullptr), SQLITE_OK);
        return seen;
    };
    auto const fill = [](Connection& c, int from) {
        c.run("PRAGMA cache_size = 10", {}, [](Row const&) {});  // the rest goes to the WAL, and is read from there
        for (int i = from; i < from + 300; ++i) note(c, std::to_string(i) + std::string(3'000, 'x'));
        EXPECT_EQ(noted(c), from + 300);
    };
    for (int round = 0; round < 3; ++round) {
        write([&](Connection& c) { fill(c, round * 300); });
        EXPECT_EQ(seen_by_other("SELECT count(*) FROM counter WHERE name <> 'case'"),
                  std::to_string(300 * (round + 1)));
        write([&](Connection& c) { c.execute("UPDATE counter SET last_value = ? WHERE name LIKE '7%'", round); });
        EXPECT_EQ(trouble([&](Connection& c) {
                      fill(c, 300 * (round + 1));
                      throw Failure(Trouble::conflict, "and all of it goes");
                  }),
                  Trouble::conflict);
    }
    EXPECT_EQ(seen_by_other("PRAGMA integrity_check"), "ok");
    sqlite3_close(other);
    store.reset();
    open();
    EXPECT_EQ(read(noted), 900);
}

// Another program knows by it that the WAL is in use, and leaves it there when it ends.
TEST_P(SqliteTest, HoldsItsLockFromBeginningToEnd)
{
    write([](Connection& c) { note(c, "x"); });
    auto const child = ::fork();
    if (child == 0) {
        // All readers have these bytes (https://www.sqlite.org/lockingv3.html).
        struct flock lock{.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510, .l_pid = 0};
        int const file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        bool const told = file >= 0 && ::fcntl(file, F_GETLK, &lock) == 0;
        ::_exit(told && lock.l_type == F_RDLCK ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

// What a transaction that is undone had gathered is not written later: another program may have written there by then.
TEST_P(SqliteTest, WritesNothingMoreOfWhatWasUndone)
{
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &other), SQLITE_OK);
    auto const by_other = [&](char const* sql) {
        ASSERT_EQ(sqlite3_exec(other, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(other);
    };
    write([](Connection& c) {
        for (int i = 100; i < 400; ++i) note(c, std::to_string(i) + std::string(3'000, 'x'));
    });
    for (int round = 1; round < 3; ++round) {
        by_other("PRAGMA wal_checkpoint(TRUNCATE)");  // so that nothing is read from the WAL, which would write it
        EXPECT_EQ(trouble([](Connection& c) {
                      c.run("PRAGMA cache_size = 10", {}, [](Row const&) {});  // the rest goes to the WAL
                      c.execute("UPDATE counter SET last_value = 100 WHERE name < '120'");
                      throw Failure(Trouble::conflict, "and all of it goes");
                  }),
                  Trouble::conflict);
        by_other("UPDATE counter SET last_value = last_value + 1 WHERE name <> 'case'");
        if (round == 1) write([](Connection& c) { note(c, "afterwards"); });
        if (round == 2) store.reset();
        by_other("PRAGMA integrity_check");
        open();
        auto const sound = [](Connection& c) {
            return c.first("PRAGMA integrity_check", [](Row const& row) { return row.text(0); });
        };
        EXPECT_EQ(read(sound), "ok");
        EXPECT_EQ(read([](Connection& c) {
                      return one_number(c, "SELECT sum(last_value) FROM counter WHERE name LIKE '%x'");
                  }),
                  300 * (1 + round));
    }
    sqlite3_close(other);
}

TEST_P(SqliteTest, KeepsItsFilesForItsOwner)
{
    write([](Connection& c) { note(c, "x"); });
    for (auto const* const suffix : {"", "-wal", "-shm"}) {
        struct stat status{};
        ASSERT_EQ(::stat((path + suffix).c_str(), &status), 0) << suffix;
        EXPECT_EQ(status.st_mode & 0777, 0600U) << suffix;
    }
}

TEST_P(SqliteTest, IsDurableAtEveryCommit)
{
    write([](Connection& c) {
        EXPECT_EQ(one_number(c, "PRAGMA synchronous"), 2);
        EXPECT_EQ(one_number(c, "PRAGMA foreign_keys"), 1);
        EXPECT_EQ(c.first("PRAGMA journal_mode", [](Row const& row) { return row.text(0); }), "wal");
    });
}

TEST_P(SqliteTest, RefusesAFileThatIsNone)
{
    store.reset();
    {
        std::FILE* const file = std::fopen((folder / "other").c_str(), "w");
        std::fputs(std::string(5000, 'x').c_str(), file);
        std::fclose(file);
    }
    auto other = options();
    other.path = folder / "other";
    EXPECT_EQ(Store::open(other).error().kind, Trouble::store);
    other.path = folder / "other/below/a-file.db";
    EXPECT_EQ(Store::open(other).error().kind, Trouble::store);
}

}  // namespace
}  // namespace postroom::store
