// Opening a session with an account's token: dial, greeting, TLS, sign-in. A token that the server refuses is replaced
// once and tried once more, since a server may know of its end before we do.
#pragma once

#include "grants/tokens.hpp"
#include "imap/session.hpp"
#include "net/dial.hpp"
#include "pop3/session.hpp"
#include "smtp/session.hpp"

#include <memory>
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
    std::shared_ptr<net::Proxy const> proxy = {};  ///< for whatever it leads to; or none
};

template <class Session>
struct SignedIn {
    std::unique_ptr<Session> session;
    Instant token_ends{};   ///< Exchange ends the session then
    std::string user_name;  ///< the token owner's
};

/// Signs in to the retrieval server as `user`: the mailbox's own address, or the token owner's where it is empty.
/// Never throws. Errors: as Tokens::access(); Trouble::refused with the server's own words; what the network did.
[[nodiscard]] net::awaitable<Result<SignedIn<imap::Session>>> sign_in_imap(Roads roads, model::Account account,
                                                                           std::string user);

/// The same over POP3; what the server can do was asked for.
[[nodiscard]] net::awaitable<Result<SignedIn<pop3::Session>>> sign_in_pop3(Roads roads, model::Account account,
                                                                           std::string user);

/// Signs in to the submission server as the token's owner. Errors: as sign_in_imap().
[[nodiscard]] net::awaitable<Result<SignedIn<smtp::Session>>> sign_in_smtp(Roads roads, model::Account account);

}  // namespace postroom::grants
