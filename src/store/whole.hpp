// What is done to a whole store: looking whether it is sound, and copying it into another, of either kind.
#pragma once

#include "store/store.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::store {

/// Told now and then: what is being done, and how far it is.
using Progress = std::function<void(std::string_view what, std::int64_t done, std::int64_t of)>;

struct Soundness {
    std::int64_t schema = 0;
    std::int64_t bodies = 0;
    std::vector<std::string> damages;  ///< in words; none where the store is sound. At most a hundred
};
/// Looks at the database's own structure, at its references, and at every body's bytes and digest. Throws Failure where
/// it can't be read.
[[nodiscard]] Soundness check(Store& store, std::string const& location, Progress const& progress);

struct TableSum {
    std::string table;
    std::int64_t rows = 0;
    std::string digest;  ///< hexadecimal; of all rows, in whatever order they come
    friend bool operator==(TableSum const&, TableSum const&) = default;
};
[[nodiscard]] std::vector<TableSum> sums(Store& store, Progress const& progress);

/// True where there is nothing but what the migrations made.
[[nodiscard]] bool is_empty(Store& store);
/// Of Postroom's connections to a PostgreSQL database, how many are other processes'; 0 for SQLite.
[[nodiscard]] std::int64_t other_users(Store& store, std::string const& location, std::string const& called);

/// Copies every row in batches, each of which is durable, then compares both stores' sums and returns them. Called
/// again after it was cut off it goes on where it was. Both stores must be at rest. Throws Failure (Trouble::conflict)
/// where the sums differ.
std::vector<TableSum> copy_store(Store& from, Store& to, Progress const& progress);

}  // namespace postroom::store
