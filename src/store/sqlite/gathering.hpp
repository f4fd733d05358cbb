// SQLite writes each page of its WAL by two calls of the system, and a group of mails has a hundred pages. Here they
// are gathered, and a transaction is written at once.
#pragma once

namespace postroom::store::sqlite {

/// The name of a VFS for sqlite3_open_v2(): the default one, but for how WALs are written.
[[nodiscard]] char const* gathering_vfs();

}  // namespace postroom::store::sqlite
