// What only SQLite has: a file, and the disk under it.
#include "both-stores.hpp"
#include "counting.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>

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

TEST_P(SqliteTest, SaysThatTheDiskIsFull)
{
    auto const pages = write([](Connection& c) { return one_number(c, "PRAGMA page_count"); });
    write([&](Connection& c) { c.run("PRAGMA max_page_count = " + std::to_string(pages + 1), {}, [](Row const&) {}); });
    EXPECT_EQ(trouble([](Connection& c) {
                  for (int i = 0; i < 100; ++i) note(c, std::string(2000, 'x') + std::to_string(i));
              }),
              Trouble::limit);
    EXPECT_EQ(read(noted), 0);
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
