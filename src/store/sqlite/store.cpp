#include "store/sqlite/store.hpp"

#include "store/group-store.hpp"
#include "store/sqlite/checkpoints.hpp"
#include "store/sqlite/driver.hpp"
#include "store/sqlite/schema.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>

namespace postroom::store::sqlite {

std::unique_ptr<Store> open(Options const& options)
{
    // Its own statistics of memory cost a lock with every allocation, and nobody reads them. Refused, and of no
    // consequence, where SQLite is in use already.
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    auto const folder = std::filesystem::path(options.path).parent_path();
    std::error_code error;
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error)
        throw Failure(Trouble::store, fmt::format("its folder {} can't be made: {}", folder.string(), error.message()));

    Clock const& clock = options.clock ? *options.clock : system_clock();
    auto writer = std::make_unique<Driver>(options.path, Driver::Mode::read_write, clock);
    // Of a new file only: the chunk that most mails are is less than half such a page, and two are written as one.
    writer->script("PRAGMA page_size = 8192");
    // A crash of the program loses nothing in WAL; with FULL a power cut doesn't either. The log is checkpointed from
    // 32 MiB on, and cut back to 64 MiB where a long read kept it from that.
    writer->use_wal();
    writer->script("PRAGMA journal_size_limit = 67108864");
    // Savepoints keep the pages they would restore: in memory, where a file took most of the time of a group. And a
    // group's pages fit into the cache, so that each is written once, at the commit.
    writer->script("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192");
    bring_up_to_date(*writer);
    auto checkpoints = std::make_shared<Checkpoints>(
        std::make_unique<Driver>(options.path, Driver::Mode::read_write, clock), options.checkpoint);
    writer->watch_wal(
        [checkpoints = std::move(checkpoints), to = writer.get()](int pages) { checkpoints->committed(*to, pages); });
    std::vector<std::unique_ptr<Session>> readers;
    for (std::size_t i = 0; i < options.readers; ++i)
        readers.push_back(std::make_unique<Driver>(options.path, Driver::Mode::read_only, clock));
    return make_group_store(options, std::move(writer), std::move(readers));
}

}  // namespace postroom::store::sqlite
