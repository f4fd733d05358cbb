// One process an SQLite store, or a name among the servers of a shared one: a lock file, which the system frees when
// the process ends, however it ends.
#pragma once

#include "base/result.hpp"

#include "cli/configuration.hpp"

#include <string>

namespace postroom::cli {

class StoreLock {
public:
    /// Errors: Trouble::conflict, naming the process that has it; Trouble::store where the file can't be made.
    [[nodiscard]] static Result<StoreLock> take(std::string const& store_path);
    /// What keeps a second server off: the store's own lock, or over PostgreSQL that of the socket.
    [[nodiscard]] static Result<StoreLock> for_server(Configuration const& configuration);
    StoreLock(StoreLock&& other) noexcept;
    StoreLock& operator=(StoreLock&&) = delete;
    ~StoreLock();

private:
    using InUse = Words (*)(std::string_view path, std::string_view user);
    [[nodiscard]] static Result<StoreLock> take(std::string const& beside, InUse in_use);
    explicit StoreLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace postroom::cli
