// The least that can be written and counted.
#pragma once

#include "store/connection.hpp"

namespace postroom::store {

inline std::int64_t one_number(Connection& c, std::string_view sql)
{
    return c.first(sql, [](Row const& row) { return row.integer(0); }).value();
}

inline void note(Connection& c, std::string_view name)
{
    c.execute("INSERT INTO counter (name, last_value) VALUES (?, 1)", name);
}

inline std::int64_t noted(Connection& c)
{
    return one_number(c, "SELECT count(*) FROM counter WHERE name <> 'case'");
}

}  // namespace postroom::store
