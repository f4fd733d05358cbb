#include "store/tables.hpp"

#include "base/text.hpp"
#include "store/connection.hpp"
#include "store/migrations.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace postroom::store {

namespace {

Column column_of(std::string_view name, std::string_view type)
{
    using enum Column::Kind;
    if (type == "BIGINT") return {std::string(name), number};
    if (type == "{text}") return {std::string(name), text};
    if (type == "{blob}") return {std::string(name), blob};
    if (type == "{sealed}") return {std::string(name), blob, true};
    if (type == "{uuid}") return {std::string(name), uuid};
    throw Failure(Trouble::internal, fmt::format("a migration has the column {} of type {}", name, type));
}

std::string_view without(std::string_view line, std::string_view end)
{
    return line.ends_with(end) ? line.substr(0, line.size() - end.size()) : line;
}

// Migrations are written for this: a table begins with CREATE TABLE name (, has a column or a constraint a line, and
// ends with a parenthesis at the beginning of one; a column comes later with ALTER TABLE table ADD COLUMN name type,
// is called otherwise with RENAME COLUMN name TO name, and goes with DROP COLUMN name; a table goes with DROP TABLE
// name.
std::vector<Table> parse()
{
    std::vector<Table> all;
    bool inside = false;
    for (auto const& migration : migrations())
        for (auto const raw : split(migration.sql, '\n')) {
            auto const line = without(trim(raw), ",");
            auto const words = split(line, ' ');
            if (line.starts_with("CREATE TABLE ")) {
                all.push_back({std::string(words[2]), {}, {}});
                inside = true;
            } else if (line.starts_with("DROP TABLE ")) {
                std::erase_if(all, [&](Table const& each) { return each.name == without(words[2], ";"); });
            } else if (line.starts_with("ALTER TABLE ") && words.size() > 5 && words[4] == "COLUMN") {
                auto const table = std::ranges::find(all, words[2], &Table::name);
                if (words[3] == "ADD")
                    table->columns.push_back(column_of(words[5], without(words[6], ";")));
                else if (words[3] == "RENAME")
                    std::ranges::find(table->columns, words[5], &Column::name)->name = without(words[7], ";");
                else
                    std::erase_if(table->columns,
                                  [&](Column const& each) { return each.name == without(words[5], ";"); });
            } else if (raw.starts_with(")")) {
                inside = false;
            } else if (inside && words.size() > 1 && words[1] == "{growing}") {
                all.pop_back();  // numbers that only its own database can give: what they count passes, and is not
                                 // copied
                inside = false;
            } else if (inside && line.starts_with("PRIMARY KEY (")) {
                for (auto const part : split(without(line.substr(13), ")"), ','))
                    all.back().key.emplace_back(trim(part));
            } else if (inside && words.size() > 1 && !line.starts_with("CHECK") && !line.starts_with("--") &&
                       raw.starts_with("    ") && !raw.starts_with("     ")) {
                all.back().columns.push_back(column_of(words[0], words[1]));
                if (line.find(" PRIMARY KEY") != line.npos) all.back().key.emplace_back(words[0]);
            }
        }
    return all;
}

}  // namespace

std::span<Table const> tables()
{
    static std::vector<Table> const all = parse();
    return all;
}

}  // namespace postroom::store
