#include "power-cut-vfs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <thread>
#include <utility>

namespace postroom::test {

namespace {

constexpr std::uint64_t sector = 512;

std::string weakened;               // the level, while there is one
thread_local bool weakens = false;  // this very pragma is ours

// Runs on every new connection, before the program has said anything to it.
int weaken_connection(sqlite3* database, char**, void const*)
{
    weakens = true;
    int const code = sqlite3_exec(database, ("PRAGMA synchronous = " + weakened).c_str(), nullptr, nullptr, nullptr);
    weakens = false;
    return code;
}

std::string folder_of(std::string const& path)
{
    return std::filesystem::path(path).parent_path().string();
}

// SQLite has no words for a disk that could not be read at all in a test: that test is worth nothing.
[[noreturn]] void give_up(char const* doing)
{
    std::perror(doing);
    std::abort();
}

}  // namespace

Disk& Disk::install()
{
    static Disk& disk = *new Disk;  // never destroyed: connections may outlive main()
    return disk;
}

Disk::Disk() : system_(sqlite3_vfs_find(nullptr)), vfs_(*system_)
{
    vfs_.zName = "power-cut";
    vfs_.pNext = nullptr;
    vfs_.pAppData = this;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + system_->szOsFile;
    static auto const of = [](sqlite3_vfs* vfs) -> Disk& { return *static_cast<Disk*>(vfs->pAppData); };
    vfs_.xOpen = [](sqlite3_vfs* vfs, char const* name, sqlite3_file* handle, int flags, int* out) {
        return of(vfs).open(name, handle, flags, out);
    };
    vfs_.xDelete = [](sqlite3_vfs* vfs, char const* name, int sync) { return of(vfs).remove(name, sync); };
    vfs_.xAccess = [](sqlite3_vfs* vfs, char const* name, int flags, int* result) {
        return of(vfs).access(name, flags, result);
    };
    vfs_.xFullPathname = [](sqlite3_vfs* vfs, char const* name, int size, char* out) {
        auto* const system = of(vfs).system_;
        return system->xFullPathname(system, name, size, out);
    };
    if (sqlite3_vfs_register(&vfs_, 1) != SQLITE_OK) std::abort();
}

// Locks and the shared memory of the WAL index are the system's: neither outlives a power cut, nor is meant to.
sqlite3_io_methods const* Disk::methods()
{
    static sqlite3_io_methods const all = [] {
        sqlite3_io_methods m{};
        m.iVersion = 2;  // without xFetch: nothing is mapped, every read comes by here
        m.xClose = [](sqlite3_file* f) { return file(f).disk->close(file(f)); };
        m.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
            return file(f).disk->read(file(f), to, size, at);
        };
        m.xWrite = [](sqlite3_file* f, void const* from, int size, sqlite3_int64 at) {
            return file(f).disk->write(file(f), from, size, at);
        };
        m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) { return file(f).disk->truncate(file(f), size); };
        m.xSync = [](sqlite3_file* f, int flags) { return file(f).disk->sync(file(f), flags); };
        m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
            if (!file(f).content) return file(f).system()->pMethods->xFileSize(file(f).system(), size);
            std::lock_guard const lock(file(f).disk->mutex_);
            *size = static_cast<sqlite3_int64>((*file(f).content)->now.size());
            return SQLITE_OK;
        };
        m.xLock = [](sqlite3_file* f, int level) { return file(f).system()->pMethods->xLock(file(f).system(), level); };
        m.xUnlock = [](sqlite3_file* f, int level) {
            return file(f).system()->pMethods->xUnlock(file(f).system(), level);
        };
        m.xCheckReservedLock = [](sqlite3_file* f, int* result) {
            return file(f).system()->pMethods->xCheckReservedLock(file(f).system(), result);
        };
        m.xFileControl = [](sqlite3_file* f, int what, void* argument) {
            return file(f).disk->control(file(f), what, argument);
        };
        m.xSectorSize = [](sqlite3_file* f) { return file(f).system()->pMethods->xSectorSize(file(f).system()); };
        m.xDeviceCharacteristics = [](sqlite3_file* f) {
            return file(f).system()->pMethods->xDeviceCharacteristics(file(f).system());
        };
        m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
            return file(f).system()->pMethods->xShmMap(file(f).system(), page, size, extend, out);
        };
        m.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
            return file(f).system()->pMethods->xShmLock(file(f).system(), offset, n, flags);
        };
        m.xShmBarrier = [](sqlite3_file* f) { file(f).system()->pMethods->xShmBarrier(file(f).system()); };
        m.xShmUnmap = [](sqlite3_file* f, int remove) {
            return file(f).system()->pMethods->xShmUnmap(file(f).system(), remove);
        };
        return m;
    }();
    return &all;
}

