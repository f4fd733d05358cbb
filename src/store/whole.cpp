#include "store/whole.hpp"

#include "base/text.hpp"
#include "store/bodies.hpp"
#include "store/rows.hpp"
#include "store/tables.hpp"

#include <fmt/ranges.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace postroom::store {

namespace {

using Cells = std::vector<Value>;

constexpr std::size_t most_damages = 100;

std::string names(std::vector<Column> const& columns)
{
    std::vector<std::string_view> all;
    for (auto const& column : columns) all.push_back(column.name);
    return fmt::format("{}", fmt::join(all, ", "));
}

std::string marks(std::size_t count)
{
    return fmt::format("{}", fmt::join(std::vector<char>(count, '?'), ", "));
}

Value cell(Row const& row, int at, Column::Kind kind)
{
    if (row.is_null(at)) return nullptr;
    switch (kind) {
        case Column::Kind::number: return row.integer(at);
        case Column::Kind::text: return row.text(at);
        case Column::Kind::blob: return Bytes{row.bytes(at)};
        case Column::Kind::uuid: return row.uuid(at);
    }
    return nullptr;
}

std::vector<std::size_t> key_columns(Table const& table)
{
    std::vector<std::size_t> at;
    for (auto const& name : table.key)
        at.push_back(
            static_cast<std::size_t>(std::ranges::find(table.columns, name, &Column::name) - table.columns.begin()));
    return at;
}

std::int64_t count(Store& store, Table const& table)
{
    std::int64_t rows = 0;
    store.read_now([&](Connection& c) {
        rows = c.first(fmt::format("SELECT count(*) FROM {}", table.name), [](Row const& row) {
                    return row.integer(0);
                }).value();
    });
    return rows;
}

// The next rows after the one with this key, in the key's order; from the first where it is empty.
std::vector<Cells> batch_after(Store& store, Table const& table, Cells const& key)
{
    auto const in_order = fmt::format("{}", fmt::join(table.key, ", "));
    // Chunks are 256 KiB at most; other rows are small, mails' texts apart.
    int const most = table.name == "body_chunk" ? 32 : 200;
    auto const after = key.empty() ? "" : fmt::format("WHERE ({}) > ({}) ", in_order, marks(key.size()));
    auto const sql = fmt::format("SELECT {} FROM {} {}ORDER BY {} LIMIT {}", names(table.columns), table.name, after,
                                 in_order, most);
    std::vector<Cells> rows;
    store.read_now([&](Connection& c) {
        c.run(sql, key, [&](Row const& row) {
            Cells cells;
            for (std::size_t at = 0; at < table.columns.size(); ++at)
                cells.push_back(cell(row, static_cast<int>(at), table.columns[at].kind));
            rows.push_back(std::move(cells));
        });
    });
    return rows;
}

Cells key_of(Table const& table, Cells const& row)
{
    Cells key;
    for (auto const at : key_columns(table)) key.push_back(row[at]);
    return key;
}

void each_batch(Store& store, Table const& table, Cells from,
                std::function<void(std::vector<Cells> const&)> const& take)
{
    for (;;) {
        auto const rows = batch_after(store, table, from);
        if (rows.empty()) return;
        take(rows);
        from = key_of(table, rows.back());
    }
}

// BLAKE2b of each row, added up: whatever the order, and no two rows undo each other.
class Sum {
public:
    void add(Cells const& row)
    {
        crypto_generichash_state state;
        crypto_generichash_init(&state, nullptr, 0, 32);
        auto const feed = [&](char tag, void const* data, std::size_t size) {
            std::uint64_t const length = size;
            crypto_generichash_update(&state, reinterpret_cast<unsigned char const*>(&tag), 1);
            crypto_generichash_update(&state, reinterpret_cast<unsigned char const*>(&length), sizeof length);
            crypto_generichash_update(&state, static_cast<unsigned char const*>(data), size);
        };
        struct Visitor {
            decltype(feed) const& to;
            void operator()(std::nullptr_t) const { to('n', "", 0); }
            void operator()(std::int64_t number) const { to('i', &number, sizeof number); }
            void operator()(std::string const& text) const { to('t', text.data(), text.size()); }
            void operator()(Bytes const& bytes) const { to('b', bytes.bytes.data(), bytes.bytes.size()); }
            void operator()(BytesView bytes) const { to('b', bytes.bytes.data(), bytes.bytes.size()); }
            void operator()(Uuid const& id) const { to('u', id.bytes.data(), id.bytes.size()); }
        };
        for (auto const& value : row) std::visit(Visitor{feed}, value);
        std::array<std::uint64_t, 4> digest{};
        crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(digest.data()), sizeof digest);
        for (std::size_t i = 0; i < digest.size(); ++i) sum_[i] += digest[i];
        ++rows_;
    }
    [[nodiscard]] TableSum of(std::string const& table) const
    {
        return {table, rows_,
                to_hex(std::string_view(reinterpret_cast<char const*>(sum_.data()), sum_.size() * sizeof sum_[0]))};
    }

private:
    std::array<std::uint64_t, 4> sum_{};
    std::int64_t rows_ = 0;
};

TableSum sum_of(Store& store, Table const& table, Progress const& progress)
{
    Sum sum;
    auto const all = count(store, table);
    std::int64_t done = 0;
    each_batch(store, table, {}, [&](std::vector<Cells> const& rows) {
        for (auto const& row : rows) sum.add(row);
        progress("reading " + table.name, done += static_cast<std::int64_t>(rows.size()), all);
    });
    return sum.of(table.name);
}

