#include "store/sqlite/gathering.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <string_view>

namespace postroom::store::sqlite {

namespace {

// SQLite's own VFS takes less than 128 KiB at once.
constexpr std::size_t most = 96 * 1024;

// What is written to a WAL (https://www.sqlite.org/fileformat2.html#the_write_ahead_log) waits here until its
// transaction is whole: nobody reads its frames before, since the index that tells others of them is written after the
// last one. It goes on as soon as that is there, at the latest before the sync of the commit, so that whoever writes a
// commit learns what the disk says of it.
class Gathered {
public:
    explicit Gathered(sqlite3_file* file) : file_(file) {}

    int write(std::string_view bytes, sqlite3_int64 at)
    {
        bool const page_of_commit = commits_ && bytes.size() != frame_header;
        bool const goes_on = at == begins_ + static_cast<sqlite3_int64>(bytes_.size());
        if (!goes_on || bytes_.size() + bytes.size() > most)
            if (int const code = flush(); code != SQLITE_OK) return code;
        if (trouble_ != SQLITE_OK) return trouble_;
        if (bytes_.empty()) begins_ = at;
        bytes_ += bytes;
        if (bytes.size() != frame_header) return page_of_commit || at == 0 ? flush() : SQLITE_OK;
        // The second number of a frame's header is the size of the database after the commit, or 0.
        commits_ = bytes.substr(4, 4) != std::string_view("\0\0\0\0", 4);
        return SQLITE_OK;
    }

    // SQLite was told that these bytes were written, and would find others in their place: what comes to grief here is
    // remembered until the transaction is undone, so that it can't end in any other way.
    int flush()
    {
        commits_ = false;
        if (bytes_.empty() || trouble_ != SQLITE_OK) return trouble_;
        trouble_ = file_->pMethods->xWrite(file_, bytes_.data(), static_cast<int>(bytes_.size()), begins_);
        bytes_.clear();
        return trouble_;
    }

    int read(void* to, int size, sqlite3_int64 at)
    {
        // What was there before is read also where it can't be written on: to undo takes that.
        if (int const code = flush(); code != SQLITE_OK && at + size > begins_) return code;
        return file_->pMethods->xRead(file_, to, size, at);
    }

    // The transaction was undone. Its place in the file is anybody's by now.
    void forget()
    {
        bytes_.clear();
        commits_ = false;
        trouble_ = SQLITE_OK;
    }

private:
    static constexpr std::size_t frame_header = 24;

