// What a provider's sign-in page answers where nobody may be asked: it sends the browser back, or says what is wrong.
#pragma once

#include "checks/bench.hpp"

#include <string>
#include <string_view>

namespace postroom::checks {

/// By a redirect, whatever it says: a provider that does not know the application or its redirect URL never sends one
/// (RFC 6749 section 4.1.2.1).
[[nodiscard]] bool sent_back(Page const& page);
/// The first number in a page of Entra's: "AADSTS50011". Empty where there is none.
[[nodiscard]] std::string aadsts_in(std::string_view page);

}  // namespace postroom::checks
