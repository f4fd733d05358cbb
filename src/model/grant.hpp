// What the identity provider issued for an account.
#pragma once

#include "model/application.hpp"
#include "model/finding.hpp"
#include "model/ids.hpp"

#include <optional>
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
    Sealed refresh_token;             ///< empty where the application's own permissions are used
    Sealed access_token;
    Instant access_token_ends{};
    Duration access_token_life{};  ///< as issued: expires_in
    Instant accepted{};
    Instant renewed{};
    std::int64_t version = 0;  ///< grows with each change of the tokens: compare-and-set for whoever renews

    unsigned refusals = 0;         ///< of a renewal, in a row
    unsigned failures = 0;         ///< of a renewal that got no answer, in a row
    Instant next_try{};            ///< of a renewal: not before
    std::string trouble;           ///< what the last refusal or failure said; empty where the last renewal went well
    std::optional<Instant> asked;  ///< a renewal was sent then, and its answer is not stored yet
};

/// How a grant is obtained.
enum class Flow {
    code,         ///< a browser goes to the provider and comes back to the External URL
    device,       ///< a browser anywhere enters a code that a terminal shows
    application,  ///< the application itself, by permissions that an administrator granted it
};

/// A grant on its way: what is remembered from its beginning until it was tried, and accepted or refused. Of an
/// account's, the one begun last counts.
struct Authorization {
    enum class State {
        waiting,  ///< for somebody to sign in
        trying,   ///< the provider issued tokens; a services server tries what they open
        accepted,
        refused,
    };
    AuthorizationId id;
    AccountId account;
    Flow flow = Flow::code;
    std::string state;  ///< the OAuth parameter; unguessable, works once. Of other flows: any text that is unique
    std::string nonce;
    Sealed verifier;  ///< PKCE
    std::string redirect_url;
    Sealed device_code;
    std::string user_code;         ///< for people to type
    std::string verification_url;  ///< where to type it
    Duration poll_every{};         ///< of a device flow
    bool test_mail = false;        ///< the administrator agrees to a marked mail from each mailbox to itself
    std::string by;                ///< who began it
    Instant begun{};
    Instant ends{};  ///< afterwards a return is refused as too late
    State outcome = State::waiting;
    std::string reason;     ///< why it was refused; of one accepted, what to note; in words
    std::string candidate;  ///< while it is tried: what would be stored beside the tokens (grants/candidate.hpp)
    Sealed candidate_refresh_token;
    Sealed candidate_access_token;
    std::optional<JobId> job;  ///< that tries it
};

/// What the account's grant was seen to allow with a mailbox.
struct MailboxRight {
    enum class What { open, send };
    MailboxId mailbox;
    What what = What::open;
    Outcome outcome = Outcome::could_not_be_told;
    std::string evidence;  ///< what the server said, or why it could not be told
    Instant looked{};
};

[[nodiscard]] std::string_view to_string(Flow flow);
[[nodiscard]] Result<Flow> parse_flow(std::string_view text);
[[nodiscard]] std::string_view to_string(MailboxRight::What what);
[[nodiscard]] Result<MailboxRight::What> parse_right(std::string_view text);

[[nodiscard]] std::string_view to_string(Authorization::State state);
[[nodiscard]] Result<Authorization::State> parse_authorization_state(std::string_view text);

}  // namespace postroom::model
