// Letting somebody in: what a password is compared under, and how a session begins. Signing in, using a one-time link
// and changing one's password share it.
#pragma once

#include "console/house.hpp"
#include "console/names.hpp"

#include <boost/json/object.hpp>

namespace postroom::console {

/// Problem 429 while this name (in lower case; empty: none) or the request's address has to wait.
void check_throttle(House& house, std::string const& name, Request const& request);
/// The same once what was given has been compared, right or wrong: of many guesses at once, those that come after the
/// first few failed learn nothing.
void check_waits(House& house, std::string const& name, Request const& request);
/// Problem 403 where the caller's access token has not every scope that goes with the user's role: who may choose that
/// user's password may all that the user may.
void check_reach(Caller const& caller, model::User const& user);
/// Without the port. Behind a proxy on this machine it is the address that the proxy saw.
[[nodiscard]] std::string address_of(Request const& request);

/// Whether it is the password of this hash, compared off the loop; as slow for an empty hash, which nothing fits.
/// Problem 429 where too many are being compared.
[[nodiscard]] net::awaitable<bool> compare(House& house, std::string hash, Secret password);
/// Problem where the password is too short; `field` is the member that it came in.
[[nodiscard]] net::awaitable<std::string> hash_of(House& house, Secret password, std::string_view field);

/// Who is signed in, as the API says it; `session` is the session's token, or empty.
[[nodiscard]] boost::json::object view_session(Names& names, Caller const& caller);

struct Begun {
    boost::json::object body;
    std::string cookie;
};
/// Begins a session of this user and notes it.
[[nodiscard]] Begun begin_session(House& house, store::Connection& c, model::User const& user,
                                  net::HttpRequest const& request);
[[nodiscard]] net::HttpResponse admitted(Begun const& begun);
/// Whether the session's cookie is one that only https carries.
[[nodiscard]] bool is_secure(store::Connection& c, bool tls);

}  // namespace postroom::console
