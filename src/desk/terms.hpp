// What the partition has decided about its cases, read once for all the mails of a transaction.
#pragma once

#include "desk/case-token.hpp"
#include "model/case.hpp"
#include "store/connection.hpp"

#include <string_view>
#include <vector>

namespace postroom::desk {

struct Terms {
    CaseTokens tokens;
    Duration reopening{30 * 24 * 3'600'000LL};  ///< after a case's end its customer goes on in a new one; 0: never
    std::int64_t acknowledgement_limit = 3;     ///< to one address in `acknowledgement_period`
    Duration acknowledgement_period{24 * 3'600'000LL};
    std::int64_t loop_limit = 20;  ///< cases of one address, or mails into one case, in `loop_period`
    Duration loop_period{3'600'000LL};
    std::vector<model::Acknowledgement> acknowledgements{};  ///< of the mailboxes that have it switched on

    [[nodiscard]] model::Acknowledgement const* acknowledgement_of(model::MailboxId mailbox) const;
};

[[nodiscard]] CaseTokens tokens_of(store::Connection& c);
[[nodiscard]] Terms terms_of(store::Connection& c);

}  // namespace postroom::desk
