// Opening a session at an account's servers: dial, greeting, TLS, sign-in by the account's token or password. A token
// that the server refuses is replaced once and tried once more, since a server may know of its end before we do.
#pragma once

#include "grants/tokens.hpp"
#include "imap/session.hpp"
#include "model/mailbox.hpp"
#include "net/dial.hpp"
#include "pop3/session.hpp"
#include "smtp/session.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace postroom::grants {

/// What it takes to reach an account's servers.
struct Roads {
    Tokens* tokens;
    net::Resolver* resolver;
    std::shared_ptr<net::TlsContext> tls;
    std::string transcripts;  ///< the folder for accounts whose transcript is on
    std::string host_name;    ///< what we call ourselves in EHLO
    Clock const* clock = &system_clock();
    std::shared_ptr<net::Proxy const> proxy = {};                     ///< for whatever it leads to; or none
    std::shared_ptr<vault::Vault const> vault = {};                   ///< where passwords are; none: no account has one
    std::optional<std::chrono::steady_clock::time_point> until = {};  ///< every session ends then at the latest
    std::shared_ptr<net::Stop> stop = {};  ///< breaks off whatever is not signed in yet; or none
    store::Store* store = nullptr;         ///< where refusals are noted; none: each sign-in is for itself
};

template <class Session>
struct SignedIn {
    std::unique_ptr<Session> session;
    Instant token_ends{};   ///< Exchange ends the session then; the end of time where it was a password
    std::string user_name;  ///< whose token or password it was
};

/// Whom the retrieval server is told that we are: the mailbox's address or `owner`, whose the token or password is, as
/// the account says; `owner` where there is no mailbox. Only mailboxes of the account: with an application's own
/// permissions, which may open any of a tenant, there is no other way to name one. Errors: Trouble::invalid for another
/// account's, and for none where the application's permissions are used.
[[nodiscard]] Result<std::string> retrieval_user(model::Account const& account,
                                                 std::optional<model::Mailbox> const& mailbox,
                                                 std::string const& owner);
/// The same for the submission server and the mailbox that is sent from.
[[nodiscard]] Result<std::string> submission_user(model::Account const& account,
                                                  std::optional<model::Mailbox> const& mailbox,
                                                  std::string const& owner);
/// The submission server is told the mailbox, so that each needs a session of its own.
[[nodiscard]] bool submits_as_mailbox(model::Account const& account);

/// Signs in to the retrieval server for `mailbox`, or as the account's user. Never throws. Errors: as Tokens::access()
/// and retrieval_user(); Trouble::refused with the server's own words; what the network did.
[[nodiscard]] net::awaitable<Result<SignedIn<imap::Session>>> sign_in_imap(Roads roads, model::Account account,
                                                                           std::optional<model::Mailbox> mailbox);

/// The same over POP3; what the server can do was asked for.
[[nodiscard]] net::awaitable<Result<SignedIn<pop3::Session>>> sign_in_pop3(Roads roads, model::Account account,
                                                                           std::optional<model::Mailbox> mailbox);

/// Signs in to the submission server to send from `mailbox`, or as the account's user. Errors: as sign_in_imap().
[[nodiscard]] net::awaitable<Result<SignedIn<smtp::Session>>> sign_in_smtp(Roads roads, model::Account account,
                                                                           std::optional<model::Mailbox> mailbox);

}  // namespace postroom::grants
