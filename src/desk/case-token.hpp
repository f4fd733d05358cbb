// The mark in a subject that brings an answer back to its case: "[Case 1234-K7QX2M]". The part behind the hyphen is a
// keyed hash of the number, so that nobody can write into another's case by counting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postroom::desk {

/// `key` is the partition's case-token-key, of any length. Without one (an empty key) there are no tokens: none is
/// found, none is added.
[[nodiscard]] std::string case_token(std::int64_t number, std::string_view key);

/// The number of the first genuine token in a decoded subject. Forgives what mail programs do on the way: prefixes and
/// suffixes, other case, folded or doubled blanks, and the letters that people mistake (O for 0, I and L for 1).
[[nodiscard]] std::optional<std::int64_t> find_case_token(std::string_view subject, std::string_view key);

/// The subject with the token behind it, once; the token of another case stays where it is.
[[nodiscard]] std::string add_case_token(std::string_view subject, std::int64_t number, std::string_view key);

}  // namespace postroom::desk
