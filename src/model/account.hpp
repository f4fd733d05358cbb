// An email account: an identity application, the user the token must belong to, and where its servers are.
#pragma once

#include "base/endpoint.hpp"
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

/// What the account's grant allows. One `needs_authorization` is a fact about the account, never about a message.
enum class AccountState {
    new_account,          ///< nobody has authorized it yet
    ready,                ///< its grant was accepted, and the last renewal went well
    needs_authorization,  ///< the provider refused; the grant is kept and tried again, and a person is asked
};

struct Account {
    AccountId id;
    DepartmentId department;
    ApplicationId application;
    std::string name;
    AccountKind kind = AccountKind::mailbox;
    Protocol retrieval = Protocol::imap;
    std::string user;  ///< the user name (UPN) that the token must belong to
    Endpoint retrieval_server;
    bool retrieval_starttls = false;  ///< false: TLS from the first byte
    Endpoint submission_server;
    bool submission_implicit_tls = false;  ///< false: STARTTLS
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
[[nodiscard]] Result<AccountState> parse_account_state(std::string_view text);

}  // namespace postroom::model
