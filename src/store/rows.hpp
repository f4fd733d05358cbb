// What several repositories read and write alike: words, lists, digests, and lists that a sight narrows.
#pragma once

#include "model/message.hpp"
#include "model/sight.hpp"
#include "store/connection.hpp"

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace postroom::store {

/// A word that the schema's checks let in; throws Failure where the program doesn't know it.
template <class Enum>
[[nodiscard]] Enum word(Row const& row, int column, Result<Enum> (*parse)(std::string_view))
{
    auto const text = row.text(column);
    auto const parsed = parse(text);
    if (!parsed) throw Failure(Trouble::store, parsed.error().message);
    return *parsed;
}

/// A list of texts as a JSON array.
[[nodiscard]] std::string to_list(std::vector<std::string> const& items);
/// Throws Failure where it is none.
[[nodiscard]] std::vector<std::string> from_list(std::string_view json);

[[nodiscard]] Bytes to_bytes(model::Digest const& digest);
[[nodiscard]] BytesView to_view(model::Digest const& digest);
[[nodiscard]] model::Digest digest(Row const& row, int column);

/// A SELECT that is narrowed step by step. What it begins with has a WHERE.
class Selection {
public:
    explicit Selection(std::string sql) : sql_(std::move(sql)) {}

    /// Another condition, with the value of its one parameter.
    void narrow(std::string_view condition, Value by);
    void narrow(std::string_view condition, std::initializer_list<Value> by);
    /// Only what is of a department that is seen; `department` is a column, or a subselect of it.
    void within(model::Sight const& sight, std::string_view department);

    template <class Make, class... Args>
    auto all(Connection& c, std::string_view rest, Make make, Args const&... args) const
    {
        auto parameters = parameters_;
        (parameters.push_back(value(args)), ...);
        std::vector<decltype(make(std::declval<Row const&>()))> found;
        c.run(sql_ + std::string(rest), parameters, [&](Row const& row) { found.push_back(make(row)); });
        return found;
    }

private:
    std::string sql_;
    std::vector<Value> parameters_;
};

/// Throws Failure (Trouble::not_found) where nothing changed.
inline void must_exist(std::int64_t changed, std::string_view what)
{
    if (changed == 0) throw Failure(Trouble::not_found, fmt::format("{} is not there (any more)", what));
}

}  // namespace postroom::store
