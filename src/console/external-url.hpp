// The External URL, as set: what the redirect URL, the cookie and the check of the Host header derive from.
#pragma once

#include "store/connection.hpp"

#include <string>
#include <string_view>

namespace postroom::console {

/// Without a slash at its end; "" while nobody has set it.
[[nodiscard]] std::string external_url(store::Connection& c);
/// For links that lead into the console. Problem (Trouble::conflict) while nobody has set it.
[[nodiscard]] std::string external_url_or_problem(store::Connection& c);
/// For the registration at the identity provider; "" while the External URL is not set.
[[nodiscard]] std::string redirect_url(store::Connection& c);
/// The host of a URL or of a Host header, in lower case, without port and brackets.
[[nodiscard]] std::string host_of(std::string_view url_or_host);
/// This machine by a name that no other site's DNS can claim: localhost, 127.0.0.0/8, ::1.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace postroom::console
