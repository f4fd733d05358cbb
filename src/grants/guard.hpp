// Obtaining a grant by each flow, and taking only what can be right: issued to the account's user, or to its
// application, with everything that is needed. Whether mail flows with it, a services server tries
// (authorizations.hpp).
#pragma once

#include "grants/tokens.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postroom::grants {

/// Under the External URL: where the browser comes back. What is registered at the provider must be the same.
inline constexpr std::string_view redirect_path = "/oauth/callback";

/// How somebody wants it.
struct Manner {
    std::optional<model::Flow> flow;  ///< nothing: code, or application where that is the account's access
    bool test_mail = false;           ///< a marked mail from each mailbox to itself is agreed to
    bool consent = false;             ///< has the provider ask for consent, also where it has it
};

struct Begun {
    model::AuthorizationId id;
    model::Flow flow = model::Flow::code;
    std::string
        url;  ///< for a browser: the sign-in, or where a device's code is entered (with it, if that is possible)
    std::string user_code;         ///< of a device flow: for people to type
    std::string verification_url;  ///< of a device flow: where
    Instant ends{};
};

/// Begins, and ends what was under way for the account. code: remembers state, nonce and PKCE verifier. device: asks
/// the provider for a code, which the keeper then polls by (authorization-keeper.hpp). application: asks for the token
/// at once, so that it is refused, or tried, when this returns: the store says which. Errors: not_found, invalid (the
/// External URL is not set; the account's access is another …), unreachable (the provider's discovery document),
/// refused (the provider gives no device code).
[[nodiscard]] net::awaitable<Result<Begun>> begin_authorization(Ground ground, std::string account_name, std::string by,
                                                                Manner manner = {});

struct Outcome {
    bool accepted = false;
    bool trying = false;      ///< neither accepted nor refused yet: the account shows how it ends
    bool consented = false;   ///< no sign-in at all: an administrator consented to what the application asks for
    std::string account;      ///< its name; empty where it is not known
    std::string words;        ///< what happened and what to do, for the page
    std::string consent_url;  ///< where an administrator can consent; empty unless the provider wants that
};

/// What the browser brought back to the redirect URL, from whichever server it had left. Takes the code, verifies the
/// id token, whose it is (tenant and object id; the user name at the first acceptance), the scopes and the token's
/// life, then has it tried, and waits for that, but not longer than `wait`, nor when the server stops. What the account
/// had stays in force until then. Also takes the return from an administrator's consent. Never throws; leaves an audit
/// entry, though what strangers bring is noted once an hour only.
[[nodiscard]] net::awaitable<Outcome> finish_authorization(Ground ground, std::string query,
                                                           Duration wait = std::chrono::seconds(20));

/// Where an administrator of the application's tenant consents, for everybody, to what is registered; the browser comes
/// back to the redirect path within 30 days. "" where its provider has no such page: any but Entra, and the External
/// URL must be set. `by` is who shows it.
[[nodiscard]] std::string admin_consent_url(Ground const& ground, model::Application const& application,
                                            std::string external_url, std::string_view by);

}  // namespace postroom::grants
