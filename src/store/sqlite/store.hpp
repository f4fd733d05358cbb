// The store over an SQLite file.
#pragma once

#include "store/store.hpp"

namespace postroom::store::sqlite {

/// Throws Failure.
[[nodiscard]] std::unique_ptr<Store> open(Options const& options);

}  // namespace postroom::store::sqlite
