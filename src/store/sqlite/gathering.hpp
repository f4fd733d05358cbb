// SQLite writes each page of its WAL by two calls of the system, and a group of mails has a hundred pages. Here they
// are gathered, and a transaction is written at once.
#pragma once

struct sqlite3;

namespace postroom::store::sqlite {

/// The name of a VFS for sqlite3_open_v2(): the default one, but for how WALs are written.
/// A connection that was opened with it calls forget_gathered() with each of its rollbacks, and is never weakened below
/// synchronous = FULL: each commit syncs.
[[nodiscard]] char const* gathering_vfs();

/// From a rollback hook, since SQLite itself tells its files nothing of it: others may write to the WAL by then.
void forget_gathered(sqlite3* database);

}  // namespace postroom::store::sqlite