void Disk::cut_at(std::uint64_t change, std::uint64_t seed, bool all_lost)
{
    std::lock_guard const lock(mutex_);
    cut_at_ = change == 0 ? 0 : counts_.changes + change;
    seed_ = seed;
    all_lost_ = all_lost;
}

void Disk::cut(std::uint64_t seed, bool all_lost)
{
    // For good: nobody writes any more.
    mutex_.lock();
    std::mt19937_64 random(seed);
    if (!all_lost)
        for (auto const& [path, content] : contents_) keep_some(*content, random);
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
}

void Disk::weaken(std::string level)
{
    weakened = std::move(level);
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&weaken_connection));
}

Disk::Counts Disk::counts()
{
    std::lock_guard const lock(mutex_);
    return counts_;
}

// Under the lock, which a cut keeps.
void Disk::count_change()
{
    if (++counts_.changes != cut_at_) return;
    mutex_.unlock();
    cut(seed_, all_lost_);
}

// With handles of its own: that locks are lost by closing one matters no more.
void Disk::keep_some(Content const& content, std::mt19937_64& random)
{
    if (content.pending.empty()) return;
    int const file = ::open(content.path.c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) give_up("what a power cut leaves");
    std::uniform_real_distribution<double> fraction(0, 1);
    double const kept = fraction(random);
    // Some disks write in order and stop somewhere.
    bool const in_order = fraction(random) < 0.3;
    bool stopped = false;
    auto const survives = [&] {
        if (in_order) stopped = stopped || fraction(random) > kept;
        return in_order ? !stopped : fraction(random) < kept;
    };
    for (auto const& change : content.pending) {
        if (change.kind == Change::Kind::remove) {
            if (!survives()) break;  // the name still means the old file, and what followed went to the new one
            if (::ftruncate(file, 0) != 0) give_up("what a power cut leaves");
        } else if (change.kind == Change::Kind::truncate) {
            if (survives() && ::ftruncate(file, static_cast<off_t>(change.offset)) != 0)
                give_up("what a power cut leaves");
        } else {
            for (std::uint64_t from = 0; from < change.bytes.size();) {
                auto const left = sector - (change.offset + from) % sector;
                auto const size = std::min<std::uint64_t>(left, change.bytes.size() - from);
                if (survives() &&
                    ::pwrite(file, change.bytes.data() + from, size, static_cast<off_t>(change.offset + from)) < 0)
                    give_up("what a power cut leaves");
                from += size;
            }
        }
    }
}

int Disk::open(char const* name, sqlite3_file* handle, int flags, int* out_flags)
{
    auto& opened = *new (handle) File{};
    std::lock_guard const lock(mutex_);
    int const code = system_->xOpen(system_, name, opened.system(), flags, out_flags);
    if (code != SQLITE_OK) return code;
    opened.base.pMethods = methods();
    opened.disk = this;
    opened.syncs_folder = (flags & SQLITE_OPEN_CREATE) != 0 &&
                          (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL)) != 0;
    if (!name || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0) return SQLITE_OK;
    auto& content = contents_[name];
    if (content) {
        content->deleted = false;
    } else {
        content = std::make_shared<Content>();
        content->path = name;
        if (int const loaded = load(opened, *content); loaded != SQLITE_OK) return loaded;
    }
    opened.content = new std::shared_ptr(content);
    return SQLITE_OK;
}

int Disk::load(File& which, Content& content)
{
    auto* const system = which.system();
    sqlite3_int64 size = 0;
    if (int const code = system->pMethods->xFileSize(system, &size); code != SQLITE_OK) return code;
    content.now.resize(static_cast<std::size_t>(size));
    return size == 0 ? SQLITE_OK : system->pMethods->xRead(system, content.now.data(), static_cast<int>(size), 0);
}

int Disk::close(File& which)
{
    std::lock_guard const lock(mutex_);
    if (which.content) {
        auto const content = std::move(*which.content);
        delete which.content;
        // Two hold it still: the map, and this function. What is to come may be another program's.
        if (content.use_count() == 2 && content->pending.empty()) contents_.erase(content->path);
    }
    return which.system()->pMethods->xClose(which.system());
}

int Disk::remove(char const* name, int sync_folder)
{
    std::lock_guard const lock(mutex_);
    count_change();
    auto const found = contents_.find(name);
    if (found != contents_.end() && found->second->deleted) return SQLITE_IOERR_DELETE_NOENT;
    if (found == contents_.end() && ::access(name, F_OK) != 0) return SQLITE_IOERR_DELETE_NOENT;
    auto& content = contents_[name];
    if (!content) content = std::make_shared<Content>();
    content->path = name;
    content->now.clear();
    content->pending.push_back({Change::Kind::remove, 0, {}});
    content->deleted = true;
    if (sync_folder != 0) sync_folder_of(name);
    return SQLITE_OK;
}

