// Which tables and columns the schema has, as its migrations say: for what goes through a whole store.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace postroom::store {

struct Column {
    enum class Kind { number, text, blob, uuid };
    std::string name;
    Kind kind;
    bool sealed = false;  ///< a blob that only the vault can read
};

struct Table {
    std::string name;
    std::vector<Column> columns;
    std::vector<std::string> key;  ///< names of the primary key's columns
};

/// Each after those that it refers to.
[[nodiscard]] std::span<Table const> tables();

}  // namespace postroom::store