    sqlite3_file* file_;
    std::string bytes_;
    sqlite3_int64 begins_ = 0;
    bool commits_ = false;
    int trouble_ = SQLITE_OK;
};

// As SQLite allocates it; the file of the VFS below follows.
struct Log {
    sqlite3_file base;
    Gathered* gathered;
};

sqlite3_file* below(sqlite3_file* file)
{
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<Log*>(file) + 1);
}

Gathered& gathered(sqlite3_file* file)
{
    return *reinterpret_cast<Log*>(file)->gathered;
}

// What is left then belongs to a transaction that never came to its end.
int close(sqlite3_file* file)
{
    delete &gathered(file);
    return below(file)->pMethods->xClose(below(file));
}

int read(sqlite3_file* file, void* to, int size, sqlite3_int64 at)
{
    return gathered(file).read(to, size, at);
}

int write(sqlite3_file* file, void const* bytes, int size, sqlite3_int64 at)
{
    try {
        return gathered(file).write({static_cast<char const*>(bytes), static_cast<std::size_t>(size)}, at);
    } catch (std::bad_alloc const&) {
        return SQLITE_IOERR_NOMEM;
    }
}

// What else is asked of a WAL is asked of the one that is written.
template <auto Method, class... Arguments>
int after_flush(sqlite3_file* file, Arguments... arguments)
{
    if (int const code = gathered(file).flush(); code != SQLITE_OK) return code;
    return (below(file)->pMethods->*Method)(below(file), arguments...);
}

template <auto Method, class... Arguments>
int pass_on(sqlite3_file* file, Arguments... arguments)
{
    return (below(file)->pMethods->*Method)(below(file), arguments...);
}

using Methods = sqlite3_io_methods;

// Shared memory and locks are the database's, never its WAL's.
constexpr Methods methods{.iVersion = 1,
                          .xClose = close,
                          .xRead = read,
                          .xWrite = write,
                          .xTruncate = after_flush<&Methods::xTruncate, sqlite3_int64>,
                          .xSync = after_flush<&Methods::xSync, int>,
                          .xFileSize = after_flush<&Methods::xFileSize, sqlite3_int64*>,
                          .xLock = pass_on<&Methods::xLock, int>,
                          .xUnlock = pass_on<&Methods::xUnlock, int>,
                          .xCheckReservedLock = pass_on<&Methods::xCheckReservedLock, int*>,
                          .xFileControl = pass_on<&Methods::xFileControl, int, void*>,
                          .xSectorSize = pass_on<&Methods::xSectorSize>,
                          .xDeviceCharacteristics = pass_on<&Methods::xDeviceCharacteristics>,
                          .xShmMap = nullptr,
                          .xShmLock = nullptr,
                          .xShmBarrier = nullptr,
                          .xShmUnmap = nullptr,
                          .xFetch = nullptr,
                          .xUnfetch = nullptr};

sqlite3_vfs* parent_of(sqlite3_vfs* vfs)
{
    return static_cast<sqlite3_vfs*>(vfs->pAppData);
}

template <auto Function, class... Arguments>
int ask_parent(sqlite3_vfs* vfs, char const* name, Arguments... arguments)
{
    return (parent_of(vfs)->*Function)(parent_of(vfs), name, arguments...);
}

int open(sqlite3_vfs* vfs, char const* name, sqlite3_file* file, int flags, int* got)
{
    auto* const parent = parent_of(vfs);
    if ((flags & SQLITE_OPEN_WAL) == 0) return parent->xOpen(parent, name, file, flags, got);
    file->pMethods = nullptr;
    int const code = parent->xOpen(parent, name, below(file), flags, got);
    if (code != SQLITE_OK) {
        if (below(file)->pMethods) below(file)->pMethods->xClose(below(file));
        return code;
    }
    auto* const made = new (std::nothrow) Gathered(below(file));
    if (!made) {
        below(file)->pMethods->xClose(below(file));
        return SQLITE_NOMEM;
    }
    reinterpret_cast<Log*>(file)->gathered = made;
    file->pMethods = &methods;
    return SQLITE_OK;
}

}  // namespace

void forget_gathered(sqlite3* database)
{
    sqlite3_file* file = nullptr;
    int const code = sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&file));
    if (code == SQLITE_OK && file && file->pMethods == &methods) gathered(file).forget();
}

char const* gathering_vfs()
{
    struct Vfs {
        sqlite3_vfs vfs;
        std::string name;
    };
    static std::mutex mutex;
    static auto& made = *new std::map<sqlite3_vfs*, Vfs>;  // never destroyed: connections may outlive main()
    auto* const parent = sqlite3_vfs_find(nullptr);
    std::lock_guard const lock(mutex);
    auto const [found, is_new] = made.try_emplace(parent);
    auto& [vfs, name] = found->second;
    if (is_new) {
        name = std::string("gathering over ") + parent->zName;
        vfs = *parent;
        vfs.pNext = nullptr;
        vfs.zName = name.c_str();
        vfs.szOsFile = parent->szOsFile + static_cast<int>(sizeof(Log));
        vfs.pAppData = parent;
        vfs.xOpen = open;
        vfs.xDelete = ask_parent<&sqlite3_vfs::xDelete, int>;
        vfs.xAccess = ask_parent<&sqlite3_vfs::xAccess, int, int*>;
        vfs.xFullPathname = ask_parent<&sqlite3_vfs::xFullPathname, int, char*>;
        // The rest knows no files.
        sqlite3_vfs_register(&vfs, 0);
    }
    return vfs.zName;
}

}  // namespace postroom::store::sqlite
