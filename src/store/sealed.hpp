// What the vault sealed, wherever it lies, and which of its master keys are in use. Nothing here can be read without
// them.
#pragma once

#include "model/application.hpp"
#include "store/connection.hpp"

#include <span>
#include <string>
#include <vector>

namespace postroom::store {

struct SealedColumn {
    std::string table;
    std::string key;  ///< the column of the row's id
    std::string column;
    friend bool operator==(SealedColumn const&, SealedColumn const&) = default;
};
/// Every one that the schema has: its migrations say {sealed} of them.
[[nodiscard]] std::span<SealedColumn const> sealed_columns();

struct SealedCell {
    Uuid row{};
    model::Sealed sealed;
};
/// The first after this row, in the order of ids; those that hold nothing are left out.
[[nodiscard]] std::vector<SealedCell> sealed_cells(Connection& c, SealedColumn const& column, Uuid const& after,
                                                   int most);
/// Puts `by` in its place; false where somebody changed it meanwhile.
bool replace_sealed(Connection& c, SealedColumn const& column, SealedCell const& cell, model::Sealed const& by);

struct MasterKey {
    std::string name;
    bool current = false;
    model::Sealed proof;
    Instant since{};  ///< it became current, by the store's clock; as it is read
};
/// The current one first.
[[nodiscard]] std::vector<MasterKey> master_keys(Connection& c);
/// Makes it the current one, and the one before an old one.
void make_current(Connection& c, MasterKey const& key);
/// Of an old one that nothing was sealed with.
void forget_master_key(Connection& c, std::string_view name);

struct MasterKeyHolder {
    std::string server;  ///< as its leases are held by
    std::vector<std::string> names;
    std::string seals_with;
    Instant seen{};  ///< by the store's clock
};
/// Now, by the store's clock.
void note_holder(Connection& c, MasterKeyHolder const& holder);
[[nodiscard]] std::vector<MasterKeyHolder> holders_since(Connection& c, Duration ago);
void remove_holder(Connection& c, std::string_view server);

}  // namespace postroom::store
