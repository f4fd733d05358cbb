// Whether a release of somebody else's product can sign in to mail by OAuth 2.0, by its vendor's own list.
#pragma once

#include "model/finding.hpp"

#include <string_view>

namespace postroom::checks {

/// The date of the list: "2026-09-30".
[[nodiscard]] std::string_view products_as_of();
/// `product` is "ece" (Cisco Enterprise Chat and Email), `release` like "12.5(1)", `installed` the engineering specials
/// on it, with commas between: "ES12, ES12_ET1". A release that the list does not know could not be told. Errors:
/// Trouble::invalid for another product, or where nothing is named.
[[nodiscard]] Result<model::Finding> judge_product(std::string_view product, std::string_view release,
                                                   std::string_view installed);

}  // namespace postroom::checks
