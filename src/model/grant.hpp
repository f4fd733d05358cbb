// What the identity provider issued for an account.
#pragma once

#include "model/application.hpp"
#include "model/ids.hpp"

#include <string>
#include <vector>

namespace postroom::model {

/// Whom a grant is for, bound when the first one is accepted. Names change; these do not.
struct Owner {
    std::string tenant_id;  ///< tid
    std::string object_id;  ///< oid; the subject where a provider has no oid
    std::string user_name;  ///< preferred_username, for people

    friend bool operator==(Owner const&, Owner const&) = default;
};

struct Grant {
    AccountId account;
    Owner owner;
    std::vector<std::string> scopes;  ///< as granted
    Sealed refresh_token;
    Sealed access_token;
    Instant access_token_ends{};
    Duration access_token_life{};  ///< as issued: expires_in
    Instant accepted{};
    Instant renewed{};
    std::int64_t version = 0;  ///< grows with each change: compare-and-set for whoever renews
};

/// A sign-in under way: what is remembered between the redirect to the provider and the browser's return.
struct Authorization {
    enum class State { waiting, accepted, refused };
    AuthorizationId id;
    AccountId account;
    std::string state;  ///< the OAuth parameter; unguessable, works once
    std::string nonce;
    Sealed verifier;  ///< PKCE
    std::string redirect_url;
    std::string by;  ///< who began it
    Instant begun{};
    Instant ends{};  ///< afterwards a return is refused as too late
    State outcome = State::waiting;
    std::string reason;  ///< why it was refused, in words
};

[[nodiscard]] std::string_view to_string(Authorization::State state);
[[nodiscard]] Result<Authorization::State> parse_authorization_state(std::string_view text);

}  // namespace postroom::model
