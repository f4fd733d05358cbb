// The schema's history: each step is an SQL file in migrations/, applied once, in order, in one transaction. The steps
// speak the subset that every database understands; where one has a word of its own, the file has it in braces.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace postroom::store {

struct Migration {
    std::int64_t version;
    std::string_view name;
    std::string_view sql;
};
/// Ascending, without gaps, from 1.
[[nodiscard]] std::span<Migration const> migrations();

class Connection;
/// That the store has.
[[nodiscard]] std::int64_t schema_version(Connection& c);

/// True where a store whose schema is of version `found`, 0 for an empty one, lacks a step. Throws Failure
/// (Trouble::conflict) where it is newer than this program.
[[nodiscard]] bool must_migrate(std::int64_t found);

/// What a database calls the things that differ.
struct Dialect {
    std::string_view uuid;
    std::string_view text;  ///< compared and ordered by its bytes; lower() knows ASCII
    std::string_view blob;
    std::string_view clustered;  ///< after a table's definition: its rows lie in the order of the primary key
    std::string_view growing;    ///< a primary key that the database counts up, and never gives twice
};
/// The text with {uuid}, {text}, {blob}, {sealed}, {clustered} and {growing} replaced; {sealed} is a blob, too.
[[nodiscard]] std::string in_dialect(std::string_view sql, Dialect const& dialect);

}  // namespace postroom::store
