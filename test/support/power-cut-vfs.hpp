// A disk for SQLite whose power can be cut. Writes, truncations and deletions live in this process's memory, where
// reads see them, until SQLite syncs the file (or, for a deletion, its folder): so whatever ends the process without a
// word is a power cut, kill -9 included. cut() ends it with some of what was not synced on the disk after all, in
// sectors and in any order, as disks do. The disk can also be full, refuse now and then, and be slow.
//
// What it does not model: that a file's name is lost although its contents were synced. SQLite's files are made by the
// program before SQLite sees them, or synced together with their folder at once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <sqlite3.h>

namespace postroom::test {

class Disk {
public:
    /// The one disk of this process: SQLite's default from now on. Before the first store is opened.
    static Disk& install();

    /// The power goes before the `change`th change from now: a write, truncation, deletion or sync; 0 means never.
    /// What survives of what was not synced is drawn from `seed`; nothing where `all_lost`.
    void cut_at(std::uint64_t change, std::uint64_t seed, bool all_lost);
    /// Now. Ends this process by SIGKILL.
    [[noreturn]] void cut(std::uint64_t seed, bool all_lost);

    /// Full: no file can grow. Space comes back with false.
    void fill(bool full) { full_ = full; }
    /// Every nth write finds the disk full, half of it written; 0: none.
    void refuse_every(std::uint64_t nth) { refuse_every_ = nth; }
    void delay_syncs(std::chrono::milliseconds each) { sync_delay_ = each.count(); }

    /// Connections that are opened from now on have PRAGMA synchronous = `level`, whatever the program asks for: what
    /// a test of durability must notice.
    static void weaken(std::string level);

    struct Counts {
        std::uint64_t changes = 0;  ///< as cut_at() counts them
        std::uint64_t syncs = 0;
        std::uint64_t refused = 0;  ///< writes that found the disk full
    };
    [[nodiscard]] Counts counts();

private:
    // A write of `bytes` at `offset`, a truncation to `offset`, or the end of what the file was before.
    struct Change {
        enum class Kind { write, truncate, remove } kind;
        std::uint64_t offset;
        std::string bytes;
    };
    // What every handle of one path shares.
    struct Content {
        std::string path;
        std::string now;              // as reads see it
        std::vector<Change> pending;  // since the last sync, in order
        bool deleted = false;         // and its folder is not synced yet
    };
    // What SQLite holds; the handle of the system's own VFS lies behind it. Without content: a temporary file.
    struct File {
        sqlite3_file base;
        Disk* disk;
        std::shared_ptr<Content>* content;
        bool syncs_folder;
        [[nodiscard]] sqlite3_file* system() { return reinterpret_cast<sqlite3_file*>(this + 1); }
    };

    Disk();

    static File& file(sqlite3_file* handle) { return *reinterpret_cast<File*>(handle); }
    static sqlite3_io_methods const* methods();
    int open(char const* name, sqlite3_file* handle, int flags, int* out_flags);
    int remove(char const* name, int sync_folder);
    int access(char const* name, int flags, int* result);
    int close(File& which);
    int read(File& which, void* to, int size, sqlite3_int64 offset);
    int write(File& which, void const* from, int size, sqlite3_int64 offset);
    int truncate(File& which, sqlite3_int64 size);
    int sync(File& which, int flags);
    int control(File& which, int what, void* argument);

    void count_change();
    int load(File& which, Content& content);
    int apply(File& which, Content& content);
    void sync_folder_of(std::string const& path);
    static void keep_some(Content const& content, std::mt19937_64& random);

    sqlite3_vfs* system_;
    sqlite3_vfs vfs_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Content>> contents_;
    Counts counts_;
    std::uint64_t writes_ = 0;
    std::uint64_t cut_at_ = 0;
    std::uint64_t seed_ = 0;
    bool all_lost_ = true;
    std::atomic<bool> full_ = false;
    std::atomic<std::uint64_t> refuse_every_ = 0;
    std::atomic<std::int64_t> sync_delay_ = 0;
};

}  // namespace postroom::test
