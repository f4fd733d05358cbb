// One sign-in with one token or password: whether it succeeds, and where it does not, what that says of the token.
#pragma once

#include "grants/sign-in.hpp"

#include <expected>
#include <string>

namespace postroom::grants {

/// A transport that ends then, however often its session is given more time.
[[nodiscard]] std::unique_ptr<net::Transport> ended_at(std::unique_ptr<net::Transport> inner,
                                                       std::chrono::steady_clock::time_point until);

/// What a server is shown.
struct Proof {
    Secret secret;
    bool password = false;  ///< else it is an access token
    Instant ends{};
    std::string owner;  ///< whose it is
};
/// Errors: Trouble::internal where it can't be unsealed, or there is none.
[[nodiscard]] Result<Proof> password_of(Roads const& roads, model::Account const& account);
[[nodiscard]] Proof proof_of(AccessToken token);

struct Refused {
    Error error;
    bool of_the_token = false;  ///< another token, or password, could change it
    bool passes = false;        ///< by the server's words nothing is wrong but the moment; or it was shown no proof yet
};
template <class Session>
using Tried = std::expected<SignedIn<Session>, Refused>;

/// As `user`. Throws net::Broken. Only over TLS is anything secret sent.
[[nodiscard]] net::awaitable<Tried<imap::Session>> try_imap(Roads roads, model::Account account, std::string user,
                                                            Proof proof);
/// The same over POP3; what the server can do was asked for.
[[nodiscard]] net::awaitable<Tried<pop3::Session>> try_pop3(Roads roads, model::Account account, std::string user,
                                                            Proof proof);
[[nodiscard]] net::awaitable<Tried<smtp::Session>> try_smtp(Roads roads, model::Account account, std::string user,
                                                            Proof proof);

}  // namespace postroom::grants
