// Which database a location names.
#include "store/store.hpp"

#include "store/postgres/store.hpp"
#include "store/sqlite/store.hpp"

#include <fmt/format.h>

namespace postroom::store {

bool is_postgresql(std::string_view location)
{
    return location.starts_with("postgresql://") || location.starts_with("postgres://");
}

std::string for_people(std::string const& location)
{
    return is_postgresql(location) ? postgres::for_people(location) : location;
}

Result<std::unique_ptr<Store>> Store::open(Options options)
{
    try {
        return is_postgresql(options.path) ? postgres::open(options) : sqlite::open(options);
    } catch (Failure const& e) {
        return failure(e.kind() == Trouble::conflict ? Trouble::conflict : Trouble::store,
                       fmt::format("the store {} can't be opened: {}", for_people(options.path), e.what()));
    }
}

}  // namespace postroom::store
