#include "store/sealed.hpp"

#include "store/rows.hpp"
#include "store/tables.hpp"

namespace postroom::store {

std::span<SealedColumn const> sealed_columns()
{
    static std::vector<SealedColumn> const all = [] {
        std::vector<SealedColumn> found;
        for (auto const& table : tables())
            for (auto const& column : table.columns)
                if (column.sealed) found.push_back({table.name, table.key.front(), column.name});
        return found;
    }();
    return all;
}

std::vector<SealedCell> sealed_cells(Connection& c, SealedColumn const& column, Uuid const& after, int most)
{
    return c.all(
        fmt::format("SELECT {0}, {1} FROM {2} WHERE {0} > ? AND length({1}) > 0 ORDER BY {0} LIMIT ?", column.key,
                    column.column, column.table),
        [](Row const& row) { return SealedCell{row.uuid(0), {row.bytes(1)}}; }, after, most);
}

bool replace_sealed(Connection& c, SealedColumn const& column, SealedCell const& cell, model::Sealed const& by)
{
    return c.execute(
               fmt::format("UPDATE {0} SET {1} = ? WHERE {2} = ? AND {1} = ?", column.table, column.column, column.key),
               Bytes{by.bytes}, cell.row, Bytes{cell.sealed.bytes}) > 0;
}

std::vector<MasterKey> master_keys(Connection& c)
{
    return c.all("SELECT name, state, proof, since FROM master_key ORDER BY state, since DESC, name",
                 [](Row const& row) {
                     return MasterKey{row.text(0), row.text(1) == "current", {row.bytes(2)}, row.instant(3)};
                 });
}

void make_current(Connection& c, MasterKey const& key)
{
    c.execute("UPDATE master_key SET state = 'old' WHERE state = 'current'");
    c.execute(
        "INSERT INTO master_key (name, state, proof, since) VALUES (?, 'current', ?, ?) ON CONFLICT (name) DO UPDATE "
        "SET state = 'current', proof = excluded.proof, since = excluded.since",
        key.name, Bytes{key.proof.bytes}, c.now());
}

void forget_master_key(Connection& c, std::string_view name)
{
    c.execute("DELETE FROM master_key WHERE name = ? AND state = 'old'", name);
}

void note_holder(Connection& c, MasterKeyHolder const& holder)
{
    c.execute(
        "INSERT INTO master_key_holder (server, names, seals_with, seen) VALUES (?, ?, ?, ?) ON CONFLICT (server) DO "
        "UPDATE SET names = excluded.names, seals_with = excluded.seals_with, seen = excluded.seen",
        holder.server, to_list(holder.names), holder.seals_with, c.now());
}

std::vector<MasterKeyHolder> holders_since(Connection& c, Duration ago)
{
    return c.all(
        "SELECT server, names, seals_with, seen FROM master_key_holder WHERE seen > ? ORDER BY server",
        [](Row const& row) {
            return MasterKeyHolder{row.text(0), from_list(row.text(1)), row.text(2), row.instant(3)};
        },
        c.now() - ago);
}

void remove_holder(Connection& c, std::string_view server)
{
    c.execute("DELETE FROM master_key_holder WHERE server = ?", server);
}

}  // namespace postroom::store
