// The store over a PostgreSQL database.
#pragma once

#include "store/postgres/address.hpp"
#include "store/store.hpp"

namespace postroom::store::postgres {

/// Throws Failure.
[[nodiscard]] std::unique_ptr<Store> open(Options const& options);

}  // namespace postroom::store::postgres
