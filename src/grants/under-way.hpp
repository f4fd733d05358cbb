// An authorization with what it takes to judge what it brings, and the way from tokens to a candidate that is tried.
#pragma once

#include "grants/authorizations.hpp"
#include "grants/credentials.hpp"
#include "oauth/authority.hpp"

#include <optional>

namespace postroom::grants {

struct UnderWay {
    model::Authorization authorization;
    std::optional<model::Account> account;          ///< nothing where it was removed meanwhile
    std::optional<model::Application> application;  ///< the same
    std::optional<model::Owner> bound;              ///< whom the account's grant belongs to
};
[[nodiscard]] UnderWay find_under_way(store::Connection& c, model::Authorization authorization);

/// Verifies whose the tokens are, by the id token; judges them; and has them tried. Errors: in words for whoever signed
/// in. Throws net::Broken, store::Failure.
[[nodiscard]] net::awaitable<Result<void>> take_users_tokens(Ground ground, UnderWay under_way,
                                                             oauth::Provider provider, oauth::TokenAnswer answer);
/// Asks for the application's own token, judges it, and has it tried. The same errors.
[[nodiscard]] net::awaitable<Result<void>> take_own_token(Ground ground, UnderWay under_way, oauth::Provider provider);

struct Polled {
    std::optional<Duration> wait;  ///< until it may be asked again; nothing: tokens came
};
/// Asks a device's provider once whether the code was entered. Errors: it never will be, or what came won't do. Throws
/// net::Broken, store::Failure.
[[nodiscard]] net::awaitable<Result<Polled>> poll_device_flow(Ground ground, UnderWay under_way,
                                                              oauth::Provider provider);

}  // namespace postroom::grants