// Of a table whose keys both databases order alike, what is there already is a beginning.
Cells where_to_go_on(Store& to, Table const& table)
{
    for (auto const at : key_columns(table))
        if (table.columns[at].kind == Column::Kind::text) return {};
    Cells last;
    to.read_now([&](Connection& c) {
        c.run(fmt::format("SELECT {} FROM {} ORDER BY {} DESC LIMIT 1", fmt::join(table.key, ", "), table.name,
                          fmt::join(table.key, " DESC, ")),
              {}, [&](Row const& row) {
                  int at = 0;
                  for (auto const column : key_columns(table))
                      last.push_back(cell(row, at++, table.columns[column].kind));
              });
    });
    return last;
}

void copy_table(Store& from, Store& to, Table const& table, Progress const& progress)
{
    std::vector<std::string> changes;
    for (auto const& column : table.columns) changes.push_back(fmt::format("{0} = excluded.{0}", column.name));
    auto const sql = fmt::format("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}", table.name,
                                 names(table.columns), marks(table.columns.size()), fmt::join(table.key, ", "),
                                 fmt::join(changes, ", "));
    auto const all = count(from, table);
    std::int64_t done = count(to, table);
    auto const start = where_to_go_on(to, table);
    if (start.empty()) done = 0;
    each_batch(from, table, start, [&](std::vector<Cells> const& rows) {
        to.write_now([&](Connection& c) {
            for (auto const& row : rows) c.post_run(sql, row);
        });
        progress("copying " + table.name, done += static_cast<std::int64_t>(rows.size()), all);
    });
}

void check_database(Connection& c, bool postgresql, std::vector<std::string>& damages)
{
    // PostgreSQL keeps references itself, always, and has pg_amcheck for its pages.
    if (postgresql) return;
    c.run("PRAGMA integrity_check(100)", {}, [&](Row const& row) {
        if (auto const words = row.text(0); words != "ok") damages.push_back(words);
    });
    c.run("PRAGMA foreign_key_check", {}, [&](Row const& row) {
        if (damages.size() < most_damages)
            damages.push_back(
                fmt::format("a row of {} refers to a row of {} that is not there", row.text(0), row.text(2)));
    });
}

/// Empty where its bytes are what its digest says.
std::string damage_of(Store& store, model::BodyId body, std::int64_t size, model::Digest const& expected)
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    std::int64_t left = size;
    try {
        for (int number = 0; left > 0; ++number) {
            std::string octets;
            store.read_now([&](Connection& c) { octets = read_chunk(c, body, number); });
            if (octets.empty()) return "chunks are missing";
            crypto_hash_sha256_update(&state, reinterpret_cast<unsigned char const*>(octets.data()), octets.size());
            left -= static_cast<std::int64_t>(octets.size());
        }
    } catch (Failure const& e) {
        return e.what();
    }
    model::Digest digest{};
    crypto_hash_sha256_final(&state, digest.data());
    return left == 0 && digest == expected ? "" : "its bytes are not those that were stored";
}

}  // namespace

Soundness check(Store& store, std::string const& location, Progress const& progress)
{
    Soundness found;
    std::int64_t all = 0;
    store.read_now([&](Connection& c) {
        auto const number = [](Row const& row) { return row.integer(0); };
        found.schema = c.first("SELECT max(version) FROM schema_migration", number).value_or(0);
        all = c.first("SELECT count(*) FROM body WHERE published IS NOT NULL", number).value_or(0);
        check_database(c, is_postgresql(location), found.damages);
    });
    struct Body {
        model::BodyId id;
        std::int64_t size;
        model::Digest digest;
    };
    std::vector<Body> batch;
    model::BodyId last{};
    do {
        store.read_now([&](Connection& c) {
            batch = c.all(
                "SELECT id, size, digest FROM body WHERE published IS NOT NULL AND id > ? ORDER BY id LIMIT 500",
                [](Row const& row) { return Body{row.id<model::BodyId>(0), row.integer(1), digest(row, 2)}; }, last);
        });
        for (auto const& body : batch) {
            if (auto const damage = damage_of(store, body.id, body.size, body.digest);
                !damage.empty() && found.damages.size() < most_damages)
                found.damages.push_back(fmt::format("body {}: {}", to_string(body.id), damage));
            ++found.bodies;
            last = body.id;
        }
        progress("reading bodies", found.bodies, all);
    } while (!batch.empty());
    return found;
}

std::vector<TableSum> sums(Store& store, Progress const& progress)
{
    std::vector<TableSum> all;
    for (auto const& table : tables()) all.push_back(sum_of(store, table, progress));
    return all;
}

bool is_empty(Store& store)
{
    // The counters are the migrations' own.
    return std::ranges::all_of(tables(),
                               [&](Table const& table) { return table.name == "counter" || count(store, table) == 0; });
}

std::int64_t other_users(Store& store, std::string const& location, std::string const& called)
{
    if (!is_postgresql(location)) return 0;
    std::int64_t others = 0;
    store.read_now([&](Connection& c) {
        others = c.first(
                      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                      "application_name LIKE 'postroom%' AND application_name <> ?",
                      [](Row const& row) { return row.integer(0); }, called)
                     .value_or(0);
    });
    return others;
}

std::vector<TableSum> copy_store(Store& from, Store& to, Progress const& progress)
{
    for (auto const& table : tables()) copy_table(from, to, table, progress);
    auto const there = sums(from, progress);
    auto const here = sums(to, progress);
    for (std::size_t i = 0; i < there.size(); ++i)
        if (there[i] != here[i])
            throw Failure(Trouble::conflict,
                          fmt::format("the copy of {} differs: {} rows of digest {}, and {} of digest {}",
                                      there[i].table, there[i].rows, there[i].digest, here[i].rows, here[i].digest));
    return here;
}

}  // namespace postroom::store
