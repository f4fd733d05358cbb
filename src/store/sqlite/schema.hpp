// Brings an SQLite file's schema up to date.
#pragma once

#include "store/sqlite/driver.hpp"

namespace postroom::store::sqlite {

/// Applies what is missing, each migration in one transaction; any number of processes may do so at once. Throws
/// Failure: Trouble::conflict for a schema that is newer than this program.
void bring_up_to_date(Driver& driver);

}  // namespace postroom::store::sqlite
