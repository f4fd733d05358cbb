// The mark in a subject that brings an answer back to its case: "[Case 1234-K7QX2M]". The part behind the hyphen is a
// keyed hash of the number, so that nobody can write into another's case by counting. It alone makes a token genuine:
// the words around it are the partition's to choose, and a mail program's to spoil.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace postroom::desk {

struct CaseTokens {
    /// The partition's case-token-key, of any length. Without one (an empty key) there are no tokens: none is found,
    /// none is added.
    std::string key;
    std::string form = "[Case {}]";  ///< the setting case-token

    template <class Text>
        requires std::is_convertible_v<Text const&, std::string_view>
    CaseTokens(Text const& its_key) : key(std::string_view(its_key))
    {
    }
    CaseTokens(std::string_view its_key, std::string its_form) : key(its_key), form(std::move(its_form)) {}
};

[[nodiscard]] std::string case_token(std::int64_t number, CaseTokens const& tokens);

/// The number of the first genuine token in a decoded subject, in whatever form it was sent. Forgives what mail
/// programs do on the way: prefixes and suffixes in any language and writing direction, other case, folded or doubled
/// blanks, other brackets or none, typographic hyphens, and the letters that people mistake (O for 0, I and L for 1).
[[nodiscard]] std::optional<std::int64_t> find_case_token(std::string_view subject, CaseTokens const& tokens);

/// The subject with the token behind it, once; the token of another case stays where it is.
[[nodiscard]] std::string add_case_token(std::string_view subject, std::int64_t number, CaseTokens const& tokens);

}  // namespace postroom::desk
