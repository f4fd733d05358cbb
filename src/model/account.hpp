// An email account: an identity application, the user the token must belong to, and where its servers are.
#pragma once

#include "base/endpoint.hpp"
#include "model/application.hpp"
#include "model/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace postroom::model {

enum class AccountKind {
    mailbox,  ///< opens its own mailbox
    shared,   ///< opens several with one token
};
enum class Protocol { imap, pop3 };

/// By whose right an account's mailboxes are opened.
enum class Access {
    delegated,    ///< a user's, who signed in
    application,  ///< the identity application's own (client credentials): no user signs in
    password,     ///< a user's, by password, at a server that still takes one
};
/// Whom a server is told that we are.
enum class SignInAs {
    mailbox,  ///< the mailbox that is opened or sent from
    owner,    ///< the account's user, whom the token belongs to
};

/// What the account's grant allows. One `needs_authorization` is a fact about the account, never about a message.
enum class AccountState {
    new_account,          ///< nobody has authorized it yet
    ready,                ///< its grant was accepted, and the last renewal went well
    needs_authorization,  ///< the provider refused; the grant is kept and tried again, and a person is asked
};

struct Account {
    AccountId id;
    DepartmentId department;
    std::optional<ApplicationId> application;  ///< nothing where it has a password
    std::string name;
    AccountKind kind = AccountKind::mailbox;
    Access access = Access::delegated;
    Protocol retrieval = Protocol::imap;
    std::string user;  ///< the user name (UPN) that the token must belong to
    Endpoint retrieval_server;
    bool retrieval_starttls = false;  ///< false: TLS from the first byte
    Endpoint submission_server;
    bool submission_implicit_tls = false;      ///< false: STARTTLS
    SignInAs retrieve_as = SignInAs::mailbox;  ///< IMAP and POP3
    SignInAs submit_as = SignInAs::owner;      ///< SMTP: Exchange wants the token's owner, also for a shared mailbox
    Sealed password;                           ///< empty unless `access` is password
    AccountState state = AccountState::new_account;
    std::string state_reason;  ///< in words, empty where the state says all
    Instant state_since{};
    bool transcript = false;  ///< write what its connections say to files
    Instant created{};
    std::int64_t version = 1;  ///< counts what people change about it
};

[[nodiscard]] std::string_view to_string(AccountKind kind);
[[nodiscard]] std::string_view to_string(Protocol protocol);
[[nodiscard]] std::string_view to_string(AccountState state);
[[nodiscard]] Result<AccountKind> parse_account_kind(std::string_view text);
[[nodiscard]] Result<Protocol> parse_protocol(std::string_view text);
[[nodiscard]] std::string_view to_string(Access access);
[[nodiscard]] std::string_view to_string(SignInAs who);
[[nodiscard]] Result<Access> parse_access(std::string_view text);
[[nodiscard]] Result<SignInAs> parse_sign_in_as(std::string_view text);
[[nodiscard]] Result<AccountState> parse_account_state(std::string_view text);

}  // namespace postroom::model
