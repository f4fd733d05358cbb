// Brings a PostgreSQL database's schema up to date.
#pragma once

#include "store/postgres/driver.hpp"

namespace postroom::store::postgres {

/// Applies what is missing, each migration in one transaction; any number of servers may do so at once. Throws Failure:
/// Trouble::conflict for a schema that is newer than this program.
void bring_up_to_date(Driver& driver);

}  // namespace postroom::store::postgres
