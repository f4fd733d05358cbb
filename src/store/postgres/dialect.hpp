// What PostgreSQL says otherwise than SQLite: words of the schema, parameters, errors, and which texts it can't hold.
#pragma once

#include "base/result.hpp"
#include "store/migrations.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postroom::store::postgres {

/// Texts compare by their bytes, and lower() knows ASCII, whatever the database's locale: as in SQLite.
inline constexpr Dialect dialect{.uuid = "UUID",
                                 .text = "TEXT COLLATE \"C\"",
                                 .blob = "BYTEA",
                                 .clustered = "",
                                 .growing = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"};

struct Numbered {
    std::string sql;  ///< with $1, $2… for each ?
    int parameters = 0;
};
[[nodiscard]] Numbered numbered(std::string_view sql);

/// Of five characters; see PostgreSQL's appendix A.
[[nodiscard]] Trouble kind_of(std::string_view sqlstate);
/// The trouble is the server's, whatever it is asked: no resources, being shut down, a lock that lasts.
[[nodiscard]] bool is_the_servers(std::string_view sqlstate);

/// PostgreSQL's texts are valid UTF-8 without NUL; a mail's are what they are. Each byte that can't stand in one
/// becomes a character of U+10FF00…U+10FFFF, which is private use, and these characters themselves are taken apart
/// alike: so that equal stays equal, and nothing is lost. Nothing where the text can be stored as it is.
[[nodiscard]] std::optional<std::string> storable(std::string_view text);
/// The text that storable() was given.
[[nodiscard]] std::string original(std::string_view stored);

}  // namespace postroom::store::postgres
