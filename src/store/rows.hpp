// What several repositories read and write alike: words, lists, digests.
#pragma once

#include "model/message.hpp"
#include "store/connection.hpp"

#include <fmt/format.h>

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
[[nodiscard]] model::Digest digest(Row const& row, int column);

/// Throws Failure (Trouble::not_found) where nothing changed.
inline void must_exist(std::int64_t changed, std::string_view what)
{
    if (changed == 0) throw Failure(Trouble::not_found, fmt::format("{} is not there (any more)", what));
}

}  // namespace postroom::store
