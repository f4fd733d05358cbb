// What went wrong, as a value: a kind that code decides by, and words that a person understands.
#pragma once

#include "base/words.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace postroom {

/// Why something could not be done. Code decides by this; people read Error::message.
enum class Trouble {
    invalid,  ///< the input is wrong; trying again changes nothing
    refused,  ///< the other side understood and said no
    not_found,
    conflict,     ///< it exists already, or somebody else changed it meanwhile
    forbidden,    ///< who asks may not
    unreachable,  ///< name, route or port
    timed_out,
    closed,    ///< the other side ended the connection
    tls,       ///< the certificate or the handshake
    protocol,  ///< the other side said what its protocol does not know
    limit,     ///< a bound of ours was reached
    store,     ///< the store failed
    internal,  ///< a mistake of ours
};

/// `message` says what happened, why, and where it helps what to do next. It never holds a secret.
struct Error {
    Error() = default;
    Error(Trouble what, Words said) : kind(what), message(said.english()), words(std::move(said)) {}
    Error(Trouble what, std::string said) : Error(what, Words(std::move(said))) {}

    Trouble kind = Trouble::internal;
    std::string message;  ///< in English, for the log and the store
    Words words;          ///< the same, for a reader in their language

    friend bool operator==(Error const& a, Error const& b) { return a.kind == b.kind && a.message == b.message; }
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> failure(Trouble kind, Words words)
{
    return std::unexpected(Error{kind, std::move(words)});
}
[[nodiscard]] inline std::unexpected<Error> failure(Trouble kind, std::string message)
{
    return std::unexpected(Error{kind, std::move(message)});
}

/// The word for `kind` in logs and in the API ("timed_out").
[[nodiscard]] std::string_view to_string(Trouble kind);

}  // namespace postroom