int Disk::access(char const* name, int flags, int* result)
{
    std::lock_guard const lock(mutex_);
    if (auto const found = contents_.find(name); found != contents_.end() && found->second->deleted) {
        *result = 0;
        return SQLITE_OK;
    }
    return system_->xAccess(system_, name, flags, result);
}

void Disk::sync_folder_of(std::string const& path)
{
    for (auto at = contents_.begin(); at != contents_.end();) {
        if (at->second->deleted && folder_of(at->first) == folder_of(path)) {
            ::unlink(at->first.c_str());
            at = contents_.erase(at);
        } else {
            ++at;
        }
    }
}

int Disk::read(File& which, void* to, int size, sqlite3_int64 offset)
{
    if (!which.content) return which.system()->pMethods->xRead(which.system(), to, size, offset);
    std::lock_guard const lock(mutex_);
    auto const& now = (*which.content)->now;
    auto const at = std::min(static_cast<std::size_t>(offset), now.size());
    auto const there = std::min(static_cast<std::size_t>(size), now.size() - at);
    std::memcpy(to, now.data() + at, there);
    std::memset(static_cast<char*>(to) + there, 0, static_cast<std::size_t>(size) - there);
    return std::cmp_equal(there, size) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int Disk::write(File& which, void const* from, int size, sqlite3_int64 offset)
{
    if (!which.content) return which.system()->pMethods->xWrite(which.system(), from, size, offset);
    std::lock_guard const lock(mutex_);
    count_change();
    auto& content = **which.content;
    auto const at = static_cast<std::size_t>(offset);
    std::string_view bytes(static_cast<char const*>(from), static_cast<std::size_t>(size));
    ++writes_;
    bool const refused =
        (full_ && at + bytes.size() > content.now.size()) || (refuse_every_ != 0 && writes_ % refuse_every_ == 0);
    if (refused) {
        ++counts_.refused;
        bytes = bytes.substr(0, full_ ? 0 : bytes.size() / 2);
    }
    if (!bytes.empty()) {
        if (content.now.size() < at + bytes.size()) content.now.resize(at + bytes.size());
        content.now.replace(at, bytes.size(), bytes);
        content.pending.push_back({Change::Kind::write, at, std::string(bytes)});
    }
    return refused ? SQLITE_FULL : SQLITE_OK;
}

int Disk::truncate(File& which, sqlite3_int64 size)
{
    if (!which.content) return which.system()->pMethods->xTruncate(which.system(), size);
    std::lock_guard const lock(mutex_);
    count_change();
    auto& content = **which.content;
    content.now.resize(static_cast<std::size_t>(size));
    content.pending.push_back({Change::Kind::truncate, static_cast<std::uint64_t>(size), {}});
    return SQLITE_OK;
}

int Disk::sync(File& which, int flags)
{
    if (!which.content) return which.system()->pMethods->xSync(which.system(), flags);
    if (auto const delay = sync_delay_.load(); delay > 0) std::this_thread::sleep_for(std::chrono::milliseconds(delay));
    std::lock_guard const lock(mutex_);
    count_change();
    ++counts_.syncs;
    if (int const code = apply(which, **which.content); code != SQLITE_OK) return code;
    if (std::exchange(which.syncs_folder, false)) sync_folder_of((*which.content)->path);
    return SQLITE_OK;
}

// The system's own cache is not lost with the process: that is as good as a disk here.
int Disk::apply(File& which, Content& content)
{
    auto* const system = which.system();
    for (auto const& change : content.pending) {
        int const code =
            change.kind == Change::Kind::write
                ? system->pMethods->xWrite(system, change.bytes.data(), static_cast<int>(change.bytes.size()),
                                           static_cast<sqlite3_int64>(change.offset))
                : system->pMethods->xTruncate(system, static_cast<sqlite3_int64>(change.offset));
        if (code != SQLITE_OK) return code;
    }
    content.pending.clear();
    return SQLITE_OK;
}

int Disk::control(File& which, int what, void* argument)
{
    if (which.content && (what == SQLITE_FCNTL_SIZE_HINT || what == SQLITE_FCNTL_CHUNK_SIZE)) return SQLITE_OK;
    if (what == SQLITE_FCNTL_PRAGMA && !weakened.empty() && !weakens) {
        auto** const words = static_cast<char**>(argument);
        if (words[2] && std::string_view(words[1]) == "synchronous") return SQLITE_OK;  // taken note of, and ignored
    }
    return which.system()->pMethods->xFileControl(which.system(), what, argument);
}

}  // namespace postroom::test
