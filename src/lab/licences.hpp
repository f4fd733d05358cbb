// The plans that a mailbox can have: products and what they hold of Exchange.
#pragma once

#include <span>
#include <string_view>

namespace postroom::lab {

/// Microsoft, "Product names and service plan identifiers for licensing".
struct Licence {
    std::string_view product;     ///< skuPartNumber
    std::string_view product_id;  ///< skuId
    std::string_view plan;        ///< servicePlanName of Exchange
    std::string_view plan_id;
    bool mailbox = true;  ///< the plan has one
    bool imap = true;     ///< which begins with IMAP on (Get-CASMailboxPlan: off in ExchangeOnlineDeskless)
};

[[nodiscard]] std::span<Licence const> licences();
/// Nullptr where there is none of that name.
[[nodiscard]] Licence const* licence_named(std::string_view product);

}  // namespace postroom::lab
