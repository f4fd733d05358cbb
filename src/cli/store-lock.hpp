// One process a store: a lock file beside it, which the system frees when the process ends, however it ends.
#pragma once

#include "base/result.hpp"

#include <string>

namespace postroom::cli {

class StoreLock {
public:
    /// Errors: Trouble::conflict, naming the process that has it; Trouble::store where the file can't be made.
    [[nodiscard]] static Result<StoreLock> take(std::string const& store_path);
    StoreLock(StoreLock&& other) noexcept;
    StoreLock& operator=(StoreLock&&) = delete;
    ~StoreLock();

private:
    explicit StoreLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace postroom::cli
